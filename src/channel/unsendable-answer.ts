import { messageOf } from '../contract/describe-value.ts'
import { ValueError } from '../contract/errors.ts'
import { encodeError } from './error-codec.ts'
import { ToCaller } from './protocol.ts'
import type { ApartEntry, CallerEntry } from './protocol.ts'

/** What is sent in place of an entry that could not be posted: whoever waits for it is told why. Undefined: nobody does. */
export function insteadOfUnsendable(
  entry: CallerEntry | ApartEntry,
  component: string,
  cause: unknown,
): CallerEntry | undefined {
  const error = (): ValueError => new ValueError(component, 'answer', `cannot be cloned: ${messageOf(cause)}`)
  switch (entry[0]) {
    case ToCaller.value:
    case ToCaller.error:
    case ToCaller.refused:
      return [ToCaller.error, entry[1], encodeError(error(), component)]
    case ToCaller.chunk:
    case ToCaller.end:
    case ToCaller.fail:
      return [ToCaller.fail, entry[1], encodeError(error(), component)]
    default:
      return undefined
  }
}

/** It comes after others of the same stream, which is over if it cannot be sent. */
export function isOfStream([op]: CallerEntry | ApartEntry): boolean {
  return op === ToCaller.chunk || op === ToCaller.end || op === ToCaller.fail
}
