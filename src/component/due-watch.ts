import type { PolicyClock } from '../base/policy-clock.ts'
import { NextLook } from './next-look.ts'
import type { Supervisor } from './supervisor.ts'

export interface DueWatchOptions {
  readonly clock: PolicyClock
  readonly copies: () => Iterable<Supervisor>
  /** ms until something is to be done with it; Infinity: never, as things are. */
  readonly dueIn: (copy: Supervisor) => number
  /** Does that. Returns the ms until it is looked at again. */
  readonly act: (copy: Supervisor) => number
}

/** Does something with each copy once it is due. One timer for all of them. */
export class DueWatch {
  readonly #options: DueWatchOptions
  /** Those that were tried: when they may be again, ms of the supervisor's clock. */
  readonly #triedUntil = new WeakMap<Supervisor, number>()
  readonly #next: NextLook

  constructor(options: DueWatchOptions) {
    this.#options = options
    this.#next = new NextLook(() => this.#look(), options.clock)
  }

  /** Something has changed that may make one due. */
  poke(): void {
    this.#next.now()
  }

  /** It has been tried: nothing is done with it for so long (ms), whoever pokes. */
  tried(copy: Supervisor, wait: number): void {
    this.#triedUntil.set(copy, copy.surroundings.now() + wait)
  }

  stop(): void {
    this.#next.stop()
  }

  #look(): void {
    for (const copy of this.#options.copies()) this.#next.within(this.#examine(copy))
  }

  #examine(copy: Supervisor): number {
    const { dueIn, act } = this.#options
    const tried = (this.#triedUntil.get(copy) ?? 0) - copy.surroundings.now()
    const left = Math.max(dueIn(copy), tried)
    // A timer counts whole ms, and may be early by a part of one.
    return left > 0 ? Math.ceil(left) : act(copy)
  }
}
