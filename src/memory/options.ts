import type { GivenMemoryOptions, MemoryOptions } from '../contract/memory-options.ts'
import { InvalidOptionsError } from '../contract/errors.ts'
import { expectKnown } from '../base/option-checks.ts'
import { expectSize } from '../base/size.ts'
import { policyNames } from './decide/policy-registry.ts'
import { SHORTEST_LOOK } from './tuning.ts'

export const defaultMemoryOptions: MemoryOptions = Object.freeze({
  totalLimit: 1024 ** 3,
  lowThreshold: 0.6,
  mediumThreshold: 0.75,
  highThreshold: 0.85,
  criticalThreshold: 0.95,
  autoUnloadEnabled: true,
  minIdleTime: 300_000,
  checkInterval: 60_000,
  policy: 'cost-aware',
})

/** Less than a worker needs to start is a limit in the wrong unit. */
const SMALLEST_LIMIT = 1024 ** 2
/** Node's timers take no more. */
const LONGEST_TIMER = 2 ** 31 - 1
/** cgroup v1, constrainedMemory() and 'max' say "unlimited" with numbers beyond any machine; so does this. */
const UNLIMITED = Number.MAX_SAFE_INTEGER
/** What is left for the rest of the container: its other processes, the page cache, our own error. */
const CGROUP_SHARE = 0.9

/**
 * The options with defaults filled in from `base`, validated as a whole: a change that is fine by itself is refused
 * when it does not fit the rest. A key that is undefined keeps its base value.
 *
 * @throws InvalidOptionsError naming the option as `memory.<key>`.
 */
export function resolveMemoryOptions(
  partial: GivenMemoryOptions | undefined,
  base: MemoryOptions = defaultMemoryOptions,
): MemoryOptions {
  if (partial !== undefined && (typeof partial !== 'object' || partial === null || Array.isArray(partial))) {
    throw new InvalidOptionsError('memory', 'an object', partial)
  }
  const given = Object.fromEntries(Object.entries(partial ?? {}).filter(([, value]) => value !== undefined))
  expectKnown(given, Object.keys(defaultMemoryOptions), 'memory.')
  const merged: MemoryOptions = { ...base, ...given }
  const totalLimit = expectSize('memory.totalLimit', merged.totalLimit, { min: SMALLEST_LIMIT })
  const options: MemoryOptions = { ...merged, totalLimit }

  checkTime('minIdleTime', options.minIdleTime, 0)
  checkTime('checkInterval', options.checkInterval, SHORTEST_LOOK)
  checkThresholds(options)
  if (typeof options.autoUnloadEnabled !== 'boolean') {
    throw new InvalidOptionsError('memory.autoUnloadEnabled', 'a boolean', options.autoUnloadEnabled)
  }
  const { policy } = options
  if (typeof policy !== 'function' && !policyNames.includes(policy)) {
    const names = policyNames.map((name) => `'${name}'`).join(' or ')
    throw new InvalidOptionsError('memory.policy', `${names} or a function`, policy)
  }
  return Object.freeze(options)
}

/**
 * min(totalLimit, 90% of a real cgroup limit), bytes. `cgroupLimit` may be any of the ways to say "none": null,
 * undefined, 0, 2^64.
 */
export function effectiveLimit(totalLimit: number, cgroupLimit?: number | null): number {
  return isRealLimit(cgroupLimit) ? Math.min(totalLimit, Math.floor(cgroupLimit * CGROUP_SHARE)) : totalLimit
}

export const isRealLimit = (limit: number | null | undefined): limit is number =>
  typeof limit === 'number' && limit > 0 && limit < UNLIMITED

function checkTime(key: keyof MemoryOptions, value: unknown, least: number): void {
  if (typeof value !== 'number' || !(value >= least && value <= LONGEST_TIMER)) {
    throw new InvalidOptionsError(`memory.${key}`, `a number of ms from ${least} to ${LONGEST_TIMER}`, value)
  }
}

function checkThresholds(options: MemoryOptions): void {
  let previous: { key: string; value: number } | undefined
  for (const key of ['lowThreshold', 'mediumThreshold', 'highThreshold', 'criticalThreshold'] as const) {
    const value: unknown = options[key]
    if (typeof value !== 'number' || !(value > 0 && value <= 1)) {
      throw new InvalidOptionsError(`memory.${key}`, 'a share of the limit, more than 0 and at most 1', value)
    }
    if (previous !== undefined && value <= previous.value) {
      throw new InvalidOptionsError(`memory.${key}`, `more than memory.${previous.key} (${previous.value})`, value)
    }
    previous = { key, value }
  }
}
