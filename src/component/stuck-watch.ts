import type { Generation } from '../host/generation.ts'
import { isInspectorOpen } from '../base/inspector.ts'
import { monotonicNow } from '../base/monotonic.ts'
import type { Logger } from '../contract/logger.ts'
import { isUnheard, judgeLoop, longSilence, unheardLimit } from './loop-judgement.ts'
import type { LoopReading } from './loop-judgement.ts'
import { tellUnheard } from './news.ts'
import { NextLook } from './next-look.ts'
import type { Supervisor } from './supervisor.ts'

/**
 * ms between two looks: while a deadline is unheard; a quarter of a watchdog, but not less than the shortest, or the idle one where nothing is under way;
 * where there is no reason the longest, or the resting one where nothing is under way, in case that a timeout was not told. Guessed: reading shared memory
 * costs little, but there may be hundreds to be read.
 */
const looks = { unheard: unheardLimit / 10, shortest: 25, idle: 100, longest: 1_000, resting: 5_000 }
/** ms by which a timer may be early, as it counts from when its thread's loop turned last. Guessed: what a thread that works does between two turns. */
const timerEarly = 25
/** ms between two questions to a worker whose calls have neither a deadline nor a watchdog. */
const askAgain = longSilence / 2

export interface StuckWatchOptions {
  readonly supervisors: () => Iterable<Supervisor>
  readonly logger: Logger
  /** Calls wait for a component whose event loop has not turned for long; or it turns again, or is gone. */
  readonly silent: (name: string, silent: boolean) => void
}

/**
 * Ends workers whose event loop does not turn: those of components with a watchdog, and those that cannot hear of a deadline that has passed; but none
 * that a debugger may have stopped. Tells
 * of others whose calls wait for long. A worker is asked only while calls are under way in it; the others sleep on.
 */
export class StuckWatch {
  readonly #options: StuckWatchOptions
  readonly #ended = new WeakSet<Generation>()
  readonly #spared = new WeakSet<Generation>()
  readonly #silent = new WeakSet<Supervisor>()
  /** When a call of it has timed out last, ms of the monotonic clock. */
  readonly #timedOut = new WeakMap<Generation, number>()
  readonly #next = new NextLook(() => this.#look())

  constructor(options: StuckWatchOptions) {
    this.#options = options
  }

  /** A call that was sent to it has timed out, wherever from: until its event loop turns, that call is unread, and others are held back. */
  timedOut(supervisor: Supervisor, number?: number): void {
    const { generation } = supervisor
    if (generation && (number ?? generation.number) === generation.number)
      this.#timedOut.set(generation, monotonicNow())
    this.poke(supervisor)
  }

  /** There is something to look at. */
  poke(supervisor: Supervisor): void {
    this.#next.within(this.#examine(supervisor, timerEarly))
  }

  stop(): void {
    this.#next.stop()
  }

  #look(): void {
    for (const supervisor of this.#options.supervisors()) this.#next.within(this.#examine(supervisor))
  }

  /**
   * @param early ms: a deadline that passes so soon has passed.
   * @returns the ms until it has to be looked at again.
   */
  #examine(supervisor: Supervisor, early = 0): number {
    const { generation, definition, state } = supervisor
    // One that loads or is being unloaded has deadlines of its own for that.
    const serves = state.status === 'ready' || state.status === 'draining'
    if (!generation || !serves || generation.standsStill || this.#ended.has(generation)) {
      this.#note(supervisor, false)
      return generation ? looks.longest : Number.POSITIVE_INFINITY
    }
    const reading = readLoop(supervisor, generation, this.#timedOut.get(generation) ?? 0)
    const judgement = judgeLoop(reading)
    this.#note(supervisor, judgement.kind === 'silent')
    if (judgement.kind === 'stuck' && this.#isInspected(generation)) {
      this.#spare(supervisor, generation, judgement.why, reading)
    } else if (judgement.kind === 'stuck') {
      this.#end(supervisor, generation, judgement.why, reading)
      return looks.longest
    }
    const unheard = isUnheard({ ...reading, now: reading.now + early })
    const { watchdog } = definition
    if (unheard || (reading.inUse && (watchdog !== undefined || reading.now - generation.loop.askedAt >= askAgain))) {
      generation.loop.ask(reading.now)
    }
    if (unheard) {
      tellUnheard(this.#options.supervisors(), supervisor.component, generation.number)
      return looks.unheard
    }
    const [shortest, longest] = reading.inUse ? [looks.shortest, looks.longest] : [looks.idle, looks.resting]
    const often = Math.max(shortest, (watchdog ?? Number.POSITIVE_INFINITY) / 4)
    // Once a deadline has passed, nobody else need tell.
    const toDeadline = reading.deadline === 0 ? longest : Math.max(looks.shortest, reading.deadline - reading.now + 1)
    return Math.min(longest, often, toDeadline)
  }

  #end(supervisor: Supervisor, generation: Generation, why: Why, reading: LoopReading): void {
    this.#ended.add(generation)
    this.#options.logger.error(figuresOf(supervisor, generation, why, reading), `worker ended: ${reasons[why]}`)
    void supervisor.kill('stuck')
  }

  /** Somebody may have stopped it at a breakpoint. */
  #spare(supervisor: Supervisor, generation: Generation, why: Why, reading: LoopReading): void {
    if (this.#spared.has(generation)) return
    this.#spared.add(generation)
    this.#options.logger.warn(
      figuresOf(supervisor, generation, why, reading),
      `worker would be ended, but an inspector is open and it may be at a breakpoint: ${reasons[why]}`,
    )
  }

  #isInspected({ host, activity }: Generation): boolean {
    return host.isolation === 'process' ? activity.inspected === 1 : isInspectorOpen()
  }

  #note(supervisor: Supervisor, silent: boolean): void {
    if (silent === this.#silent.has(supervisor)) return
    if (silent) this.#silent.add(supervisor)
    else this.#silent.delete(supervisor)
    const { component } = supervisor
    const others = Array.from(this.#options.supervisors()).some(
      (each) => each.component === component && this.#silent.has(each),
    )
    this.#options.silent(component, others)
  }
}

type Why = 'watchdog' | 'deadline'
const reasons: Readonly<Record<Why, string>> = {
  watchdog: 'its event loop has not turned for as long as its watchdog allows',
  deadline: 'a deadline has passed, and its event loop has not turned since',
}

function figuresOf(
  { component, definition }: Supervisor,
  { number }: Generation,
  why: Why,
  reading: LoopReading,
): object {
  const figures = { component, generation: number, silence: Math.round(reading.silence) }
  return why === 'watchdog' ? { ...figures, watchdog: definition.watchdog } : figures
}

function readLoop({ main, definition }: Supervisor, generation: Generation, timedOutAt: number): LoopReading {
  const { activity, loop, number } = generation
  const now = monotonicNow()
  const { deadline, turnedAt, active } = activity
  const inUse = timedOutAt > turnedAt || Math.max(main.caller.underWayAt(number) + main.caller.waiting, active) > 0
  return { now, silence: loop.silence(now), turnedAt, deadline, inUse, watchdog: definition.watchdog }
}
