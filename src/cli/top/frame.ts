import { styleText } from 'node:util'
import type { ComponentView } from '../../live/schemas.ts'
import { age, bytes, count, percent, rate } from '../../dashboard/page/format.js'
import { fit, printable, widthOf } from '../printable.ts'
import { columns, nextText } from './columns.ts'
import type { Column } from './columns.ts'
import type { Connection, TopState } from './top-state.ts'

export interface FrameOptions {
  /** Of the terminal. Infinity: as many as are needed. */
  readonly columns: number
  readonly rows: number
  readonly colour: boolean
  /** Epoch ms by the clock here. */
  readonly now: number
}

type Colour = 'green' | 'yellow' | 'magenta' | 'red' | 'cyan'
type Paint = (style: Colour | 'bold', text: string) => string

const gap = 2
const name = { least: 12, most: 44 }
const leastNext = 14
const gaugeWidth = 24

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
export function frame(state: TopState, connection: Connection, options: FrameOptions): string[] {
  const paint: Paint = options.colour
    ? (style, text) => styleText(style, text, { validateStream: false })
    : (_, text) => text
  // While nothing comes, its clock goes on here.
  const now = state.now + (connection.status === 'live' ? Math.max(0, options.now - connection.at) : 0)
  const head = [titleLine(state, connection, options, now, paint), ...pressureLines(state, options, paint), '']
  const body = table(state, { ...options, rows: options.rows - head.length }, now, paint)
  return [...head, ...body].slice(0, options.rows)
}

function titleLine(state: TopState, connection: Connection, options: FrameOptions, now: number, paint: Paint): string {
  const { pid, node, startedAt } = state.process
  const title = `spillway  process ${pid}, Node ${printable(node)}, up ${age(now - startedAt)}`
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

function table({ components, plan }: TopState, options: FrameOptions, now: number, paint: Paint): string[] {
  const sorted = [...components.values()].sort(
    (a, b) => (b.memory?.total ?? -1) - (a.memory?.total ?? -1) || (a.name < b.name ? -1 : 1),
  )
  if (sorted.length === 0) return ['No component is registered.']
  const names = new Map(sorted.map((component) => [component, printable(component.name)]))
  const longest = Math.max(name.least, ...Array.from(names.values(), widthOf))
  const nameWidth = Math.min(longest, Number.isFinite(options.columns) ? name.most : longest)
  const shown = thatFit(options.columns - nameWidth - gap - leastNext)
  const nameRoom = Math.min(nameWidth, Math.max(name.least, options.columns - widthOfAll(shown) - gap - leastNext))
  const nextRoom = options.columns - nameRoom - widthOfAll(shown) - gap
  const line = (first: string, cells: readonly string[], next: string): string =>
    [pad(first, nameRoom, 'left'), ...cells, fit(next, nextRoom)].join(' '.repeat(gap)).trimEnd()

  const heading = line(
    'COMPONENT',
    shown.map(({ label, width, align }) => pad(label, width, align)),
    plan.actual ? 'NEXT UNLOAD' : `IF ${plan.level.toUpperCase()}`,
  )
  const row = (component: ComponentView): string =>
    line(
      names.get(component) ?? '',
      shown.map((column) => cell(column, component, now, paint)),
      nextText(component),
    )
  // The heading, and a line for what has no room.
  const room = Math.max(1, options.rows - 2)
  const rows = sorted.slice(0, sorted.length <= room + 1 ? room + 1 : room).map(row)
  const more = sorted.length - rows.length
  return [paint('bold', fit(heading, options.columns)), ...rows, ...(more > 0 ? [`… and ${count(more)} more`] : [])]
}

function cell({ label, width, align, text }: Column, component: ComponentView, now: number, paint: Paint): string {
  const padded = pad(printable(text(component, now)), width, align)
  const style =
    label === 'STATE' ? stateStyles[component.state] : label === 'CRASHES' && component.crashes > 0 ? 'red' : undefined
  return style ? paint(style, padded) : padded
}

/** Without those of the highest rank that there is no room for. */
function thatFit(room: number): readonly Column[] {
  let shown = columns
  while (widthOfAll(shown) > room) {
    const highest = Math.max(...shown.map(({ rank }) => rank))
    if (highest === 0) break
    const last = shown.findLast(({ rank }) => rank === highest)
    shown = shown.filter((column) => column !== last)
  }
  return shown
}

const widthOfAll = (shown: readonly Column[]): number => shown.reduce((sum, { width }) => sum + width + gap, 0)

function pad(text: string, width: number, align: Column['align']): string {
  const fitting = fit(text, width)
  const space = ' '.repeat(Math.max(0, width - widthOf(fitting)))
  return align === 'left' ? fitting + space : space + fitting
}
