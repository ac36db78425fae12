import { initialLifecycle, isLoaded, transition } from './lifecycle.ts'
import type { Lifecycle, LifecycleEvent } from './lifecycle.ts'
import type { ResolvedDefinition } from './definition.ts'

/** The state of one component, and those who wait for it to come to rest. */
export class Life {
  #state: Lifecycle
  readonly #now: () => number
  readonly #restart: ResolvedDefinition['restart']
  #onRest: (() => void)[] = []

  /** @param now ms of the monotonic clock. */
  constructor(now: () => number, restart: ResolvedDefinition['restart']) {
    this.#state = initialLifecycle(now())
    this.#now = now
    this.#restart = restart
  }

  get state(): Lifecycle {
    return this.#state
  }

  apply(event: LifecycleEvent): void {
    this.#state = transition(this.#state, event, this.#now(), this.#restart)
    if (!isLoaded(this.#state)) for (const resolve of this.#onRest.splice(0)) resolve()
  }

  /** Resolves once nothing loads, serves or is being unloaded. */
  async atRest(): Promise<void> {
    while (isLoaded(this.#state)) await new Promise<void>((resolve) => this.#onRest.push(resolve))
  }
}
