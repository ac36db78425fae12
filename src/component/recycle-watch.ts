import type { PolicyClock } from '../base/policy-clock.ts'
import { DueWatch } from './due-watch.ts'
import { untilRecycled } from './recycle-policy.ts'
import type { Supervisor } from './supervisor.ts'

/** ms until one whose successor could not be loaded is tried again. Guessed: what made that fail does not go within seconds. */
const tryAgain = 10_000
/** ms after which it is seen whether the copy before it is through. Guessed. */
const oneByOne = 100

export interface RecycleWatchOptions {
  readonly clock: PolicyClock
  readonly copies: () => Iterable<Supervisor>
  /** Bytes, as last measured; undefined before that. */
  readonly memoryOf: (copy: Supervisor) => number | undefined
}

/**
 * Has generations replaced that are too old, or have become too large, as `recycle` of their definition says. To be poked when something was loaded, or
 * measured.
 */
export function watchRecycling({ clock, copies, memoryOf }: RecycleWatchOptions): DueWatch {
  const watch = new DueWatch({
    clock,
    copies,
    dueIn: (copy) => {
      const { definition, state, generation, surroundings } = copy
      const { recycle } = definition
      if (!recycle || !generation || state.status !== 'ready' || copy.isRetired) return Number.POSITIVE_INFINITY
      const { calls } = generation.activity
      return untilRecycled(recycle, { age: surroundings.now() - state.since, calls, memory: memoryOf(copy) })
    },
    act: (copy) => {
      // Of several copies that are due only one has a successor beside it.
      if (copy.isBeingReplaced) return oneByOne
      watch.tried(copy, tryAgain)
      copy.recycle().then(
        () => watch.poke(),
        (error: unknown) => copy.surroundings.recycleFailed(error),
      )
      return tryAgain
    },
  })
  return watch
}
