import type { PressureLevel } from '../../contract/pressure-level.ts'
import type { Supervisor } from '../../component/supervisor.ts'
import type { Spares } from '../../host/spares.ts'
import type { Logger } from '../../contract/logger.ts'
import type { MemoryBook } from '../account/book.ts'
import type { Action } from '../decide/action.ts'
import { explainEnd, explainUnload } from '../decide/explain.ts'
import type { AccountSnapshot } from '../decide/snapshot.ts'
import type { AutomaticDecision } from '../../contract/automatic-decision.ts'
import type { ExhaustedEvent } from '../../contract/events.ts'
import type { Kept, PolicyOption } from '../../contract/unload-policy.ts'
import { whyOf } from '../../words/decision-words.ts'
import type { Measurement } from '../measure/measurement.ts'
import { Enforcer } from './enforce.ts'
import type { OpenRequests } from './open-requests.ts'
import { Relief } from './relieve.ts'
import { Unloader } from './unloader.ts'
import type { Unloaded } from './unloader.ts'

type UnloadAction = Extract<Action, { kind: 'unload' }>

export interface PerformerOptions {
  readonly book: MemoryBook
  readonly spares: Spares
  readonly logger: Logger
  readonly measurement: Measurement
  readonly requests: OpenRequests
  readonly policy: () => PolicyOption
  /** A component's garbage was collected, which took that long (ms). */
  readonly collected?: (supervisor: Supervisor, took: number) => void
  readonly exhausted: (event: ExhaustedEvent) => void
  readonly heldUp: (kept: readonly Kept[]) => void
  /** Something that was begun is over: there may be more to decide. */
  readonly done: () => void
}

/** Begins what was decided, and says when it is over. Never waits, never throws. */
export class Performer {
  readonly #options: PerformerOptions
  readonly #unloader: Unloader
  readonly #enforcer: Enforcer
  readonly #relief: Relief
  #unloading = 0
  #reporting = 0

  constructor(options: PerformerOptions) {
    const { book, spares, logger, measurement } = options
    this.#options = options
    this.#unloader = new Unloader(book)
    this.#enforcer = new Enforcer(book, measurement, logger, options.collected)
    this.#relief = new Relief(book, spares, logger)
  }

  /** Something is being unloaded for want of memory. */
  get isUnloading(): boolean {
    return this.#unloading > 0
  }

  /** The memory of something that was unloaded is being given back, or something is being unloaded. */
  get isAtWork(): boolean {
    return this.#unloading + this.#reporting > 0
  }

  workerEnded(supervisor: Supervisor): void {
    this.#unloader.workerEnded(supervisor)
  }

  perform(action: Action, account: AccountSnapshot, level: PressureLevel): void {
    const { usage, limit } = account
    const { book, requests, logger, exhausted, heldUp, policy } = this.#options
    switch (action.kind) {
      case 'admit':
        requests.admitted(action.request, limit)
        break
      case 'refuse':
        requests.refused(action.request, usage, limit, action.holders, action.family)
        break
      case 'settle':
        requests.settled(action.request)
        break
      case 'unload':
        this.#begin(this.#unload(action, explainUnload(action, account, level, policy(), this.#loadOf(action))))
        break
      case 'trim':
        this.#begin(this.#relief.trim(action.names, action.level, action.need, limit))
        break
      case 'collect': {
        const supervisor = book.supervisorOf(action.name)
        if (supervisor) this.#begin(this.#enforcer.collect(supervisor, action.patience, action.overrun))
        break
      }
      case 'end': {
        const supervisor = book.supervisorOf(action.name)
        if (supervisor)
          this.#enforcer.end(supervisor, action.overrun, explainEnd(action.name, action.overrun, account, level))
        break
      }
      case 'give-up-spares':
        this.#begin(this.#relief.giveUpSpares(level))
        break
      case 'restore-spares':
        this.#relief.restoreSpares()
        break
      case 'held-up':
        heldUp(action.kept)
        break
      case 'exhausted': {
        const { missing, kept } = action
        logger.warn({ pressure: action.level, missing, kept }, 'memory pressure, and nothing that could be unloaded')
        exhausted({ level: action.level, missing, kept })
        break
      }
    }
  }

  #begin(work: Promise<unknown>): void {
    const { logger, done } = this.#options
    work
      .catch((error: unknown) => logger.error({ err: error }, 'relief of memory pressure failed'))
      .finally(done)
      .catch((error: unknown) => logger.error({ err: error }, 'deciding about memory failed'))
  }

  #loadOf({ request }: UnloadAction): string | undefined {
    return request === undefined ? undefined : this.#options.requests.nameOf(request)
  }

  async #unload(action: UnloadAction, decision: AutomaticDecision): Promise<void> {
    const { requests, logger } = this.#options
    const { name, reason, request } = action
    this.#unloading++
    let unloaded: Unloaded | undefined
    try {
      unloaded = await this.#unloader.unload(name, reason, decision)
      if (request !== undefined) requests.unloaded(request, name, unloaded)
    } finally {
      // Only now: who asked for it must not ask for another meanwhile.
      this.#unloading--
    }
    if (unloaded) this.#begin(this.#reported(unloaded))
    if (!unloaded || reason === 'free-memory') return
    const { level: pressure, need, load, victims, kept } = decision
    const result = { pressure, need, unloaded: [name], victims, kept, why: whyOf(decision) }
    if (reason === 'pressure') logger.info(result, 'unloaded for want of memory')
    else if (load === null) logger.info(result, 'unloaded: its family held more than it may have')
    else logger.info({ component: load, ...result }, 'unloaded to make room for a load')
  }

  async #reported({ reported }: Unloaded): Promise<void> {
    this.#reporting++
    try {
      await reported
    } finally {
      this.#reporting--
    }
  }
}
