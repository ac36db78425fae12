import { NextLook } from './next-look.ts'
import { untilRecycled } from './recycle-policy.ts'
import type { Supervisor } from './supervisor.ts'

/** ms until one whose successor could not be loaded is tried again. Guessed: what made that fail does not go within seconds. */
const tryAgain = 10_000
/** ms after which it is seen whether the copy before it is through. Guessed. */
const oneByOne = 100

export interface RecycleWatchOptions {
  readonly copies: () => Iterable<Supervisor>
  /** Bytes, as last measured; undefined before that. */
  readonly memoryOf: (copy: Supervisor) => number | undefined
}

/** Has generations replaced that are too old, or have become too large, as `recycle` of their definition says. One timer for all of them. */
export class RecycleWatch {
  readonly #options: RecycleWatchOptions
  /** Those whose successor could not be loaded: when they are tried again, ms of the supervisor's clock. */
  readonly #triedUntil = new WeakMap<Supervisor, number>()
  readonly #next = new NextLook(() => this.#look())

  constructor(options: RecycleWatchOptions) {
    this.#options = options
  }

  /** Something was loaded, or measured. */
  poke(): void {
    this.#next.now()
  }

  stop(): void {
    this.#next.stop()
  }

  #look(): void {
    for (const copy of this.#options.copies()) this.#next.within(this.#examine(copy))
  }

  /** Returns the ms until it may be due; Infinity: never, as things are. */
  #examine(copy: Supervisor): number {
    const { definition, state, generation, surroundings } = copy
    const { recycle } = definition
    if (!recycle || !generation || state.status !== 'ready' || copy.isRetired) return Number.POSITIVE_INFINITY
    const now = surroundings.now()
    const { calls } = generation.activity
    const left = Math.max(
      untilRecycled(recycle, { age: now - state.since, calls, memory: this.#options.memoryOf(copy) }),
      (this.#triedUntil.get(copy) ?? 0) - now,
    )
    if (left > 0) return Math.ceil(left)
    // Of several copies that are due only one has a successor beside it.
    if (copy.isBeingReplaced) return oneByOne
    this.#triedUntil.set(copy, now + tryAgain)
    copy.recycle().then(
      () => this.poke(),
      (error: unknown) => surroundings.recycleFailed(error),
    )
    return tryAgain
  }
}
