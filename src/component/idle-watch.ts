import type { Supervisor } from './supervisor.ts'

/** ms until a component that could not be unloaded is tried again, at least: what kept it does not go within milliseconds. Guessed. */
const tryAgain = 1_000
/** ms; setTimeout takes no more. */
const longest = 2 ** 31 - 1

export interface IdleWatchOptions {
  readonly supervisors: () => Iterable<Supervisor>
  /** True while something loaded needs it. */
  readonly isNeeded: (supervisor: Supervisor) => boolean
}

/** Unloads components that have been idle for as long as their `idleTimeout` says, whatever the pressure. One timer for all of them. */
export class IdleWatch {
  readonly #options: IdleWatchOptions
  /** Those that were tried: when they may be again, ms of the supervisor's clock. */
  readonly #triedUntil = new WeakMap<Supervisor, number>()
  #timer: NodeJS.Timeout | undefined
  #turn: NodeJS.Immediate | undefined
  #lookAt = Number.POSITIVE_INFINITY
  #stopped = false

  constructor(options: IdleWatchOptions) {
    this.#options = options
  }

  /** A component was loaded, or something that needed one is gone. */
  poke(): void {
    this.#look()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    clearImmediate(this.#turn)
  }

  #look(): void {
    this.#lookAt = Number.POSITIVE_INFINITY
    for (const supervisor of this.#options.supervisors()) this.#arm(this.#examine(supervisor))
  }

  #arm(wait: number): void {
    const at = performance.now() + wait
    if (this.#stopped || at >= this.#lookAt) return
    clearTimeout(this.#timer)
    this.#lookAt = at
    // Calls that have arrived are taken in first: who gets one is idle no longer.
    this.#timer = setTimeout(() => {
      this.#turn = setImmediate(() => this.#look())
    }, wait).unref()
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
    if (left > 0) return Math.min(Math.ceil(left), longest)
    if (!this.#options.isNeeded(supervisor)) this.#unload(supervisor)
    this.#triedUntil.set(supervisor, surroundings.now() + tryAgain)
    return tryAgain
  }

  #unload(supervisor: Supervisor): void {
    // Undefined: it got in use. A state that cannot be kept was logged, and keeps the component.
    supervisor.unload('idle', 0, true).catch(() => {})
  }
}
