import type { AcquireOptions, LockMode } from '../contract/locks.ts'
import { InvalidOptionsError } from '../contract/errors.ts'
import { expectKnown, expectOptional, expectSignal } from '../base/option-checks.ts'

export interface ResolvedAcquireOptions {
  readonly mode: LockMode
  readonly timeout: number
  readonly signal: AbortSignal | undefined
  readonly session: string | undefined
}

/** Wait for a lock, ms, where none is given. */
export const DEFAULT_ACQUIRE_TIMEOUT = 5_000

/** Longest delay a timer takes, ms. */
const LONGEST_TIMEOUT = 2 ** 31 - 1

/** @throws InvalidOptionsError */
export function resolveAcquireOptions(options: AcquireOptions = {}): ResolvedAcquireOptions {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionsError('options', 'an object', options)
  }
  expectKnown(options, ['mode', 'timeout', 'signal', 'session'])
  const { mode = 'exclusive', timeout = DEFAULT_ACQUIRE_TIMEOUT, session } = options
  const signal = expectOptional(options.signal, expectSignal)
  if (mode !== 'exclusive' && mode !== 'shared') {
    throw new InvalidOptionsError('mode', "'exclusive' or 'shared'", mode)
  }
  if (typeof timeout !== 'number' || !(timeout >= 0 && (timeout <= LONGEST_TIMEOUT || timeout === Infinity))) {
    throw new InvalidOptionsError('timeout', `milliseconds from 0 to ${LONGEST_TIMEOUT}, or Infinity`, timeout)
  }
  if (session !== undefined && (typeof session !== 'string' || session === '')) {
    throw new InvalidOptionsError('session', 'a non-empty string', session)
  }
  return { mode, timeout, signal, session }
}

/** @throws InvalidOptionsError */
export function checkLockName(name: unknown, option = 'name'): asserts name is string {
  if (typeof name !== 'string' || name === '') throw new InvalidOptionsError(option, 'a non-empty string', name)
}

/** @throws InvalidOptionsError */
export function checkToken(token: unknown): asserts token is number {
  if (!Number.isSafeInteger(token)) throw new InvalidOptionsError('token', 'an integer', token)
}
