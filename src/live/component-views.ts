import type { CallRecord } from '../channel/call-watch.ts'
import type { ComponentInfo, InstanceInfo } from '../contract/component-info.ts'
import type { Observed } from './observed.ts'
import type { ProcessorUse } from '../memory/measure/processor-use.ts'
import type { UnloadPlan } from '../contract/unload-policy.ts'
import { LatencyWindow } from '../observability/latency-window.ts'
import { monotonicNow } from '../base/monotonic.ts'

/** A component as the page shows it. Bytes, ms, calls per second. */
export interface ComponentView extends Omit<ComponentInfo, 'idleTime' | 'memory' | 'instances'> {
  /** As in ComponentInfo, without the time of the sample: a figure that did not change is not sent again. */
  readonly memory: Omit<NonNullable<ComponentInfo['memory']>, 'sampledAt'> | null
  readonly instances: readonly InstanceView[]
  readonly callRate: number
  /** Bytes a minute that it is known to grow by and to keep; 0: it is not known to. */
  readonly growth: number
  /** Share of its calls of the last minute that failed, 0 to 1; null without any. */
  readonly errorShare: number | null
  /** Of the calls of the main thread during the last minute; null without any. */
  readonly p50: number | null
  readonly p99: number | null
  readonly load: ProcessorUse | null
  readonly next: NextUnload
}

/** One copy of it. */
export type InstanceView = Omit<InstanceInfo, 'idleTime' | 'memory'> & Pick<ComponentView, 'memory' | 'next'>

/** What the next round would do with a component; of several copies, with the one that goes first. */
export type NextUnload =
  /** `rank` 1 goes first. */
  | { readonly verdict: 'goes'; readonly rank: number }
  | { readonly verdict: 'stays'; readonly reason: string }
  | { readonly verdict: 'not-loaded' }

/** ms over which calls per second are counted. */
const rateSpan = 3_000

type Counted = { readonly at: number; readonly calls: number }

/** Describes components, with what only shows over time: how many calls, and how fast they were. */
export class ComponentViews implements Disposable {
  readonly #coordinator: Observed
  readonly #now: () => number
  readonly #latencies = new Map<string, LatencyWindow>()
  readonly #counted = new Map<string, Counted[]>()
  readonly #watch: Disposable

  /** @param now ms of a monotonic clock. */
  constructor(coordinator: Observed, now: () => number = monotonicNow) {
    this.#coordinator = coordinator
    this.#now = now
    this.#watch = coordinator.watchCalls((call) => this.#called(call))
  }

  /** @param plan what the next round would do. */
  all(plan: UnloadPlan): ComponentView[] {
    return [...this.each(plan)]
  }

  /** The same one by one, each made when it is asked for. */
  *each(plan: UnloadPlan): Generator<ComponentView, void, undefined> {
    const next = nextOf(plan)
    const infos = this.#coordinator.list()
    this.#forget(new Set(infos.map(({ name }) => name)))
    for (const info of infos) yield this.#view(info, next)
  }

  /** @throws ComponentNotFoundError */
  one(name: string, plan: UnloadPlan): ComponentView {
    return this.#view(this.#coordinator.info(name), nextOf(plan))
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]()
  }

  #view({ idleTime: _idleTime, ...info }: ComponentInfo, next: ReadonlyMap<string, NextUnload>): ComponentView {
    const { name } = info
    const [p50 = null, p99 = null] = this.#latencies.get(name)?.quantiles([0.5, 0.99], this.#now()) ?? []
    return {
      ...info,
      memory: info.memory && withoutTime(info.memory),
      callRate: this.#rate(name, info.calls),
      errorShare: roundedShare(this.#coordinator.errorShareOf(name)),
      growth: rounded(this.#coordinator.memory.growthOf(name)),
      p50: p50 && rounded(p50),
      p99: p99 && rounded(p99),
      load: info.memory ? roundedLoad(this.#coordinator.memory.processorUse(name)) : null,
      instances: info.instances.map(({ idleTime: _time, ...copy }) => ({
        ...copy,
        memory: copy.memory && withoutTime(copy.memory),
        next: next.get(copy.name) ?? notLoaded,
      })),
      next: firstOf([name, ...info.instances.map((copy) => copy.name)].map((each) => next.get(each) ?? notLoaded)),
    }
  }

  #called({ component, duration }: CallRecord): void {
    const now = this.#now()
    let latencies = this.#latencies.get(component)
    if (!latencies) {
      latencies = new LatencyWindow(now)
      this.#latencies.set(component, latencies)
    }
    latencies.record(duration, now)
  }

  #rate(name: string, calls: number): number {
    const now = this.#now()
    const all = this.#counted.get(name) ?? []
    const recent = all.filter(({ at }) => now - at <= rateSpan)
    const first = recent[0] ?? all.at(-1)
    this.#counted.set(name, [...recent, { at: now, calls }])
    // Registered anew, it counts from 0 again.
    if (!first || now <= first.at || calls < first.calls) return 0
    return rounded(((calls - first.calls) / (now - first.at)) * 1_000)
  }

  #forget(registered: ReadonlySet<string>): void {
    for (const map of [this.#latencies, this.#counted]) {
      for (const name of map.keys()) if (!registered.has(name)) map.delete(name)
    }
  }
}

function nextOf({ victims, kept }: UnloadPlan): ReadonlyMap<string, NextUnload> {
  const next = new Map<string, NextUnload>()
  for (const { name, reason } of kept) {
    next.set(name, reason === 'not-loaded' ? { verdict: 'not-loaded' } : { verdict: 'stays', reason })
  }
  for (const [index, { name }] of victims.entries()) next.set(name, { verdict: 'goes', rank: index + 1 })
  return next
}

const notLoaded: NextUnload = { verdict: 'not-loaded' }

function firstOf(all: readonly NextUnload[]): NextUnload {
  const rank = (next: NextUnload): number =>
    next.verdict === 'goes' ? next.rank : next.verdict === 'stays' ? Number.MAX_SAFE_INTEGER : Number.POSITIVE_INFINITY
  return all.reduce((first, each) => (rank(each) < rank(first) ? each : first), notLoaded)
}

/** Without the time of the sample. */
export function withoutTime({
  sampledAt: _sampledAt,
  ...memory
}: NonNullable<ComponentInfo['memory']>): ComponentView['memory'] {
  return memory
}

/** To three digits: more is noise, and would be sent anew each time. */
export const rounded = (value: number): number => Number(value.toPrecision(3))

const roundedShare = (share: number | null): number | null => share && rounded(share)

function roundedLoad(load: ProcessorUse | null): ProcessorUse | null {
  const share = (value: number): number => Math.round(value * 100) / 100
  return load && { cpu: share(load.cpu), eventLoop: share(load.eventLoop) }
}
