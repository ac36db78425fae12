/** @import { ComponentView } from '../../live/schemas.ts' */

/**
 * Text columns sort upwards first, figures downwards. `of` gives what is sorted by; `label` is what stands over it.
 *
 * @typedef {{ id: string, label: string, text?: boolean, title?: string, of: (component: ComponentView, now: number) => string | number }} Column
 */

/**
 * ms without use, by the server's clock; 0 while it is in use, null while it is not loaded.
 *
 * @param {Pick<ComponentView, 'state' | 'inUse' | 'lastAccess' | 'since'>} component
 * @param {number} now
 */
export function idleTime({ state, inUse, lastAccess, since }, now) {
  if (state !== 'ready') return null
  return inUse > 0 ? 0 : Math.max(0, now - Math.max(lastAccess ?? 0, since))
}

/** Worst first. */
/** @type {readonly ComponentView['state'][]} */
export const stateOrder = ['failed', 'zombie', 'loading', 'draining', 'unloading', 'ready', 'unloaded']

/** @param {Pick<ComponentView, 'next'>} component */
export const nextOrder = ({ next }) =>
  next.verdict === 'goes' ? next.rank : next.verdict === 'stays' ? Number.MAX_SAFE_INTEGER : Infinity

/** @type {readonly Column[]} */
export const columns = [
  { id: 'name', label: 'Component', text: true, of: ({ name }) => name.toLowerCase() },
  { id: 'state', label: 'State', text: true, of: ({ state }) => stateOrder.indexOf(state) },
  { id: 'memory', label: 'Memory', of: ({ memory }) => memory?.total ?? -1, title: 'Heap, external and native memory' },
  {
    id: 'growth',
    label: 'Growth',
    of: ({ growth }) => growth,
    title: 'A minute; the line is its memory during the last 3 minutes',
  },
  {
    id: 'errors',
    label: 'Errors',
    // Those without a call stand last, and of those that fail alike the one that failed most first.
    of: ({ errorShare, errors }) => (errorShare ?? -1) * 1e9 + Math.min(errors, 1e9 - 1),
    title: 'Share of the calls of the last minute that failed, and how many failed ever',
  },
  {
    id: 'inUse',
    label: 'In use',
    of: ({ inUse }) => inUse,
    title: 'Calls under way and waiting, streams, subscriptions, leases',
  },
  { id: 'idle', label: 'Idle', of: (component, now) => idleTime(component, now) ?? -1 },
  { id: 'rate', label: 'Calls/s', of: ({ callRate }) => callRate },
  { id: 'p99', label: 'p99', of: ({ p99 }) => p99 ?? -1, title: '99% of the calls of the last minute were faster' },
  { id: 'next', label: 'Next unload', text: true, of: nextOrder },
]

/** Only where a cluster is joined. This host's stand first. @type {Column} */
export const hostColumn = { id: 'host', label: 'Host', text: true, of: ({ host }) => host ?? '' }

/**
 * Those that are always shown.
 *
 * @param {boolean} hosts whether components are of several
 */
export function usualColumns(hosts) {
  return hosts ? [...columns.slice(0, -1), hostColumn, ...columns.slice(-1)] : columns
}

/** What is rarely read, each under a column that it goes with. */
/** @type {readonly Column[]} */
export const moreColumns = [
  { id: 'priority', label: 'Priority', of: ({ priority }) => priority, title: 'Lower is more important' },
  { id: 'generation', label: 'Generation', of: ({ generation }) => generation, title: 'Loads begun' },
  { id: 'loads', label: 'Loads', of: ({ loads }) => loads },
  { id: 'unloads', label: 'Unloads', of: ({ unloads }) => unloads },
  {
    id: 'heap',
    label: 'Heap',
    of: ({ memory }) => memory?.physical ?? -1,
    title: 'Pages of the heap that are really there',
  },
  { id: 'external', label: 'Ext.', of: ({ memory }) => memory?.external ?? -1, title: 'ArrayBuffers and Buffers' },
  { id: 'peak', label: 'Peak', of: ({ learnedPeak }) => learnedPeak ?? -1, title: 'Of its last generations' },
  { id: 'crashes', label: 'Crashes', of: ({ crashes }) => crashes },
  { id: 'regrets', label: 'Regret', of: ({ regrets }) => regrets, title: 'Loads soon after an automatic unload' },
  { id: 'loadTime', label: 'Load', of: ({ lastLoadTime }) => lastLoadTime ?? -1, title: 'What its last load took' },
  { id: 'cpu', label: 'CPU', of: ({ load }) => load?.cpu ?? -1, title: 'Of one processor' },
  { id: 'p50', label: 'p50', of: ({ p50 }) => p50 ?? -1, title: 'Half of the calls of the last minute were faster' },
]

/** @param {string} id */
export function columnOf(id) {
  return usualColumns(true).find((column) => column.id === id) ?? moreColumns.find((column) => column.id === id)
}
