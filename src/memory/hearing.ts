import type { GenerationEnd } from '../channel/generation-end.ts'
import type { Supervisor } from '../component/supervisor.ts'
import type { Regret } from '../contract/events.ts'
import type { UnloadReason, UnloadReport } from '../contract/unload-report.ts'
import type { Generation } from '../host/generation.ts'
import type { MemoryBook } from './account/book.ts'
import type { LeakWatch } from './act/leak-watch.ts'
import type { OpenRequests } from './act/open-requests.ts'
import type { Performer } from './act/perform.ts'
import type { Reclaimer } from './act/reclaimer.ts'
import type { Regrets } from './act/regrets.ts'
import type { ThrashWatch } from './act/thrash-watch.ts'
import { lookWithin } from './decide/schedule.ts'
import type { DecisionLoop } from './loop.ts'
import type { Measurement } from './measure/measurement.ts'
import type { Sampling } from './measure/sampling.ts'
import { SHORTEST_LOOK } from './tuning.ts'

/** Whom it concerns. */
export interface HearingOptions {
  readonly book: MemoryBook
  readonly measurement: Measurement
  readonly sampling: Sampling
  readonly requests: OpenRequests
  readonly performer: Performer
  readonly loop: DecisionLoop
  readonly leaks: LeakWatch
  readonly thrashing: ThrashWatch
  readonly regrets: Regrets
  readonly reclaimer: Reclaimer
}

/** Unloads that a reload soon after shows to have been a mistake of ours. */
const automatic: ReadonlySet<UnloadReason> = new Set(['pressure', 'admission'])

/** What becomes of components, as far as memory has to hear of it. */
export class Hearing {
  readonly #parts: HearingOptions

  constructor(parts: HearingOptions) {
    this.#parts = parts
  }

  workerStarted(supervisor: Supervisor): void {
    const { book, measurement, sampling } = this.#parts
    book.workerStarted(supervisor)
    measurement.stir()
    sampling.poke(SHORTEST_LOOK)
  }

  /** Something has begun to use a component, or nothing does any longer. */
  busy(supervisor: Supervisor, busy: boolean): void {
    const { book, measurement, sampling, requests, loop } = this.#parts
    measurement.stir()
    if (busy) book.called(supervisor)
    else book.idle(supervisor)
    const isAwaited = !busy && (requests.size > 0 || loop.pressure.level !== 'low')
    if (isAwaited) loop.turn()
    else if (busy) sampling.poke(lookWithin(book.headroom.of(supervisor)))
  }

  /** @returns what it was loaded again after too soon, if it was. */
  loaded(supervisor: Supervisor): Regret | null {
    const { book, sampling, thrashing, regrets } = this.#parts
    thrashing.loaded(supervisor.component, book.account(supervisor))
    book.loaded(supervisor)
    sampling.request()
    return regrets.loaded(supervisor)
  }

  workerEnded(
    supervisor: Supervisor,
    generation: Generation,
    end: GenerationEnd,
    reason: UnloadReason | undefined,
  ): void {
    const { book, sampling, performer, leaks, regrets } = this.#parts
    const overgrown = end.reason === 'memory-limit' || end.reason === 'out-of-memory'
    const evicted = reason !== undefined && automatic.has(reason)
    regrets.unloaded(supervisor, generation.number, reason)
    const leaked = leaks.ended(supervisor, generation, reason === undefined ? end.reason : 'unloaded')
    const fate = overgrown ? 'overgrown' : leaked ? 'leaked' : evicted ? 'evicted' : 'ended'
    book.workerEnded(supervisor, generation, fate, () => sampling.request())
    performer.workerEnded(supervisor)
  }

  unloaded({ reason, times, retained }: UnloadReport): void {
    const { book, reclaimer } = this.#parts
    // One that was asked for by name may have been waiting for calls under way; that says nothing about the others.
    if (automatic.has(reason)) book.trend.unloadTook(times.drain + times.dispose + times.terminate)
    reclaimer.retained(retained)
  }
}
