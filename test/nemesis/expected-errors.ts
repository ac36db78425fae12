/** Which rejections are right. Anything else that a promise rejects with is a failure. */
import type { Verdict } from './executions.ts'

/** Also of a value that throws when it is looked at: then it is none. */
function isError(value: unknown): value is Error {
  try {
    return value instanceof Error
  } catch {
    return false
  }
}

/** What may happen to any call, at any time: its component dies, backs off, does not fit, is gone, or everything ends. */
const always: ReadonlySet<string> = new Set([
  'ERR_COMPONENT_CRASHED',
  'ERR_COMPONENT_FAILED',
  'ERR_INSUFFICIENT_MEMORY',
  'ERR_COORDINATOR_SHUTDOWN',
])

/** Rejections that say that the call never began. */
const notBegun: ReadonlySet<string> = new Set([
  'ERR_COMPONENT_FAILED',
  'ERR_COMPONENT_LOAD',
  'ERR_COMPONENT_LOAD_TIMEOUT',
  'ERR_INSUFFICIENT_MEMORY',
  'ERR_OVERLOADED',
  'ERR_COMPONENT_NOT_LOADED',
  'ERR_NO_SUCH_METHOD',
  'ERR_INVALID_OPTIONS',
])

/** What one operation may reject with, besides what any may. */
export interface Allowed {
  readonly codes?: readonly string[]
  /** The abort reason, or what the component threw. */
  readonly matches?: (reason: unknown) => boolean
}

export function codeOf(reason: unknown): string | undefined {
  const code = isError(reason) && 'code' in reason ? reason.code : undefined
  return typeof code === 'string' ? code : undefined
}

export function isExpected(reason: unknown, { codes = [], matches }: Allowed): boolean {
  const code = codeOf(reason)
  if (code !== undefined && (always.has(code) || codes.includes(code))) return true
  // A load that failed because of what is expected of every call is expected as well.
  if (code === 'ERR_COMPONENT_LOAD') return loadFailedForAReason(reason, codes)
  return matches?.(reason) ?? false
}

function loadFailedForAReason(reason: unknown, codes: readonly string[]): boolean {
  const cause = (reason as Error).cause
  return cause !== undefined && isExpected(cause, { codes })
}

/** What a rejection says of whether the call ran. */
export function verdictOf(reason: unknown): Verdict {
  const code = codeOf(reason)
  if (code === 'ERR_COMPONENT_CRASHED')
    return (reason as { outcome?: unknown }).outcome === 'not-sent' ? 'did not run' : 'unknown'
  return code !== undefined && notBegun.has(code) ? 'did not run' : 'unknown'
}

export function describeReason(reason: unknown): string {
  if (!isError(reason)) {
    try {
      return `${typeof reason} ${String(reason)}`
    } catch {
      return `${typeof reason} that cannot be shown`
    }
  }
  const code = codeOf(reason)
  const cause = reason.cause === undefined ? '' : `; caused by ${describeReason(reason.cause)}`
  return `${reason.name}${code === undefined ? '' : ` (${code})`}: ${reason.message.slice(0, 300)}${cause}`
}
