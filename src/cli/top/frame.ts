import { styleText } from 'node:util'
import { age, bytes, count, percent, rate } from '../../dashboard/page/format.js'
import { fit, printable, widthOf } from '../printable.ts'
import { componentsOf } from '../../dashboard/page/cluster-data.js'
import type { ComponentView } from '../../live/schemas.ts'
import { columns, essential, hostColumn, nextText } from './columns.ts'
import type { Column } from './columns.ts'
import { hints } from './keys.ts'
import { rowsOf } from './rows.ts'
import type { Look, Row } from './rows.ts'
import type { Connection, TopState } from './top-state.ts'

export interface FrameOptions {
  /** Of the terminal. Infinity: as many as are needed. */
  readonly columns: number
  readonly rows: number
  readonly colour: boolean
  /** Epoch ms by the clock here. */
  readonly now: number
  readonly look: Look
  /** There is a keyboard: what it does is told. */
  readonly keys: boolean
}

/** A frame, and what keys need to know of it. */
export interface Frame {
  readonly lines: readonly string[]
  /** Rows of the table that there are, and that are shown. */
  readonly rows: number
  readonly page: number
}

type Colour = 'green' | 'yellow' | 'magenta' | 'red' | 'cyan'
type Paint = (style: Colour | 'bold', text: string) => string

const gap = 2
const name = { least: 12, most: 44 }
const leastNext = 14
const gaugeWidth = 24
/** Columns that a name is given before what is not essential is. */
const usualName = 18
/** Lines about what needs attention. */
const mostAttention = 4

const levelStyles: Readonly<Record<string, Colour>> = {
  low: 'green',
  medium: 'yellow',
  high: 'magenta',
  critical: 'red',
}
const stateStyles: Readonly<Record<string, Colour>> = {
  ready: 'green',
  loading: 'cyan',
  draining: 'yellow',
  unloading: 'yellow',
  failed: 'red',
  zombie: 'red',
}

/** One picture of everything, as lines that are no longer than the terminal is wide. Whatever comes from the program that is watched is made printable. */
export function frame(state: TopState, connection: Connection, options: FrameOptions): Frame {
  const paint: Paint = options.colour
    ? (style, text) => styleText(style, text, { validateStream: false })
    : (_, text) => text
  // While nothing comes, its clock goes on here.
  const now = state.now + (connection.status === 'live' ? Math.max(0, options.now - connection.at) : 0)
  const head = [
    titleLine(state, connection, options, now, paint),
    ...pressureLines(state, options, paint),
    ...attentionLines(state, options, paint),
    '',
  ]
  const foot = options.keys ? [fit(hints(options.look), options.columns)] : []
  const rows = rowsOf(listed(state, options.look), options.look)
  const room = Math.max(3, options.rows - head.length - foot.length)
  const { lines, page } = table(rows, state, { ...options, rows: room }, now, paint)
  // What is at the bottom stays there.
  const body = [...head, ...lines].slice(0, Math.max(1, options.rows - foot.length))
  return { lines: [...body, ...foot].slice(0, options.rows), rows: rows.length, page }
}

/** All components there are, or those of one host; those of a cluster with their hosts. */
function listed({ components, cluster }: TopState, { host = '' }: Look): Iterable<ComponentView> {
  if (!cluster) return host === '' ? components.values() : []
  return componentsOf(components, cluster, host).map((view) => ({ host: cluster.name, ...view }))
}

/** What is wrong now, as far as there is room. */
function attentionLines({ advice }: TopState, { columns, rows }: FrameOptions, paint: Paint): string[] {
  const urgent = advice.filter((piece) => piece.urgent)
  const room = Math.max(1, Math.min(mostAttention, Math.floor(rows / 5)))
  const shown = urgent.slice(0, urgent.length <= room ? room : room - 1)
  const lines = shown.map(({ message }) => paint('red', fit(`! ${printable(message)}`, columns)))
  const more = urgent.length - shown.length
  return more > 0
    ? [...lines, paint('red', fit(`! ${count(more)} more need attention: spillway explain`, columns))]
    : lines
}

function titleLine(state: TopState, connection: Connection, options: FrameOptions, now: number, paint: Paint): string {
  const { pid, node, startedAt } = state.process
  const { cluster } = state
  const host = cluster ? `, host ${printable(cluster.name)} of ${count(cluster.hosts.size)}` : ''
  const title = `spillway  process ${pid}, Node ${printable(node)}, up ${age(now - startedAt)}${host}`
  if (connection.status === 'live') return fit(title, options.columns)
  const wait = Math.max(0, Math.ceil((connection.retryAt - options.now) / 1_000))
  const lost = `DISCONNECTED for ${age(options.now - connection.since)}: ${printable(connection.why)}; the figures are old; next try in ${wait} s`
  return paint('red', fit(lost, options.columns))
}

