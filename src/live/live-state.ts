import type { Advice } from '../contract/advice.ts'
import type { PressureLevel } from '../contract/pressure-level.ts'
import type { Observed } from './observed.ts'
import type { UnloadPlan } from '../contract/unload-policy.ts'
import { ClusterWatch } from './cluster-watch.ts'
import { ComponentViews } from './component-views.ts'
import { EventFeed } from './event-feed.ts'
import { ComponentMarks } from './component-marks.ts'
import { MemoryHistory, usualPoints } from './memory-history.ts'
import type { Answer, MemoryView, PlanView, Snapshot, Tick } from './schemas.ts'
import { monotonicNow } from '../base/monotonic.ts'

/** Components that are described in one turn of the event loop. */
const atOnce = 20
/** ms between two looks for advice. */
const adviceInterval = 5_000

/** Keeps what the dashboard shows and tells what changed. */
export class LiveState implements Disposable {
  readonly history = new MemoryHistory()
  readonly feed: EventFeed
  readonly marks: ComponentMarks
  readonly views: ComponentViews
  readonly cluster: ClusterWatch
  readonly #coordinator: Observed
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
  constructor(coordinator: Observed, actions: boolean, onEvent: () => void) {
    this.#coordinator = coordinator
    this.#actions = actions
    this.feed = new EventFeed(coordinator, onEvent)
    this.marks = new ComponentMarks(coordinator)
    this.views = new ComponentViews(coordinator)
    this.cluster = new ClusterWatch(coordinator)
    const sampled = this.history.add.bind(this.history)
    sampled(coordinator.memory.ledger())
    coordinator.on('sample', sampled)
    this.#stop = () => void coordinator.off('sample', sampled)
  }

  snapshot(): Snapshot {
    const plan = this.plan()
    const components = this.views.all(plan.plan)
    for (const { name } of components) this.#shown.add(name)
    const cluster = this.cluster.snapshot()
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
      ...(cluster && { cluster }),
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
    this.cluster.ask()
    const cluster = await this.cluster.tick(pause)
    const advice = this.#newAdvice()
    const events = this.feed.since(this.#sentEvent)
    this.#sentEvent = this.feed.lastId
    const rest: Omit<Tick, 'components' | 'cluster'> = {
      now: Date.now(),
      memory: this.memory(),
      plan: view,
      gone,
      events,
      ...(advice && { advice }),
    }
    // Each component is text by now, and so is the cluster.
    const ofCluster = cluster === undefined ? '' : `"cluster":${cluster},`
    return `{"components":[${changed.join(',')}],${ofCluster}${JSON.stringify(rest).slice(1)}`
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
    const now = monotonicNow()
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

  /** The same as it is shown by itself: who would go, and why the others stay. */
  planShown(level?: PressureLevel): Answer<'/api/plan'> {
    const { plan, view } = this.plan(level)
    const { victims, kept, notes } = plan
    return { ...view, victims, kept, notes }
  }

  /**
   * All that is known of one component.
   *
   * @param points of its history, at most. @param span ms looked back.
   * @throws ComponentNotFoundError
   */
  async detail(name: string, points = usualPoints, span?: number): Promise<Answer<'/api/components/:name'>> {
    return {
      component: this.views.one(name, this.plan().plan),
      ...(await this.#coordinator.callsOf(name)),
      history: this.history.of(name, points, span),
      marks: this.marks.of(name),
      events: this.feed.since(0).filter(({ component }) => component === name),
    }
  }

  memory(): MemoryView {
    const { memory } = this.#coordinator
    const { components: _components, mainThread, ...ledger } = memory.ledger()
    const { options, pressureReason } = memory
    const { level: _level, ...why } = pressureReason
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
      why,
      regrets: memory.regrets,
    }
  }

  [Symbol.dispose](): void {
    this.#stop()
    this.feed[Symbol.dispose]()
    this.marks[Symbol.dispose]()
    this.views[Symbol.dispose]()
  }
}
