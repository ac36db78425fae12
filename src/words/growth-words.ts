import type { GrowthFinding, LeakEnd } from '../contract/growth.ts'
import { size, time, timeOfDay } from './figures.ts'

/** What is said of the main thread that grows. Bytes, ms and bytes/ms. */
export const mainGrowthMessage = ({
  grown,
  over,
  pace,
  room,
}: Record<'grown' | 'over' | 'pace' | 'room', number>): string =>
  `The main thread itself grows: by ${size(grown)} in the last ${time(over)}, and never fell back; at this pace it fills the limit in ${time(room / pace)}. That is the program's own code, no component, and no unload helps for long: start it with \`node --inspect\` and compare two heap snapshots, or have it write them with v8.writeHeapSnapshot()`

/** How a component's growth is found out about further. */
const howToFind = (component: string): string =>
  `take two heap snapshots, some growth apart, and compare them: on its page, or \`npx spillway snapshot ${process.pid} ${component}\` twice and \`npx spillway diff\``

const ends: Readonly<Record<LeakEnd, string>> = {
  'memory-limit': 'its worker was ended for passing its memory limit',
  'out-of-memory': 'its worker ran out of memory',
  stuck: 'its worker was ended because its event loop did not turn',
  exit: 'its worker exited',
  error: 'its worker ended of an uncaught error',
  terminated: 'its worker was ended',
  signal: 'a signal ended its process',
  unloaded: 'it was unloaded',
}

/**
 * What is said of a component that grows and keeps it, or did; without its name in front.
 *
 * @param wallTime epoch ms of a moment of the monotonic clock.
 */
export function growthMessage(component: string, finding: GrowthFinding, wallTime: (moment: number) => number): string {
  const which = finding.copy === component ? '' : `(${finding.copy}) `
  if (finding.kind === 'grew') {
    const { grown, isProven, since, endedAt, how } = finding
    const doubt = isProven ? '' : ', before its garbage could be collected, so nobody knows whether it kept it'
    return `${which}grew by ${size(grown)} in ${time(endedAt - since)}, until ${ends[how]} at ${timeOfDay(wallTime(endedAt))}${doubt}: before that, ${howToFind(component)}`
  }
  const { pace, since, retained, before, room } = finding
  const earlier =
    before.time < retained.time ? `, ${size(before.bytes)} ${time(retained.time - before.time)} before` : ''
  return `${which}grows by ${size(pace * 60_000)} a minute since ${timeOfDay(wallTime(since))} and keeps it: ${size(retained.bytes)} were left after its garbage was collected${earlier}; at this pace it fills the limit in ${time(room / pace)}; ${howToFind(component)}`
}