function pressureLines({ memory, components }: TopState, options: FrameOptions, paint: Paint): string[] {
  const { usage, limit, pressureLevel: level, thresholds } = memory
  const share = limit > 0 ? usage / limit : 0
  const gauge = Array.from({ length: gaugeWidth }, (_, cell) => {
    const mark = Object.values(thresholds).some((threshold) => Math.floor(threshold * gaugeWidth) === cell)
    if ((cell + 0.5) / gaugeWidth < share) return mark ? '+' : '#'
    return mark ? '|' : '-'
  }).join('')
  const all = [...components.values()]
  const loaded = all.filter((component) => component.state === 'ready').length
  const calls = all.reduce((sum, { callRate }) => sum + callRate, 0)
  const used = `[${gauge}] ${percent(share)}  ${bytes(usage)} of ${bytes(limit)}`
  const rest = [
    `main ${bytes(memory.main)}`,
    `reserved ${bytes(memory.reservations)}`,
    `native ${bytes(memory.native)}`,
    `resident ${bytes(memory.rss)}`,
    `${loaded} of ${all.length} loaded`,
    `${rate(calls)} calls/s`,
    ...(memory.thrashing ? ['THRASHING'] : []),
    ...(memory.autoUnloadEnabled ? [] : ['unloading by itself is off']),
  ].join('  ')
  const words = `pressure ${level}  `
  const first = fit(used, options.columns - widthOf(words))
  return [`pressure ${paint(levelStyles[level] ?? 'green', level)}  ${first}`, fit(rest, options.columns)]
}

function table(
  all: readonly Row[],
  { plan, cluster }: TopState,
  options: FrameOptions,
  now: number,
  paint: Paint,
): { readonly lines: string[]; readonly page: number } {
  const { host } = options.look
  if (all.length === 0) {
    const none =
      host === undefined ? 'No component is registered.' : `No component of host ${printable(host)} is known.`
    return { lines: [fit(none, options.columns)], page: 0 }
  }
  // The heading, and a line for what has no room.
  const room = Math.max(1, options.rows - 2)
  const page = all.length <= room + 1 ? room + 1 : room
  const offset = Math.max(0, Math.min(options.look.offset, all.length - page))
  const visible = all.slice(offset, offset + page)
  const names = visible.map((row) => `${/^ */.exec(row.name)?.[0] ?? ''}${printable(row.name.trimStart())}`)
  const longest = Math.max(name.least, ...names.map(widthOf))
  const nameWidth = Math.min(longest, Number.isFinite(options.columns) ? name.most : longest)
  const shown = thatFit(cluster ? [hostColumn, ...columns] : columns, options.columns - gap - leastNext, nameWidth)
  const nameRoom = Math.min(nameWidth, Math.max(name.least, options.columns - widthOfAll(shown) - gap - leastNext))
  const nextRoom = options.columns - nameRoom - widthOfAll(shown) - gap
  const line = (first: string, cells: readonly string[], next: string): string =>
    [pad(first, nameRoom, 'left'), ...cells, fit(next, nextRoom)].join(' '.repeat(gap)).trimEnd()

  const heading = line(
    'COMPONENT',
    shown.map(({ label, width, align }) => pad(label, width, align)),
    plan.actual ? 'NEXT UNLOAD' : `IF ${plan.level.toUpperCase()}`,
  )
  const rows = visible.map((row, at) =>
    line(
      names[at] ?? '',
      shown.map((column) => cell(column, row, now, paint)),
      nextText(row.view),
    ),
  )
  const [above, below] = [offset, all.length - offset - visible.length]
  const rest = [...(above > 0 ? [`${count(above)} above`] : []), ...(below > 0 ? [`${count(below)} more`] : [])]
  const lines = [paint('bold', fit(heading, options.columns)), ...rows]
  return { lines: rest.length > 0 ? [...lines, fit(`… and ${rest.join(', ')}`, options.columns)] : lines, page }
}

function cell({ label, width, align, text }: Column, { view, members }: Row, now: number, paint: Paint): string {
  const padded = pad(printable(text(view, now, members)), width, align)
  const isBad = (label === 'CRASHES' && view.crashes > 0) || (label === 'ERRORS' && (view.errorShare ?? 0) > 0)
  const isGrowing = label === 'GROWTH/M' && view.growth > 0
  const style =
    label === 'STATE' && !members ? stateStyles[view.state] : isBad ? 'red' : isGrowing ? 'yellow' : undefined
  return style ? paint(style, padded) : padded
}

/** Without those of the highest rank that there is no room for: what is not essential goes before a name is cut. */
function thatFit(all: readonly Column[], room: number, nameWidth: number): readonly Column[] {
  let shown = all
  for (;;) {
    const highest = Math.max(...shown.map(({ rank }) => rank))
    const forName = highest > essential ? nameWidth : Math.min(nameWidth, usualName)
    if (highest === 0 || widthOfAll(shown) <= room - forName) return shown
    const last = shown.findLast(({ rank }) => rank === highest)
    shown = shown.filter((column) => column !== last)
  }
}

const widthOfAll = (shown: readonly Column[]): number => shown.reduce((sum, { width }) => sum + width + gap, 0)

function pad(text: string, width: number, align: Column['align']): string {
  const fitting = fit(text, width)
  const space = ' '.repeat(Math.max(0, width - widthOf(fitting)))
  return align === 'left' ? fitting + space : space + fitting
}
