/** What there is not enough of: memory, and turns at a lock. */

import type { FamilyLimits } from '../family-limits.ts'
import { mib } from '../passed-limit.ts'
import { hasCode, SpillwayError } from './base.ts'
import type { Coded, SpillwayErrorOptions } from './base.ts'

/**
 * A load that does not fit under the limit (bytes), and nothing more can be unloaded for it. `holders` says what holds the memory, largest first.
 * With `family` it is that family which has no room: then `limit` and `usage` are the family's, where it has a limit of memory.
 */
export class InsufficientMemoryError extends SpillwayError {
  readonly code = 'ERR_INSUFFICIENT_MEMORY'
  readonly component: string
  readonly needed: number
  readonly limit: number
  readonly usage: number
  readonly family: string | undefined
  readonly holders: readonly { name: string; bytes: number; why: string }[]

  constructor(
    component: string,
    details: {
      needed: number
      limit: number
      usage: number
      holders: readonly { name: string; bytes: number; why: string }[]
      family?: FamilyLimits | undefined
    },
    options?: SpillwayErrorOptions,
  ) {
    const held = details.holders
      .slice(0, 5)
      .map((h) => `${h.name} ${mib(h.bytes)} (${h.why})`)
      .join(', ')
    const { needed, family, holders } = details
    const usage = family ? holders.reduce((sum, { bytes }) => sum + bytes, 0) : details.usage
    const limit = family?.maxMemory ?? details.limit
    const of = family ? `family "${family.name}"` : 'all together (totalLimit, or what the control group allows)'
    const why =
      needed > limit
        ? `which is more than the limit of ${mib(limit)} for ${of}`
        : family?.maxLoaded !== undefined && holders.length >= family.maxLoaded
          ? `but ${holders.length} instances of ${of} are loaded (maxLoaded: ${family.maxLoaded}) and none can be unloaded; held by: ${held}`
          : `but ${mib(usage)} of the limit of ${mib(limit)}${family ? ` for ${of}` : ''} are in use and nothing more can be unloaded; ` +
            `held by: ${held || 'nothing but the process itself'}`
    super(`Component "${component}" needs ${mib(needed)}, ${why}`, options)
    this.component = component
    this.needed = needed
    this.limit = limit
    this.usage = usage
    this.family = family?.name
    this.holders = details.holders
  }
}
export const isInsufficientMemoryError = (e: unknown): e is Coded<InsufficientMemoryError> =>
  hasCode(e, 'ERR_INSUFFICIENT_MEMORY')

/**
 * The lock was not granted in time (ms), or waiting for it would have been a deadlock: then `cycle` is its path. `suspectedCycle`: not granted in
 * time, and there were waits that looked like a deadlock, which is not certain.
 */
export class LockTimeoutError extends SpillwayError {
  readonly code = 'ERR_LOCK_TIMEOUT'
  readonly lock: string
  readonly timeout: number
  readonly cycle: readonly string[] | undefined
  readonly suspectedCycle: readonly string[] | undefined

  constructor(
    lock: string,
    timeout: number,
    options?: SpillwayErrorOptions & {
      cycle?: readonly string[] | undefined
      suspectedCycle?: readonly string[] | undefined
      heldBy?: readonly string[]
    },
  ) {
    const held = options?.heldBy?.length ? `; held by ${options.heldBy.join(', ')}` : ''
    const suspected = options?.suspectedCycle ? `; suspected deadlock: ${options.suspectedCycle.join(' -> ')}` : ''
    const why = options?.cycle
      ? `waiting for it would be a deadlock: ${options.cycle.join(' -> ')}`
      : `not granted within ${timeout} ms${held}${suspected}`
    super(`Lock "${lock}": ${why}`, options)
    this.lock = lock
    this.timeout = timeout
    this.cycle = options?.cycle
    this.suspectedCycle = options?.suspectedCycle
  }
}
export const isLockTimeoutError = (e: unknown): e is Coded<LockTimeoutError> => hasCode(e, 'ERR_LOCK_TIMEOUT')

/** A fencing token that is no longer the current one was used. */
export class StaleLockError extends SpillwayError {
  readonly code = 'ERR_LOCK_STALE'
  readonly lock: string
  readonly token: number

  constructor(lock: string, token: number, options?: SpillwayErrorOptions) {
    super(`Lock "${lock}": token ${token} is stale, the lock was released or passed on since`, options)
    this.lock = lock
    this.token = token
  }
}
export const isStaleLockError = (e: unknown): e is Coded<StaleLockError> => hasCode(e, 'ERR_LOCK_STALE')
