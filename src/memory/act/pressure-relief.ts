import type { PressureLevel } from '../../contract/pressure-level.ts'
import type { Supervisor } from '../../component/supervisor.ts'
import { withDeadline } from '../../base/deadline.ts'
import type { Generation } from '../../host/generation.ts'
import type { SpareWorkers } from '../../host/spare-workers.ts'
import type { Logger } from '../../contract/logger.ts'
import type { MemoryBook } from '../account/book.ts'
import type { ExhaustedEvent } from '../../contract/events.ts'
import type { MemoryOptions } from '../options.ts'
import { isAtLeast } from '../decide/pressure.ts'
import type { PressureGauge } from '../pressure-gauge.ts'
import type { UnloadPlan } from '../decide/plan.ts'
import { unloadRound } from './unload-round.ts'
import type { Unloader } from './unloader.ts'

/** ms a component may have to answer a request to trim, and less when memory is filling up fast. */
const trimDeadline = 250
/** ms between two requests to trim at the same level. */
const trimCooldown = 5_000
/** ms between two rounds when the last one found nothing to unload; idle floors and residencies end unannounced. */
const retryInterval = 1_000
/** ms between two rounds that had something to unload. */
const soon = 25

export interface PressureReliefOptions {
  readonly gauge: PressureGauge
  readonly book: MemoryBook
  readonly spares: SpareWorkers
  readonly unloader: Unloader
  readonly options: () => MemoryOptions
  /** Measures, from now on. */
  readonly sample: () => Promise<unknown>
  readonly plan: (level: PressureLevel, need: number) => UnloadPlan
  readonly logger: Logger
  readonly exhausted: (event: ExhaustedEvent) => void
  /** ms of a monotonic clock. */
  readonly now: () => number
}

/** Acts on pressure: asks for trims, gives up spare workers, unloads in rounds, and says when there is nothing left to unload. */
export class PressureRelief {
  readonly #options: PressureReliefOptions
  #acting = false
  #stopped = false
  #trimmed: { readonly level: PressureLevel; readonly at: number } | undefined
  /** Who was asked to trim since there has been a reason to. */
  #asked = new WeakSet<Generation>()
  /** The worst level at which it was said that nothing is left, since something could last be done about it. */
  #told: PressureLevel | undefined
  /** A round that found nothing at a level is not tried again before its time, unless things get worse. */
  #rest: { readonly level: PressureLevel; readonly until: number } | undefined

  constructor(options: PressureReliefOptions) {
    this.#options = options
  }

