import type { ComponentView } from '../../live/schemas.ts'
import { age, bytes, count, duration, rate } from '../../dashboard/page/format.js'
import { nextWords, stateNames } from '../../dashboard/page/words.js'

export interface Column {
  readonly label: string
  /** Of its heading, and whatever it shows; more is cut. */
  readonly width: number
  readonly align: 'left' | 'right'
  /** Where there is no room for all, the highest go first; 0 stays. */
  readonly rank: number
  /** @param now epoch ms by the clock of the program that is watched. */
  readonly text: (component: ComponentView, now: number) => string
}

const right = (label: string, width: number, rank: number, text: Column['text']): Column => ({
  label,
  width,
  align: 'right',
  rank,
  text,
})
const left = (label: string, width: number, rank: number, text: Column['text']): Column => ({
  ...right(label, width, rank, text),
  align: 'left',
})

/** Between the name, which is first, and the next unload, which is last and takes what is left. */
export const columns: readonly Column[] = [
  left('STATE', 9, 0, ({ state }) => stateNames[state] ?? state),
  right('COPIES', 6, 4, copiesOf),
  right('PID', 10, 6, processOf),
  right('PRIO', 4, 7, ({ priority }) => String(priority)),
  right('HEAP', 8, 1, ({ memory }) => bytes(memory?.physical)),
  right('EXTERNAL', 8, 6, ({ memory }) => bytes(memory?.external)),
  right('PEAK', 8, 5, ({ learnedPeak }) => bytes(learnedPeak)),
  right('USE', 4, 2, ({ inUse }) => (inUse > 0 ? count(inUse) : '–')),
  right('IDLE', 9, 3, idle),
  right('CALLS/S', 7, 4, ({ callRate }) => (callRate > 0 ? rate(callRate) : '–')),
  right('P50', 7, 9, ({ p50 }) => duration(p50)),
  right('P99', 7, 5, ({ p99 }) => duration(p99)),
  right('LOADS', 5, 8, ({ loads }) => count(loads)),
  right('UNLOADS', 7, 2, ({ unloads }) => count(unloads)),
  right('CRASHES', 7, 6, ({ crashes }) => (crashes > 0 ? count(crashes) : '–')),
]

export const nextText = ({ next }: ComponentView): string => nextWords(next)

/** Of one that has several, also while one takes the place of another. */
function copiesOf({ instances }: ComponentView): string {
  return instances.length > 1 ? count(instances.length) : '–'
}

/** Of one with a process of its own, and how many more it has; a thread is in that of the program. */
function processOf({ isolation, pid, instances }: ComponentView): string {
  if (isolation !== 'process') return '–'
  const processes = new Set(instances.map((copy) => copy.pid).filter((each) => each !== null))
  return `${pid ?? 'process'}${processes.size > 1 ? `+${processes.size - 1}` : ''}`
}

/** Since when it has not been used, while it is loaded. */
function idle({ state, inUse, lastAccess, since }: ComponentView, now: number): string {
  if (state !== 'ready') return '–'
  return inUse > 0 ? 'in use' : age(now - Math.max(lastAccess ?? 0, since))
}
