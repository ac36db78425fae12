import { Reservations } from '../../src/memory/account/reservations.ts'
import { Trend } from '../../src/memory/account/trend.ts'
import { forecastSize } from '../../src/memory/decide/forecast.ts'
import type { AccountSnapshot, MemoryRequest } from '../../src/memory/decide/snapshot.ts'
import type { Scenario } from './scenario.ts'
import { mib } from './scenario.ts'
import type { SimComponent } from './sim-component.ts'

const spareBytes = 8 * mib

interface OpenFree {
  readonly id: number
  readonly bytes: number
  readonly asked: Set<string>
  freed: number
}

/** Who holds how much, as far as was measured: what the memory book is for real workers. */
export class SimAccount {
  readonly scenario: Scenario
  readonly components: readonly SimComponent[]
  readonly reservations: Reservations<string>
  readonly trend = new Trend()
  readonly frees: OpenFree[] = []
  sampledAt = 0
  changedAt = 0
  idleAt = 0
  sampledUsage = 0
  spares = 0
  trimming = 0
  unloading = 0
  readonly #now: () => number

  constructor(scenario: Scenario, components: readonly SimComponent[], now: () => number) {
    this.scenario = scenario
    this.components = components
    this.#now = now
    this.reservations = new Reservations(now, (name) => {
      const component = components.find(({ is }) => is.name === name)
      if (!component?.hasWorker) return undefined
      const { memory } = component.account
      return { bytes: memory?.total ?? 0, at: memory?.sampledAt ?? Number.NEGATIVE_INFINITY }
    })
  }

  /** Bytes, as accounted. */
  get usage(): number {
    let sum = this.#own + this.reservations.outstanding
    for (const { account } of this.components) sum += account.memory?.total ?? 0
    return sum
  }

  /** Bytes, as they really are. */
  get held(): number {
    return this.components.reduce((sum, component) => sum + component.bytes(this.#now()), this.#own)
  }

  sampled(): void {
    this.sampledAt = this.#now()
    this.sampledUsage = this.usage
    this.trend.measured(this.sampledAt, this.sampledUsage)
  }

  changed(): void {
    this.changedAt = this.#now()
  }

  snapshot(): AccountSnapshot {
    const { scenario } = this
    const now = this.#now()
    const alive = this.components.filter(({ hasWorker }) => hasWorker)
    const components = alive.map((component) =>
      component.snapshot(now, {
        minIdleTime: scenario.minIdleTime,
        promised: this.reservations.promisedTo(component.is.name),
        dependents: this.components
          .filter((each) => each.hasWorker || each.waiting > 0)
          .filter(({ is }) => is.dependencies.includes(component.is.name))
          .map(({ is }) => is.name),
      }),
    )
    const leaving = components.filter(({ phase }) => phase === 'leaving')
    return {
      time: now,
      limit: scenario.limit,
      usage: this.usage,
      growth: this.trend.sustained,
      workGrowth: components.reduce((sum, { phase, growth }) => sum + (phase === 'ready' ? growth : 0), 0),
      reserved: this.reservations.outstanding,
      possible: this.reservations.possible,
      leaving: leaving.reduce((sum, { bytes }) => sum + bytes, 0),
      unloadTime: this.trend.unloadTime,
      sampledAt: this.sampledAt,
      changedAt: this.changedAt,
      idleAt: this.idleAt,
      trimming: this.trimming,
      unloading: this.unloading > 0,
      components,
      extra: [],
      letIn: [],
      requests: this.requests(),
    }
  }

  requests(): MemoryRequest[] {
    const loads = this.components.flatMap((component): MemoryRequest[] => {
      const { state, is } = component
      if (state.kind !== 'asking') return []
      const { expected: need, ceiling, isGuess } = this.forecast(component)
      const { id, since } = state
      const mayNeed = isGuess ? ceiling : need
      return [
        {
          kind: 'load',
          id,
          name: is.name,
          need,
          mayNeed,
          loadTime: component.loadTime,
          since,
          timeout: is.timeout,
        },
      ]
    })
    const frees = this.frees.map(({ id, bytes, freed, asked }): MemoryRequest => ({
      kind: 'free',
      id,
      missing: bytes - freed,
      asked,
    }))
    return [...loads, ...frees].sort((a, b) => a.id - b.id)
  }

  forecast({ account, is }: SimComponent): ReturnType<typeof forecastSize> {
    const largestOther = (): number => Math.max(0, ...this.components.map((each) => each.account.learnedPeak ?? 0))
    return forecastSize({
      peaks: account.peaks,
      estimate: is.estimate,
      largestOther,
      room: this.scenario.limit - this.scenario.main,
    })
  }

  get #own(): number {
    return this.scenario.main + this.spares * spareBytes
  }
}
