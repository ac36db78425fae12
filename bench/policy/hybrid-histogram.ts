import { classical, longestIdle } from './contenders.ts'
import type { Contender } from './simulator.ts'
import type { Trace } from './trace.ts'

const MINUTE = 60_000
/** As published: bins of a minute up to four hours, the 99th percentile and a tenth on top. */
const BINS = 240
const TAIL = 0.99
const MARGIN = 1.1
/** As published: a histogram speaks for itself where the counts of its bins vary by more than that. */
const REPRESENTATIVE = 2
/** As published: with more than half of the times beyond the last bin it does not. */
const MOST_BEYOND = 0.5

/** Times between uses of one component. */
interface IdleTimes {
  readonly bins: Uint32Array
  within: number
  beyond: number
}

/**
 * The hybrid histogram policy (Shahrad et al., Serverless in the Wild, 2020): a component is kept for as long as the
 * 99th percentile of its idle times, and for four hours where they say nothing; the longest idle goes where that does
 * not fit.
 *
 * Without two of its parts: it would load ahead of a call that its histogram expects, which here costs what a load costs
 * and saves nothing but the wait; and it would fit an ARIMA model where most idle times are longer than four hours.
 */
export function hybridHistogram(trace: Trace): Contender {
  const known = trace.components.map((): IdleTimes => ({ bins: new Uint32Array(BINS), within: 0, beyond: 0 }))
  return {
    ...classical('hybrid', longestIdle),
    onCall(component, idle) {
      const times = known[component]
      if (times === undefined || idle === 0) return
      const bin = Math.floor(idle / MINUTE)
      if (bin < BINS) {
        times.bins[bin] = (times.bins[bin] ?? 0) + 1
        times.within++
      } else times.beyond++
    },
    timeToLive(component) {
      const times = known[component]
      return times !== undefined && isRepresentative(times) ? tailOf(times) * MINUTE * MARGIN : BINS * MINUTE
    },
  }
}

function isRepresentative({ bins, within, beyond }: IdleTimes): boolean {
  if (within === 0 || beyond > MOST_BEYOND * (within + beyond)) return false
  const mean = within / BINS
  const variance = bins.reduce((sum, count) => sum + (count - mean) ** 2, 0) / BINS
  return Math.sqrt(variance) / mean > REPRESENTATIVE
}

/** Minutes after which all but one in a hundred idle times are over. */
function tailOf({ bins, within }: IdleTimes): number {
  let left = TAIL * within
  return 1 + bins.findIndex((count) => (left -= count) <= 0)
}
