import type { ActivityMeter } from '../../channel/activity.ts'
import { setInterval } from '../../base/timers.ts'

/** ms between two looks of a process at itself. Guessed: as soon as its host would look at one that grows, at a tenth of the cost. */
const lookAtItself = 250

/** For a process whose memory cannot be read from outside: it says what it holds, as long as its event loop turns. */
export function measureItself(meter: ActivityMeter): void {
  const look = (): void => {
    const { user, system } = process.cpuUsage()
    try {
      meter.reportProcess(process.memoryUsage.rss(), (user + system) / 1_000)
    } catch {
      // It has no descriptor left to read that with; what it said last holds.
    }
  }
  look()
  setInterval(look, lookAtItself).unref()
}
