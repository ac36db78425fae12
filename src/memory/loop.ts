import { monotonicNow, wallTime } from '../base/monotonic.ts'
import type { PolicyClock } from '../base/policy-clock.ts'
import { NextLook } from '../component/next-look.ts'
import type { Ledger } from '../contract/ledger.ts'
import type { Logger } from '../contract/logger.ts'
import type { MemoryOptions } from '../contract/memory-options.ts'
import type { PressureLevel } from '../contract/pressure-level.ts'
import type { PressureReason } from '../contract/pressure-reason.ts'
import { pressureReason } from '../words/pressure-words.ts'
import type { MemoryBook } from './account/book.ts'
import type { OpenRequests } from './act/open-requests.ts'
import type { Performer } from './act/perform.ts'
import { Rest } from './act/rest.ts'
import { hasLasted, startOver, usedUpTo } from './decide/held-level.ts'
import type { HeldLevel } from './decide/held-level.ts'
import { pressureCause } from './decide/pressure-cause.ts'
import type { PressureState } from './decide/pressure.ts'
import type { AccountSnapshot } from './decide/snapshot.ts'
import { decide, initialDecisions } from './decide/turn.ts'
import type { DecisionState } from './decide/turn.ts'
import type { MemoryEvents } from './events.ts'
import type { Sampling } from './measure/sampling.ts'
import { RETRY, SHORTEST_LOOK } from './tuning.ts'

export interface DecisionLoopOptions {
  readonly book: MemoryBook
  readonly clock: PolicyClock
  readonly logger: Logger
  readonly emit: MemoryEvents
  readonly performer: Performer
  readonly requests: OpenRequests
  readonly sampling: Sampling
  readonly options: () => MemoryOptions
  /** Bytes. */
  readonly limit: () => number
  readonly ledger: () => Ledger
}

/** Measure, account, decide, act: a turn after each sample, and whenever something has happened that may change a decision. */
export class DecisionLoop {
  readonly #parts: DecisionLoopOptions
  readonly #rest = new Rest()
  /** By a clock that somebody gave: it may stand still, or leap. */
  readonly #clockLook: NextLook
  #decisions: DecisionState = initialDecisions(monotonicNow())
  #lookIn = Number.POSITIVE_INFINITY
  #held: HeldLevel | undefined
  /** Told last. */
  #toldLevel: PressureLevel = 'low'
  #turn: 'none' | 'under way' | 'under way, then again' | 'stopped' = 'none'

  constructor(parts: DecisionLoopOptions) {
    this.#parts = parts
    this.#clockLook = new NextLook(() => {
      parts.book.clockMoved()
      parts.sampling.request()
    }, parts.clock)
  }

  get pressure(): PressureState {
    return this.#decisions.pressure
  }

  /** Why it is at its level, by the figures of the last turn. */
  get pressureReason(): PressureReason {
    const { pressure } = this
    const cause = pressureCause(pressure, this.#parts.options(), pressure.level === this.#held)
    return pressureReason(cause, monotonicNow(), wallTime)
  }

  /** ms until something has to be decided again that no sample shows, as of the last turn. */
  get lookIn(): number {
    return this.#lookIn
  }

  /** @param isSample true after a sample: what has been measured is told. */
  turn(isSample = false): void {
    if (this.#turn !== 'none') {
      if (this.#turn === 'under way') this.#turn = 'under way, then again'
      return
    }
    this.#turn = 'under way'
    try {
      this.#take(isSample)
    } catch (error) {
      this.#parts.logger.error({ err: error }, 'deciding about memory failed')
    }
    const isAskedAgain = this.#is('under way, then again')
    if (this.#is('stopped')) return
    this.#turn = 'none'
    if (isAskedAgain) this.turn()
  }

  #take(isSample: boolean): void {
    const { clock, performer, sampling, options } = this.#parts
    const account = this.account()
    const { overrun, relief, pressure } = this.#decisions
    const before = { overrun, relief, pressure: this.#held ? hasLasted(pressure) : pressure }
    const decision = decide(before, account, options())
    const { state, actions, measure, lookIn } = decision
    this.#decisions = state
    this.#lookIn = lookIn
    const { level } = state.pressure
    if (clock.given) this.#clockLook.within(level === 'low' ? options().checkInterval : RETRY)
    if (isSample) this.#tell(account)
    for (const action of actions) performer.perform(action, account, this.pressure.level)
    if (measure) sampling.request()
    else if (!isSample) sampling.poke(SHORTEST_LOOK)
    this.#rest.decided(decision, account, performer.isAtWork)
  }

  /** What is decided by. */
  account(): AccountSnapshot {
    const { book, requests, performer, options } = this.#parts
    const limit = this.#parts.limit()
    const account = book.snapshot({
      limit,
      minIdleTime: options().minIdleTime,
      unloading: performer.isUnloading,
      requests: requests.snapshot(limit),
    })
    return this.#held ? usedUpTo(this.#held, account, options()) : account
  }

  /** @see MemoryManager.hold */
  async hold(level: PressureLevel): Promise<void> {
    this.#held = level === 'low' ? undefined : level
    this.#decisions = startOver(this.#decisions, monotonicNow())
    await this.atRest()
  }

  /** @see MemoryManager.atRest */
  async atRest(): Promise<void> {
    if (this.#is('stopped')) return
    if (this.#parts.clock.given) this.#parts.book.clockMoved()
    const rested = this.#rest.from(monotonicNow())
    this.#parts.sampling.request()
    await rested
  }

  stop(): void {
    this.#turn = 'stopped'
    this.#clockLook.stop()
    this.#rest.end()
  }

  /** What was measured, and then what has come of it. */
  #tell({ usage, limit }: AccountSnapshot): void {
    const { emit, logger, ledger } = this.#parts
    const { level } = this.pressure
    const previous = this.#toldLevel
    this.#toldLevel = level
    emit.sample(ledger())
    if (previous === level) return
    const { by, judged, until, words: why } = this.pressureReason
    const figures = { usage: Math.round(usage), limit, by, judged, until, why }
    logger.info({ pressure: level, previous, ...figures }, 'memory pressure changed')
    emit.pressure({ level, previous, ...figures })
  }

  /** Asked anew: what is called in a turn may change it. */
  #is(turn: string): boolean {
    return this.#turn === turn
  }
}
