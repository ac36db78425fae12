import type { PressureReason } from '../contract/pressure-reason.ts'
import type { PressureCause } from '../contract/pressure-cause.ts'
import { share, threshold, time, timeOfDay } from './figures.ts'

/**
 * The same for people: in epoch ms, and as a sentence.
 *
 * @param now ms of the clock of the cause.
 * @param wallTime epoch ms of a moment of that clock.
 */
export function pressureReason(
  cause: PressureCause,
  now: number,
  wallTime: (moment: number) => number,
): PressureReason {
  const { level, since, judged } = cause
  const until = leftAt(cause)
  return {
    level,
    since: wallTime(since),
    by: cause.by === 'usage' || cause.by === 'forecast' ? cause.by : 'held',
    judged: Math.round(judged),
    until: until === undefined ? null : wallTime(until),
    words: `${level} since ${timeOfDay(wallTime(since))}${wordsOf(cause, now, (moment) => timeOfDay(wallTime(moment)))}`,
  }
}

function wordsOf(cause: PressureCause, now: number, at: (moment: number) => string): string {
  const used = `${share(cause.usage, cause.limit)} of the limit is used`
  const begins = threshold(cause.threshold)
  switch (cause.by) {
    case 'usage':
    case 'forecast': {
      const figures = cause.by === 'usage' ? used : `predicted to pass ${begins}, ${used}`
      if (cause.pending) {
        const { since, dwell } = cause.pending
        return `: ${figures}, for ${time(Math.max(0, now - since))}: medium after ${time(dwell)}`
      }
      return `: ${figures}${cause.by === 'usage' ? `, ${cause.level === 'low' ? 'medium' : cause.level} begins at ${begins}` : ''}`
    }
    case 'clearing': {
      const clear = threshold(cause.clearShare)
      return cause.clearSince === undefined
        ? `, held: ${used}, and it is left once that has been below ${clear} for ${time(cause.dwell)}`
        : `, held until ${at(cause.clearSince + cause.dwell)}: below ${clear} since ${at(cause.clearSince)}, ${used}`
    }
    case 'test':
      return ': a test holds it there (simulatePressure)'
  }
}

/** When the level is left if usage stays as it is; undefined: it is not. */
function leftAt(cause: PressureCause): number | undefined {
  switch (cause.by) {
    case 'usage':
    case 'forecast':
      return cause.pending && cause.pending.since + cause.pending.dwell
    case 'clearing':
      return cause.clearSince === undefined ? undefined : cause.clearSince + cause.dwell
    case 'test':
      return undefined
  }
}
