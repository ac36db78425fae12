import type { EventEmitter } from 'node:events'
import type { AdviceEvent } from '../contract/advice.ts'
import type { ComponentOrigin } from '../contract/component-origin.ts'
import type { CrashEvent, LoadErrorEvent, LoadEvent, CoordinatorEvents } from '../contract/events.ts'
import type { UnloadReport } from '../contract/unload-report.ts'
import type { InContext } from '../base/context.ts'
import type { Logger } from '../contract/logger.ts'
import type { Tracing } from './tracing.ts'
import { loadWords } from '../words/load-words.ts'
import { tellListeners } from '../base/tell-listeners.ts'
import { runUserCode } from '../base/user-code.ts'

/** Pieces of advice that are remembered as logged; families may have any number of members. */
const mostTold = 1_000

/** Tells what has happened to components: to the log, to traces, and to the listeners of the coordinator's events. */
export class Announcer {
  readonly #emitter: EventEmitter
  readonly #logger: Logger
  readonly #tracing: Tracing
  readonly #inContext: InContext
  readonly #told = new Set<string>()

  /**
   * @param emitter is told the coordinator's events. Node types a generic event's arguments as a union that no single payload fits.
   * @param inContext the context that listeners run in.
   */
  constructor(emitter: EventEmitter, logger: Logger, tracing: Tracing, inContext: InContext) {
    this.#emitter = emitter
    this.#logger = logger
    this.#tracing = tracing
    this.#inContext = inContext
  }

  loaded(event: LoadEvent): void {
    const { name: component, regret, ...rest } = event
    const why = loadWords(event.cause)
    this.#logger.info({ ...rest, component, why, ...(regret && { regret }) }, 'component loaded')
    this.#trace(() => this.#tracing.loaded(event))
    this.tell('load', event)
  }

  loadFailed(event: LoadErrorEvent): void {
    const { name, error, ...rest } = event
    this.#logger.warn({ component: name, ...rest, err: error }, 'component could not be loaded')
    this.#trace(() => this.#tracing.loadFailed(event))
    this.tell('loadError', event)
  }

  unloaded(report: UnloadReport): void {
    // The rest of the decision is in the line of whoever made it.
    const { name: component, decision: _decision, why, ...rest } = report
    this.#logger.info({ ...rest, component, ...(why !== null && { why }) }, 'component unloaded')
    this.#trace(() => this.#tracing.unloaded(report))
    this.tell('unload', report)
  }

  crashed(event: CrashEvent): void {
    const { name, instance, generation, reason, error, why } = event
    this.#logger.error(
      { component: name, ...(instance && { instance }), generation, reason, ...(why !== null && { why }), err: error },
      'component crashed',
    )
    this.tell('crash', event)
  }

  zombie({ name, ...copy }: ComponentOrigin, generation: number): void {
    this.#logger.error(
      { component: name, ...copy, generation },
      'worker did not die by its deadline: it is still counted',
    )
    this.tell('zombie', { name, ...copy, generation })
  }

  /** Of how things are set up each piece is logged once, however often it comes and goes. */
  advised(event: AdviceEvent): void {
    const { id, component, severity, message, urgent, over } = event
    if (urgent && over) this.#logger.info({ advice: id, component, over }, `over: ${message}`)
    else if (urgent || (!over && this.#isNew(id))) {
      this.#logger[severity === 'warning' ? 'warn' : 'info']({ advice: id, component }, message)
    }
    this.tell('advice', event)
  }

  #isNew(id: string): boolean {
    if (this.#told.has(id)) return false
    this.#told.add(id)
    if (this.#told.size > mostTold) this.#told.delete(this.#told.values().next().value ?? id)
    return true
  }

  tell<E extends keyof CoordinatorEvents>(event: E, payload: CoordinatorEvents[E][0]): void {
    tellListeners(this.#emitter, event, payload, { inContext: this.#inContext, logger: this.#logger })
  }

  /** Span processors and exporters are the program's as well. */
  #trace(record: () => void): void {
    runUserCode(this.#inContext, record, (error) => this.#logger.error({ err: error }, 'tracing failed'))
  }
}
