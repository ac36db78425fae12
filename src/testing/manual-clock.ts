import { expectNumber } from '../base/option-checks.ts'
import { nextTurn } from '../base/timers.ts'
import type { Clock } from '../contract/clock.ts'
import { ComponentCoordinator } from '../coordinator.ts'
import { liveCoordinators } from '../observability/live-coordinators.ts'
import { changing, quiet } from './quiet.ts'

/** A clock that stands still unless it is advanced. */
export interface ManualClock extends Clock {
  /**
   * Lets `ms` pass: what is due is called in order, each when the clock shows its time, and gets its turn before the next one. Resolves when the loads, unloads
   * and decisions about memory that came of it, in coordinators with this clock, are done.
   *
   * @throws what a timer threw, once all that is done; an AggregateError of several.
   */
  advance(ms: number): Promise<void>
}

interface Timer {
  readonly at: number
  readonly callback: () => void
}

/** Turns of the event loop in which messages that were sent meanwhile arrive, and what they settle goes on. */
const turns = 3

/**
 * A clock for the coordinator option `clock`, and for whatever else a test gives it to. It begins at 0 ms.
 *
 * @throws InvalidOptionsError from `advance`, for what is no number of ms from 0 on.
 */
export function manualClock(): ManualClock {
  const timers = new Set<Timer>()
  let time = 0
  let queue: Promise<void> = Promise.resolve()
  const nextBy = (end: number): Timer | undefined => {
    let next: Timer | undefined
    for (const timer of timers) if (timer.at <= end && (!next || timer.at < next.at)) next = timer
    return next
  }
  const advance = async (ms: number): Promise<void> => {
    const coordinators = coordinatorsOn(clock)
    const before = coordinators.flatMap((each) => changing(each))
    const thrown: unknown[] = []
    const moveTo = (moment: number): void => {
      time = moment
      // They are to know when it has moved.
      for (const { parts } of coordinators) parts.clock.now()
    }
    // A call that was answered by now is over before any time passes.
    await settle()
    const end = time + ms
    for (let next = nextBy(end); next; next = nextBy(end)) {
      moveTo(Math.max(time, next.at))
      timers.delete(next)
      try {
        next.callback()
      } catch (error) {
        thrown.push(error)
      }
      await settle()
    }
    moveTo(end)
    await Promise.all(coordinators.map(async (each) => quiet(each, before)))
    if (thrown.length === 1) throw thrown[0]
    if (thrown.length > 1) throw new AggregateError(thrown, `${thrown.length} timers of the clock threw`)
  }
  const clock: ManualClock = {
    now: () => time,
    setTimeout: (callback, ms) => {
      // As Node's, which takes what is no number for 1 ms.
      const timer: Timer = { at: time + (Number.isFinite(ms) ? Math.max(0, ms) : 1), callback }
      timers.add(timer)
      return timer
    },
    clearTimeout: (timer) => void timers.delete(timer as Timer),
    advance: async (ms) => {
      expectNumber('ms', ms, { min: 0 })
      const advanced = queue.then(async () => advance(ms))
      queue = advanced.catch(() => {})
      return advanced
    },
  }
  return clock
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await nextTurn()
}

function coordinatorsOn(clock: Clock): ComponentCoordinator[] {
  return Array.from(liveCoordinators(), ({ coordinator }) => coordinator).filter(
    (each): each is ComponentCoordinator =>
      each instanceof ComponentCoordinator && !each.isShutdown && each.parts.clock.given === clock,
  )
}
