import { cleanHistory, initialLifecycle, isLoaded, transition } from './lifecycle.ts'
import type { Lifecycle, LifecycleEvent, RestartHistory } from './lifecycle.ts'
import type { ResolvedDefinition } from './definition.ts'

/** What the lives of all copies of one component have in common: no two loads have the same number, and a failure of one counts for all. */
export class LifeRecord {
  /** Of the load that was begun last; 0 before the first. */
  generation = 0
  history: RestartHistory = cleanHistory
}

/** The state of one copy of a component, and those who wait for it to come to rest. */
export class Life {
  #state: Lifecycle
  readonly #record: LifeRecord
  readonly #now: () => number
  readonly #restart: ResolvedDefinition['restart']
  #onRest: (() => void)[] = []

  /** @param now ms of the monotonic clock. */
  constructor(record: LifeRecord, now: () => number, restart: ResolvedDefinition['restart']) {
    this.#state = initialLifecycle(now())
    this.#record = record
    this.#now = now
    this.#restart = restart
  }

  get state(): Lifecycle {
    return this.#state
  }

  apply(event: LifecycleEvent): void {
    const { generation, history } = this.#record
    const from = { ...this.#state, history, ...(event.type === 'load' && { generation }) }
    this.#state = transition(from, event, this.#now(), this.#restart)
    this.#record.history = this.#state.history
    if (event.type === 'load') this.#record.generation = this.#state.generation
    if (!isLoaded(this.#state)) for (const resolve of this.#onRest.splice(0)) resolve()
  }

  /** Resolves once nothing loads, serves or is being unloaded. */
  async atRest(): Promise<void> {
    while (isLoaded(this.#state)) await new Promise<void>((resolve) => this.#onRest.push(resolve))
  }
}
