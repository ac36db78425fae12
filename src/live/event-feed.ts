import { headlineOf } from '../contract/describe-value.ts'
import { loadWords } from '../observability/load-words.ts'
import type { Observed } from './observed.ts'
import type { CoordinatorEvents } from '../contract/events.ts'
import { isSpillwayError } from '../contract/errors.ts'
import type { EventDetails, FeedEvent, Occurrence } from './feed-event.ts'

/** Events kept. */
const capacity = 200

/** Remembers the last events and tells whoever listens of new ones. */
export class EventFeed implements Disposable {
  readonly #events: FeedEvent[] = []
  readonly #onEvent: () => void
  readonly #stop: () => void
  #lastId = 0

  constructor(coordinator: Observed, onEvent: () => void) {
    this.#onEvent = onEvent
    const context = (): Pick<EventDetails['unload'], 'pressureLevel' | 'usage' | 'limit'> => {
      const { pressureLevel, usage, limit } = coordinator.memory.ledger()
      return { pressureLevel, usage, limit }
    }
    const listeners: { [E in keyof CoordinatorEvents]?: (payload: CoordinatorEvents[E][0]) => void } = {
      load: ({ name, ...event }) => this.add('load', 'info', name, { ...event, why: loadWords(event.cause) }),
      loadError: ({ name, generation, error }) =>
        this.add('load-error', 'error', name, { generation, ...describeError(error) }),
      unload: ({ name, ...report }) => this.add('unload', 'info', name, { ...report, ...context() }),
      crash: ({ name, generation, reason, signal, error }) =>
        this.add('crash', 'error', name, { generation, reason, ...(signal && { signal }), ...describeError(error) }),
      pressure: (event) => this.add('pressure', event.level === 'low' ? 'info' : 'warning', null, { ...event }),
      exhausted: ({ level, missing, kept }) =>
        this.add('exhausted', level === 'critical' ? 'error' : 'warning', null, {
          level,
          missing,
          kept: kept.slice(0, 20),
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
    if (this.#events.length > capacity) this.#events.shift()
    this.#onEvent()
  }

  get lastId(): number {
    return this.#lastId
  }

  /** Oldest first. */
  since(id: number): FeedEvent[] {
    return this.#events.filter((event) => event.id > id)
  }

  [Symbol.dispose](): void {
    this.#stop()
  }
}

function describeError(error: unknown): { readonly code: string | null; readonly message: string } {
  const message = headlineOf(error)
  return { code: isSpillwayError(error) ? error.code : null, message }
}
