import { headlineOf } from '../contract/describe-value.ts'
import { loadWords } from '../words/load-words.ts'
import type { Observed } from './observed.ts'
import type { AutomaticDecision } from '../contract/automatic-decision.ts'
import type { CoordinatorEvents, Regret } from '../contract/events.ts'
import { isSpillwayError } from '../contract/errors.ts'
import type { EventDetails, FeedEvent, Occurrence } from './feed-event.ts'

/** Events kept. */
const capacity = 200
/** Components that stay, of a decision: the sentence that goes with it counts the rest. */
const mostKept = 20

/** Remembers the last events and tells whoever listens of new ones. */
export class EventFeed implements Disposable {
  readonly #events: FeedEvent[] = []
  readonly #onEvent: () => void
  readonly #stop: () => void
  #lastId = 0
  /** By the id of an event: how far the feed had come when it was marked. */
  readonly #marked = new Map<number, number>()
  /** Of those whose unload is told of after the load that regrets it. */
  readonly #early = new Map<string, Regret>()

  constructor(coordinator: Observed, onEvent: () => void) {
    this.#onEvent = onEvent
    const context = (): Pick<EventDetails['unload'], 'pressureLevel' | 'usage' | 'limit'> => {
      const { pressureLevel, usage, limit } = coordinator.memory.ledger()
      return { pressureLevel, usage, limit }
    }
    const listeners: { [E in keyof CoordinatorEvents]?: (payload: CoordinatorEvents[E][0]) => void } = {
      load: ({ name, ...load }) => {
        this.add('load', 'info', name, { ...load, why: loadWords(load.cause) })
        if (load.regret) this.#regret(name, load.regret)
      },
      loadError: ({ name, generation, error }) =>
        this.add('load-error', 'error', name, { generation, ...describeError(error) }),
      unload: ({ name, ...report }) => {
        const decision = report.decision && shortened(report.decision)
        this.add('unload', 'info', name, { ...report, decision, ...context(), regretted: null })
        // It is told once its memory was given back: by then it may have been loaded again.
        const early = this.#early.get(name)
        if (early?.generation === report.generation) this.#regret(name, early)
      },
      crash: ({ name, generation, reason, signal, error, decision, why }) =>
        this.add('crash', 'error', name, {
          generation,
          reason,
          decision,
          why,
          ...(signal && { signal }),
          ...describeError(error),
        }),
      pressure: (event) => this.add('pressure', event.level === 'low' ? 'info' : 'warning', null, { ...event }),
      exhausted: ({ level, missing, kept }) =>
        this.add('exhausted', level === 'critical' ? 'error' : 'warning', null, {
          level,
          missing,
          kept: kept.slice(0, mostKept),
        }),
      zombie: ({ name, generation }) => this.add('zombie', 'error', name, { generation }),
      advice: ({ id, name, severity, message, urgent, since, over }) =>
        this.add('advice', over ? 'info' : severity, name ?? null, { advice: id, message, urgent, since, over }),
    }
    const entries = Object.entries(listeners) as [keyof CoordinatorEvents, () => void][]
    for (const [event, listener] of entries) coordinator.on(event, listener)
    this.#stop = () => {
      for (const [event, listener] of entries) coordinator.off(event, listener)
    }
  }

  add<K extends keyof EventDetails>(
    kind: K,
    severity: FeedEvent['severity'],
    component: string | null,
    details: EventDetails[K],
  ): void {
    const occurrence = { kind, details } as Occurrence
    this.#events.push({ id: ++this.#lastId, time: Date.now(), severity, component, ...occurrence })
    if (this.#events.length > capacity) this.#marked.delete(this.#events.shift()?.id ?? 0)
    this.#onEvent()
  }

  /** The unload that a load shows to have been a mistake is marked as one. */
  #regret(name: string, regret: Regret): void {
    const at = this.#events.findLastIndex(
      ({ kind, component, details }) =>
        kind === 'unload' && component === name && details.generation === regret.generation,
    )
    const event = this.#events[at]
    if (event?.kind !== 'unload') {
      if (this.#early.size >= capacity) this.#early.clear()
      this.#early.set(name, regret)
      return
    }
    this.#early.delete(name)
    this.#events[at] = { ...event, details: { ...event.details, regretted: regret.ago } }
    this.#marked.set(event.id, this.#lastId)
  }

  get lastId(): number {
    return this.#lastId
  }

  /** Oldest first; those before `id` as well that were marked since. */
  since(id: number): FeedEvent[] {
    return this.#events.filter((event) => event.id > id || (this.#marked.get(event.id) ?? 0) > id)
  }

  [Symbol.dispose](): void {
    this.#stop()
  }
}

function shortened(decision: AutomaticDecision): AutomaticDecision {
  return { ...decision, kept: decision.kept.slice(0, mostKept) }
}

function describeError(error: unknown): { readonly code: string | null; readonly message: string } {
  const message = headlineOf(error)
  return { code: isSpillwayError(error) ? error.code : null, message }
}