  /** Does what the last reading asks for, if that is not being done already. */
  act(): void {
    const { gauge, spares, logger } = this.#options
    if (this.#stopped) return
    if (!gauge.trim) {
      this.#trimmed = undefined
      this.#asked = new WeakSet()
      this.#told = undefined
      spares.restore()
      return
    }
    if (this.#acting) return
    this.#acting = true
    void this.#relieve()
      .catch((error: unknown) => logger.error({ err: error }, 'relief of memory pressure failed'))
      .finally(() => {
        this.#acting = false
      })
  }

  /** ms until it has to be looked at again, whatever the growth. */
  get retryIn(): number {
    const { gauge, options } = this.#options
    if (gauge.trim && this.#dueForTrim().length > 0) return soon
    if (gauge.level === 'low' || !options().autoUnloadEnabled || this.#need <= 0) return Number.POSITIVE_INFINITY
    return this.#resting ? retryInterval : soon
  }

  /** Something has become idle: the next round need not wait. */
  retry(): void {
    this.#rest = undefined
  }

  stop(): void {
    this.#stopped = true
  }

  async #relieve(): Promise<void> {
    const { gauge, unloader, sample, options } = this.#options
    let level: PressureLevel
    do {
      level = gauge.level
      if (await this.#makeDo()) await sample()
      // What was asked for at one level is asked for again when it has got worse meanwhile, before anything is unloaded.
    } while (gauge.level !== level)
    if (gauge.level === 'low') this.#told = undefined
    if (gauge.level === 'low' || this.#need <= 0) return
    if (!options().autoUnloadEnabled || this.#resting) return
    await unloader.exclusively(async () => this.#round())
  }

  /** Spares go, and components drop what they can; false when there was nothing to ask for, or no time for it. */
  async #makeDo(): Promise<boolean> {
    const { gauge } = this.#options
    const due = gauge.isUrgent ? [] : this.#dueForTrim()
    const all = Promise.allSettled([this.#giveUpSpares(), this.#askToTrim(due)])
    // Samples go on meanwhile, and may show that there is no more time to wait.
    while (!gauge.isUrgent) if (await withDeadline(all, soon)) break
    return due.length > 0
  }

  async #giveUpSpares(): Promise<void> {
    const { gauge, spares, logger } = this.#options
    const { level, usage } = gauge
    const count = await spares.giveUp(trimDeadline)
    if (count > 0) logger.info({ level, usage, spares: count }, 'spare workers ended for want of memory')
  }

  async #askToTrim(due: readonly Supervisor[]): Promise<void> {
    if (due.length === 0) return
    const { gauge, logger, now } = this.#options
    const { level, usage } = gauge
    const need = Math.max(0, this.#need)
    this.#trimmed = { level, at: now() }
    const late: string[] = []
    await Promise.all(
      due.map(async (supervisor) => {
        if (supervisor.generation) this.#asked.add(supervisor.generation)
        if (!(await supervisor.trim(level, trimDeadline))) late.push(supervisor.name)
      }),
    )
    const asked = due.map(({ name }) => name)
    logger.info({ level, usage, need, asked, late }, 'asked components to drop what they can')
  }

  /** Each once at low; above it all, again and again, for as long as something has to go. */
  #dueForTrim(): Supervisor[] {
    const { gauge, book, now } = this.#options
    const { level } = gauge
    const ready = [...book.live].filter(({ state }) => state.status === 'ready')
    if (level === 'low') return ready.filter(({ generation }) => generation && !this.#asked.has(generation))
    if (this.#need <= 0) return []
    return this.#trimmed?.level !== level || now() - this.#trimmed.at >= trimCooldown ? ready : []
  }

  async #round(): Promise<void> {
    const { gauge, unloader, sample, plan, logger } = this.#options
    const result = await unloadRound({
      sample,
      need: () => (this.#stopped ? 0 : this.#need),
      plan: (need) => plan(gauge.level, need),
      unload: async (name) => (await unloader.unload(name, 'pressure')) !== undefined,
    })
    if (!result) return
    const { unloaded, missing } = result
    const { need, victims, kept } = result.plan
    const { level } = gauge
    if (unloaded.length > 0) {
      this.#told = undefined
      logger.info({ level, need, victims, unloaded, missing, kept }, 'unloaded for want of memory')
    } else this.#foundNothing(level, missing, kept)
  }

  /** Bytes that have to go beyond those that are on their way out already. */
  get #need(): number {
    const { gauge, book } = this.#options
    return gauge.need() - book.leaving
  }

  get #resting(): boolean {
    const { gauge, now } = this.#options
    return this.#rest !== undefined && now() < this.#rest.until && isAtLeast(this.#rest.level, gauge.level)
  }

  #foundNothing(level: PressureLevel, missing: number, kept: UnloadPlan['kept']): void {
    const { book, logger, exhausted, now } = this.#options
    // What comes just now may change everything: what is reserved is not there yet, what loads may be idle at once.
    if (missing <= book.reservations.outstanding || book.loading) return
    this.#rest = { level, until: now() + retryInterval }
    if (this.#told !== undefined && isAtLeast(this.#told, level)) return
    this.#told = level
    logger.warn({ level, missing, kept }, 'memory pressure, and nothing that may be unloaded')
    exhausted({ level, missing, kept })
  }
}
