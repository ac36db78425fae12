import type { EncodedError } from './protocol.ts'
import { isSmall } from './plain-copy.ts'

/**
 * The error without those of its properties that another thread may be unable to read, being more than small plain data: the same one when it
 * has none, undefined when what was thrown is itself such a value.
 */
export function flatError(error: EncodedError): EncodedError | undefined {
  if (error.kind === 'value') return isSmall(error.value) ? error : undefined
  const properties = Object.entries(error.properties)
  const kept = properties.filter(([, value]) => isSmall(value))
  const hidden = Object.entries(error.hidden)
  const keptHidden = hidden.filter(([, value]) => isSmall(value))
  const inner = error.error && flatError(error.error)
  const suppressed = error.suppressed && flatError(error.suppressed)
  const cause = error.cause && flatError(error.cause)
  const errors = error.errors?.map((each) => [each, flatError(each)] as const)
  if (
    kept.length === properties.length &&
    keptHidden.length === hidden.length &&
    inner === error.error &&
    suppressed === error.suppressed &&
    cause === error.cause &&
    (errors?.every(([each, flat]) => each === flat) ?? true)
  ) {
    return error
  }
  return {
    ...error,
    properties: Object.fromEntries(kept),
    hidden: Object.fromEntries(keptHidden),
    error: inner,
    suppressed,
    cause,
    errors: errors?.map(([, flat]) => flat).filter((flat) => flat !== undefined),
  }
}
