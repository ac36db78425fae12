import type { ComponentView } from '../../live/schemas.ts'
import { age, bytes, count, duration, percent, rate } from '../../dashboard/page/format.js'
import { nextWords, stateNames } from '../../dashboard/page/words.js'
import type { Row } from './rows.ts'

export interface Column {
  readonly label: string
  /** Of its heading, and whatever it shows; more is cut. */
  readonly width: number
  readonly align: 'left' | 'right'
  /** Where there is no room for all, the highest go first; 0 stays. */
  readonly rank: number
  /** @param now epoch ms by the clock of the program that is watched. */
  readonly text: (view: ComponentView, now: number, members: Row['members']) => string
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
  left('STATE', 9, 0, ({ state }, _, members) =>
    members ? `${count(members.loaded)}/${count(members.all)}` : (stateNames[state] ?? state),
  ),
  right('TOTAL', 8, 1, ({ memory }) => bytes(memory?.total)),
  right('GROWTH/M', 8, 2, growth),
  right('ERRORS', 6, 3, (view) => percent(view.errorShare)),
  right('USE', 4, 4, ({ inUse }) => (inUse > 0 ? count(inUse) : '–')),
  right('CPU', 4, 5, ({ load }) => percent(load?.cpu)),
  right('CALLS/S', 7, 6, ({ callRate }) => (callRate > 0 ? rate(callRate) : '–')),
  right('IDLE', 9, 7, idle),
  right('RUNS IN', 10, 8, runsIn),
  right('UNLOADS', 7, 9, ({ unloads }) => count(unloads)),
  right('P99', 7, 10, ({ p99 }) => duration(p99)),
  right('COPIES', 6, 11, copiesOf),
  right('PEAK', 8, 12, ({ learnedPeak }) => bytes(learnedPeak)),
  right('CRASHES', 7, 13, ({ crashes }) => (crashes > 0 ? count(crashes) : '–')),
  right('PRIO', 4, 14, ({ priority }) => String(priority)),
  right('LOADS', 5, 15, ({ loads }) => count(loads)),
]
/** First of them, where a cluster is joined. */
export const hostColumn = left('HOST', 8, 2, ({ host, stale }) => (stale ? `${host} (stale)` : (host ?? '')))
/** Up to this rank they are shown before long names are. */
export const essential = 4

export const nextText = ({ next }: ComponentView): string => nextWords(next)

/** Of one that has several, also while one takes the place of another. */
function copiesOf({ instances }: ComponentView): string {
  return instances.length > 1 ? count(instances.length) : '–'
}

/** Bytes a minute, where there are some. */
function growth(view: ComponentView): string {
  const value = view.growth
  return value === 0 ? '–' : `${value > 0 ? '+' : ''}${bytes(value)}`
}

/** A thread of the program, or a process of its own, and how many more it has. */
function runsIn({ isolation, pid, instances }: ComponentView): string {
  if (isolation !== 'process') return 'thread'
  const processes = new Set(instances.map((copy) => copy.pid).filter((each) => each !== null))
  return `${pid ?? 'process'}${processes.size > 1 ? `+${processes.size - 1}` : ''}`
}

/** Since when it has not been used, while it is loaded. */
function idle({ state, inUse, lastAccess, since }: ComponentView, now: number): string {
  if (state !== 'ready') return '–'
  return inUse > 0 ? 'in use' : age(now - Math.max(lastAccess ?? 0, since))
}
