import { format } from 'node:util'
import { headlineOf } from '../contract/describe-value.ts'
import { levelValues } from '../host/forwarded-logger.ts'
import type { TappedLine } from '../observability/log-tap.ts'
import { isOwnPino, memberOf } from './own-pino.ts'

/** A line of the log as it is told on the control socket. */
export interface LogLine {
  /** Rises by one with each line. */
  readonly id: number
  /** Epoch ms. */
  readonly time: number
  readonly level: string
  readonly component: string | null
  readonly message: string
  /** What else is in it: redacted by the program's pino; of loggers that are not pino's very own what Spillway itself has set. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** Characters of one line that are kept. Guessed: a stack or two. */
const mostCharacters = 16_000
/** pino's own fields, and those that a line tells apart. */
const toldApart = ['level', 'time', 'pid', 'hostname', 'name', 'msg', 'component']

/** @param id of the line. @param time epoch ms. */
export function logLine(tapped: TappedLine, id: number, time: number): LogLine {
  const { level, line } = tapped
  const bindings = Object.assign({}, ...tapped.bindings) as Readonly<Record<string, unknown>>
  const [first, second] = line
  const given = typeof first === 'object' && first !== null ? (first as Readonly<Record<string, unknown>>) : {}
  const texts = typeof first === 'string' ? line : line.slice(1)
  const message = typeof texts[0] === 'string' ? format(...texts) : typeof second === 'string' ? second : ''
  const component = textOf(given['component']) ?? textOf(bindings['component'])
  const fields = redacted(tapped, given, message, time) ?? ownFields(bindings, given)
  const head = { id, time, level, component, message: shortened(message) }
  return { ...head, fields: JSON.stringify(fields).length > mostCharacters ? { cut: true } : fields }
}

/** pino's very own logger makes of it what it writes, by a method that goes by a symbol of its own: with its serializers and its redaction. */
function redacted(
  { level, logger }: TappedLine,
  given: object,
  message: string,
  time: number,
): Record<string, unknown> | undefined {
  if (!isOwnPino(logger)) return undefined
  const asJson = memberOf(logger, 'pino.asJson')
  const hooks = memberOf(logger, 'pino.hooks')
  // A hook may take things out of a line, and is not to be run for nothing.
  const isHooked =
    typeof hooks === 'object' && hooks !== null && Object.values(hooks).some((hook) => hook !== undefined)
  if (typeof asJson !== 'function' || isHooked) return undefined
  const text: unknown = Reflect.apply(asJson, logger, [given, message, levelValues[level], `,"time":${time}`])
  const told: unknown = JSON.parse(String(text))
  if (typeof told !== 'object' || told === null) return undefined
  return Object.fromEntries(Object.entries(told).filter(([key]) => !toldApart.includes(key)))
}

/** What Spillway has set: all of a line of its own, and of a component's what says whose it is. */
function ownFields(
  bindings: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const { err, ...own } = bindings['generation'] === undefined ? given : {}
  const fields = { ...bindings, ...own, ...(err !== undefined && { err: headlineOf(err) }) }
  return plain(Object.fromEntries(Object.entries(fields).filter(([key]) => !toldApart.includes(key))))
}

function plain(fields: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(fields)) as Record<string, unknown>
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)

const shortened = (text: string): string => (text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text)
