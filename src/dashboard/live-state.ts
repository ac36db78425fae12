import type { PressureLevel } from '../contract/pressure-level.ts'
import type { ComponentCoordinator } from '../coordinator.ts'
import type { UnloadPlan } from '../contract/unload-policy.ts'
import type { Advice } from '../observability/advice.ts'
import { ComponentViews } from './component-views.ts'
import type { ComponentView } from './component-views.ts'
import { EventFeed } from './event-feed.ts'
import type { FeedEvent } from './event-feed.ts'
import { MemoryHistory } from './memory-history.ts'

/** The process as a whole. Bytes, ms, shares of the limit. */
export interface MemoryView {
  readonly time: number
  readonly pressureLevel: PressureLevel
  readonly usage: number
  readonly limit: number
  readonly rss: number
  readonly main: number
  readonly unattributed: number
  readonly reservations: number
  readonly pending: number
  readonly extra: readonly { readonly name: string; readonly kind: string; readonly total: number }[]
  readonly cgroup: { readonly limit: number | null; readonly current: number } | null
  readonly thresholds: Readonly<Record<PressureLevel, number>>
  readonly totalLimit: number
  readonly minIdleTime: number
  readonly autoUnloadEnabled: boolean
  readonly thrashing: boolean
}

/** Which round the components' `next` is about. */
export interface PlanView {
  readonly level: PressureLevel
  /** False: pressure is low, and the plan is what would happen at `level`. */
  readonly actual: boolean
  /** Bytes to free. */
  readonly need: number
  readonly freed: number
}

/** All that the page shows. */
export interface Snapshot {
  readonly version: 1
  /** Epoch ms by the clock of this process. */
  readonly now: number
  readonly process: { readonly pid: number; readonly node: string; readonly startedAt: number; readonly title: string }
  readonly actions: boolean
  readonly memory: MemoryView
  readonly plan: PlanView
  readonly components: readonly ComponentView[]
  readonly events: readonly FeedEvent[]
  readonly advice: readonly Advice[]
}

/** What has changed since the snapshot or the tick before. */
export interface Tick {
  readonly now: number
  readonly memory: MemoryView
  readonly plan: PlanView
  /** Whole, where anything about them changed. */
  readonly components: readonly ComponentView[]
  /** No longer registered. */
  readonly gone: readonly string[]
  readonly events: readonly FeedEvent[]
  /** Only when it changed. */
  readonly advice?: readonly Advice[]
}

/** Components that are described in one turn of the event loop. */
const atOnce = 20
/** ms between two looks for advice. */
const adviceInterval = 5_000

/** Keeps what the dashboard shows and tells what changed. */
export class LiveState implements Disposable {
  readonly history = new MemoryHistory()
  readonly feed: EventFeed
  readonly views: ComponentViews
  readonly #coordinator: ComponentCoordinator
  readonly #actions: boolean
  readonly #stop: () => void
  /** Of the last tick: what each component looked like. */
  #sent = new Map<string, string>()
  /** Names that viewers may show, from snapshots or ticks. */
  readonly #shown = new Set<string>()
  #sentEvent = 0
  #sentAdvice = ''
  #advisedAt = -Infinity

  /** @param onEvent called when something happened that viewers want to know at once. */
  constructor(coordinator: ComponentCoordinator, actions: boolean, onEvent: () => void) {
    this.#coordinator = coordinator
    this.#actions = actions
    this.feed = new EventFeed(coordinator, onEvent)
    this.views = new ComponentViews(coordinator)
    const sampled = this.history.add.bind(this.history)
    sampled(coordinator.memory.ledger())
    coordinator.on('sample', sampled)
    this.#stop = () => void coordinator.off('sample', sampled)
  }

  snapshot(): Snapshot {
    const plan = this.plan()
    const components = this.views.all(plan.plan)
    for (const { name } of components) this.#shown.add(name)
    return {
      version: 1,
      now: Date.now(),
      process: {
        pid: process.pid,
        node: process.version,
        startedAt: Math.round(performance.timeOrigin),
        title: process.title,
      },
      actions: this.#actions,
      memory: this.memory(),
      plan: plan.view,
      components,
      events: this.feed.since(0),
      advice: this.#coordinator.advice(),
    }
  }

  /**
   * What changed since the last call: a Tick as JSON.
   *
   * @param pause awaited after every few components: with hundreds of them, whoever looks on would hold up calls for longer than those take.
   */
  async tick(pause: () => Promise<unknown>): Promise<string> {
    const { plan, view } = this.plan()
    const sent = new Map<string, string>()
    const changed: string[] = []
    for (const component of this.views.each(plan)) {
      if (sent.size % atOnce === atOnce - 1) await pause()
      const text = JSON.stringify(component)
      sent.set(component.name, text)
      if (this.#sent.get(component.name) !== text) changed.push(text)
    }
    const gone = [...this.#shown].filter((name) => !sent.has(name) && !this.#isRegistered(name))
    for (const name of sent.keys()) this.#shown.add(name)
    for (const name of gone) this.#shown.delete(name)
    this.#sent = sent
    await pause()
    const advice = this.#newAdvice()
    const events = this.feed.since(this.#sentEvent)
    this.#sentEvent = this.feed.lastId
    const rest: Omit<Tick, 'components'> = {
      now: Date.now(),
      memory: this.memory(),
      plan: view,
      gone,
      events,
      ...(advice && { advice }),
    }
    // Each component is text by now.
    return `{"components":[${changed.join(',')}],${JSON.stringify(rest).slice(1)}`
  }

  #isRegistered(name: string): boolean {
    try {
      this.#coordinator.info(name)
      return true
    } catch {
      return false
    }
  }

  /** Undefined when it has not changed, or was looked at just now. */
  #newAdvice(): readonly Advice[] | undefined {
    const now = performance.now()
    if (now - this.#advisedAt < adviceInterval) return undefined
    this.#advisedAt = now
    const advice = this.#coordinator.advice()
    const text = JSON.stringify(advice)
    if (text === this.#sentAdvice) return undefined
    this.#sentAdvice = text
    return advice
  }

  /** The plan of the current level; while pressure is low, of medium, where unloading would begin. */
  plan(level?: PressureLevel): { readonly plan: UnloadPlan; readonly view: PlanView } {
    const { memory } = this.#coordinator
    const current = memory.pressureLevel
    const asked = level ?? (current === 'low' ? 'medium' : current)
    const plan = memory.plan(asked)
    return {
      plan,
      view: { level: asked, actual: asked === current, need: Math.round(plan.need), freed: plan.freed },
    }
  }

  memory(): MemoryView {
    const { memory } = this.#coordinator
    const { components: _components, mainThread, ...ledger } = memory.ledger()
    const { options } = memory
    return {
      ...ledger,
      main: mainThread.total,
      thresholds: {
        low: options.lowThreshold,
        medium: options.mediumThreshold,
        high: options.highThreshold,
        critical: options.criticalThreshold,
      },
      totalLimit: options.totalLimit,
      minIdleTime: options.minIdleTime,
      autoUnloadEnabled: options.autoUnloadEnabled,
      thrashing: memory.thrashing,
    }
  }

  [Symbol.dispose](): void {
    this.#stop()
    this.feed[Symbol.dispose]()
    this.views[Symbol.dispose]()
  }
}
