import { NextLook } from './next-look.ts'
import type { Supervisor } from './supervisor.ts'

/** ms until a component that could not be unloaded is tried again, at least: what kept it does not go within milliseconds. Guessed. */
const tryAgain = 1_000

export interface IdleWatchOptions {
  readonly supervisors: () => Iterable<Supervisor>
  /** True while something loaded needs it. */
  readonly isNeeded: (supervisor: Supervisor) => boolean
}

/** Unloads components, copy by copy, that have been idle for as long as their `idleTimeout` says, whatever the pressure. One timer for all of them. */
export class IdleWatch {
  readonly #options: IdleWatchOptions
  /** Those that were tried: when they may be again, ms of the supervisor's clock. */
  readonly #triedUntil = new WeakMap<Supervisor, number>()
  readonly #next = new NextLook(() => this.#look())

  constructor(options: IdleWatchOptions) {
    this.#options = options
  }

  /** A component was loaded, or something that needed one is gone. */
  poke(): void {
    this.#next.now()
  }

  stop(): void {
    this.#next.stop()
  }

  #look(): void {
    for (const supervisor of this.#options.supervisors()) this.#next.within(this.#examine(supervisor))
  }

  /** Returns the ms until it may be due; Infinity: never, as things are. */
  #examine(supervisor: Supervisor): number {
    const { definition, state, idleTime, surroundings } = supervisor
    const { idleTimeout, pinned } = definition
    if (idleTimeout === undefined || pinned) return Number.POSITIVE_INFINITY
    // It may be called off, of which nobody tells.
    if (state.status === 'draining') return tryAgain
    if (state.status !== 'ready') return Number.POSITIVE_INFINITY
    // In use, it becomes idle at a moment that nobody tells: no earlier than now.
    const tried = (this.#triedUntil.get(supervisor) ?? 0) - surroundings.now()
    const left = Math.max(idleTimeout - idleTime, tried)
    // A timer counts whole ms, and may be early by a part of one.
    if (left > 0) return Math.ceil(left)
    if (!this.#options.isNeeded(supervisor) && !supervisor.hasToStay) this.#unload(supervisor)
    this.#triedUntil.set(supervisor, surroundings.now() + tryAgain)
    return tryAgain
  }

  #unload(supervisor: Supervisor): void {
    // Undefined: it got in use. A state that cannot be kept was logged, and keeps the component.
    supervisor.unload('idle', 0, true).catch(() => {})
  }
}
