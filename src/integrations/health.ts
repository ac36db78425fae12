import type { PressureLevel } from '../contract/pressure-level.ts'
import type { ComponentCoordinator } from '../coordinator.ts'
import { InvalidOptionsError } from '../contract/errors.ts'
import { expectKnown, expectNumber, expectOptional, expectRecord } from '../base/option-checks.ts'
import { monotonicNow } from '../base/monotonic.ts'
import { sleep } from '../base/timers.ts'

export interface HealthOptions {
  /** The pressure from which on no further work should be sent here. Default 'critical'. */
  readonly unreadyAt?: PressureLevel
  /**
   * ms at critical pressure after which the process is told to be beyond help, so that whoever watches it restarts it. Default: never, as
   * pressure is relieved by unloading, and work that needs the memory would need it after a restart as well.
   */
  readonly unhealthyAfter?: number
}

export type HealthStatus = 'ok' | 'pressure' | 'draining' | 'closed'

/** What a probe is told. Bytes. */
export interface HealthReport {
  readonly ok: boolean
  readonly status: HealthStatus
  readonly pressure: PressureLevel
  readonly usage: number
  readonly limit: number
  /** Components by state. */
  readonly components: Readonly<Record<string, number>>
}

const levels: readonly string[] = ['low', 'medium', 'high', 'critical'] satisfies PressureLevel[]
const known: readonly string[] = ['unreadyAt', 'unhealthyAfter'] satisfies (keyof HealthOptions)[]
type State = { readonly name: 'open' } | { readonly name: 'draining' } | { readonly name: 'closed' }

/** Whether a program with a coordinator is alive, and whether it should be sent work. Reads what was last measured: a probe costs nothing. */
export class Health implements Disposable {
  readonly #coordinator: ComponentCoordinator
  readonly #unreadyAt: PressureLevel
  readonly #unhealthyAfter: number | undefined
  readonly #now: () => number
  readonly #watch: (event: { readonly level: PressureLevel }) => void
  #state: State = { name: 'open' }
  #criticalSince: number | undefined

  /**
   * @param now a clock in ms.
   * @throws InvalidOptionsError
   */
  constructor(coordinator: ComponentCoordinator, options: HealthOptions = {}, now: () => number = monotonicNow) {
    const { unreadyAt = 'critical', unhealthyAfter } = expectRecord('health', options)
    expectKnown(options, known)
    if (!levels.includes(unreadyAt))
      throw new InvalidOptionsError('unreadyAt', `one of ${levels.join(', ')}`, unreadyAt)
    this.#unreadyAt = unreadyAt
    this.#unhealthyAfter = expectOptional(unhealthyAfter, (value) => expectNumber('unhealthyAfter', value, { min: 0 }))
    this.#coordinator = coordinator
    this.#now = now
    this.#watch = ({ level }) => this.#pressureIs(level)
    this.#pressureIs(coordinator.pressureLevel)
    coordinator.on('pressure', this.#watch)
  }

  /** Not ok: send no further work here. */
  readiness(): HealthReport {
    const { name } = this.#state
    if (name !== 'open') return this.#report(false, name)
    return this.#coordinator.memory.isAtLeast(this.#unreadyAt)
      ? this.#report(false, 'pressure')
      : this.#report(true, 'ok')
  }

  /** Not ok: only a restart helps. A program that is shutting down is alive. */
  liveness(): HealthReport {
    const beyondHelp =
      this.#unhealthyAfter !== undefined &&
      this.#criticalSince !== undefined &&
      this.#now() - this.#criticalSince >= this.#unhealthyAfter
    const { name } = this.#state
    return this.#report(!beyondHelp, beyondHelp ? 'pressure' : name === 'open' ? 'ok' : name)
  }

  get draining(): boolean {
    return this.#state.name !== 'open'
  }

  /** Not ready from now on; resolves after `delay` ms, in which whoever sends work has time to notice. */
  async drain(delay: number): Promise<void> {
    if (this.#state.name === 'open') this.#state = { name: 'draining' }
    if (delay > 0) await sleep(delay)
  }

  close(): void {
    this.#state = { name: 'closed' }
    this.#coordinator.off('pressure', this.#watch)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #pressureIs(level: PressureLevel): void {
    this.#criticalSince = level === 'critical' ? (this.#criticalSince ?? this.#now()) : undefined
  }

  #report(ok: boolean, status: HealthStatus): HealthReport {
    const { memory } = this.#coordinator
    const { usage, limit } = memory.ledger()
    const components: Record<string, number> = {}
    for (const { state } of this.#coordinator.list()) components[state] = (components[state] ?? 0) + 1
    return { ok, status, pressure: memory.pressureLevel, usage, limit, components }
  }
}
