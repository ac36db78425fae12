import { InvalidOptionsError } from '../contract/errors.ts'
import { monotonicNow, wallTime } from '../base/monotonic.ts'
import { expectKnown } from '../base/option-checks.ts'
import { checkLockName } from './acquire-options.ts'
import type { SuspectedDeadlockNotice } from './deadlock-watch.ts'
import type { LongHold } from './long-holds.ts'
import type { LockCaller } from './task-context.ts'

export interface LockManagerOptions {
  /** Whom the acquires made on the manager itself belong to. Default 'main'. */
  readonly owner?: string | undefined
  /** A lease held longer than this, ms, is reported once. Default 30,000. */
  readonly longHold?: number | undefined
  /** Where long holds are reported to. Default: nowhere. */
  readonly onLongHold?: ((hold: LongHold) => void) | undefined
  /**
   * How long a cycle of waits outside sessions must have stood still, ms, before it is suspected to be a deadlock; see `LockSession`. Infinity:
   * never. Default 1,000.
   */
  readonly deadlockPatience?: number | undefined
  /** Where suspected deadlocks are reported to, each once. Default: nowhere. */
  readonly onSuspectedDeadlock?: ((notice: SuspectedDeadlockNotice) => void) | undefined
  /** The call that this thread is serving just now, if any. Default: none is known. */
  readonly currentCaller?: (() => LockCaller | undefined) | undefined
  /** The components that are loaded before a call of `component` is begun, itself included. Default: itself. */
  readonly loadsWith?: ((component: string) => Iterable<string>) | undefined
  /** Milliseconds since the epoch, never running backwards. Default: the monotonic clock; what is told of it is as the wall clock is set then. */
  readonly clock?: (() => number) | undefined
}

type Resolved = Required<Pick<LockManagerOptions, 'onLongHold' | 'onSuspectedDeadlock' | 'loadsWith'>> & {
  readonly [K in 'owner' | 'longHold' | 'deadlockPatience' | 'currentCaller' | 'clock']: NonNullable<
    LockManagerOptions[K]
  >
} & {
  /** ms since the epoch of a moment of the clock, for what people read. */
  readonly timeOf: (moment: number) => number
}

/** @throws InvalidOptionsError */
export function resolveLockManagerOptions(options: LockManagerOptions): Resolved {
  expectKnown(options, [
    'owner',
    'longHold',
    'onLongHold',
    'deadlockPatience',
    'onSuspectedDeadlock',
    'currentCaller',
    'loadsWith',
    'clock',
  ])
  const { owner = 'main', longHold = 30_000, clock = monotonicNow, deadlockPatience = 1_000 } = options
  const timeOf = options.clock ? (moment: number): number => moment : wallTime
  const { onSuspectedDeadlock, currentCaller = () => undefined, loadsWith } = options
  checkLockName(owner, 'owner')
  if (typeof longHold !== 'number' || !(longHold > 0 && longHold < 2 ** 31)) {
    throw new InvalidOptionsError('longHold', `milliseconds from 1 to ${2 ** 31 - 1}`, longHold)
  }
  if (typeof deadlockPatience !== 'number' || !(deadlockPatience > 0)) {
    throw new InvalidOptionsError('deadlockPatience', 'a positive number of milliseconds', deadlockPatience)
  }
  const { onLongHold: report } = options
  const onLongHold = report && ((hold: LongHold): void => report({ ...hold, since: timeOf(hold.since) }))
  return { owner, longHold, onLongHold, deadlockPatience, onSuspectedDeadlock, currentCaller, loadsWith, clock, timeOf }
}
