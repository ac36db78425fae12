import type { LockLeases, AcquireOptions, LockLease } from '../contract/locks.ts'
import { InvalidOptionsError } from '../contract/errors.ts'
import { checkLockName, resolveAcquireOptions } from './acquire-options.ts'
import { monotonicNow } from '../base/monotonic.ts'

/**
 * Acquires several locks one after the other, sorted by name (UTF-16 code units), so that two callers never take the same
 * two in opposite orders. All or nothing: on any failure those already granted are released and the failure is rethrown.
 * `timeout` is for all of them together; a name given twice counts once.
 *
 * @throws InvalidOptionsError for no names, or a bad one; StaleLockError when one was taken away while the others were waited for.
 */
export async function acquireAll(
  acquire: (name: string, options: AcquireOptions) => Promise<LockLease>,
  names: readonly string[],
  options: AcquireOptions,
): Promise<LockLeases> {
  if (!Array.isArray(names) || names.length === 0) {
    throw new InvalidOptionsError('names', 'an array of at least one lock name', names)
  }
  for (const [index, name] of names.entries()) checkLockName(name, `names[${index}]`)
  const { timeout } = resolveAcquireOptions(options)
  const deadline = monotonicNow() + timeout
  const leases: LockLease[] = []
  try {
    for (const name of [...new Set(names)].sort(byCodeUnits)) {
      leases.push(await acquire(name, { ...options, timeout: Math.max(0, Math.ceil(deadline - monotonicNow())) }))
    }
    // One may have been taken away by force while the next was waited for.
    for (const { held, signal } of leases) if (!held) throw signal.reason
  } catch (error) {
    releaseAll(leases)
    throw error
  }
  return new LeaseGroup(leases)
}

class LeaseGroup implements LockLeases {
  readonly leases: readonly LockLease[]

  constructor(leases: readonly LockLease[]) {
    this.leases = leases
  }

  get(name: string): LockLease {
    const lease = this.leases.find((each) => each.name === name)
    if (lease !== undefined) return lease
    throw new InvalidOptionsError('name', `one of ${this.leases.map((each) => each.name).join(', ')}`, name)
  }

  release(): void {
    releaseAll(this.leases)
  }

  [Symbol.dispose](): void {
    this.release()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.release()
    return Promise.resolve()
  }
}

function releaseAll(leases: readonly LockLease[]): void {
  for (const lease of leases.toReversed()) lease.release()
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : 1
}
