import { format, inspect } from 'node:util'
import { clone } from '../channel/clone-guard.ts'
import { describeValue, headlineOf, messageOf } from '../contract/describe-value.ts'
import type { LogRecord } from './control.ts'
import type { ComponentLogger, LogMethod } from '../contract/logger.ts'
import { setImmediate } from '../base/timers.ts'

/** pino's levels and their values (pino documentation, "level mapping"). */
export const levelValues: Readonly<Record<string, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
  silent: Number.POSITIVE_INFINITY,
}

/**
 * Records that may be on their way to the main thread's logger and not yet written. What a component logs beyond that is dropped and counted: a flood
 * holds up neither the component nor the memory of the main thread.
 */
export const mostUnwritten = 10_000
/** Characters that they may have together, roughly: few lines can be as large as many. */
export const mostUnwrittenCharacters = 16 * 1024 ** 2

/** What takes log records. */
export interface LogSink {
  add(record: LogRecord): void
}

/** Gathers log records and sends them once per turn of the event loop, in order. */
export class LogForwarder implements LogSink {
  readonly #send: (records: readonly LogRecord[], dropped: number) => void
  #records: LogRecord[] = []
  /** Of all that is not written, in the order in which it will be. */
  readonly #sizes: number[] = []
  #characters = 0
  #dropped = 0
  #scheduled = false

  constructor(send: (records: readonly LogRecord[], dropped: number) => void) {
    this.#send = send
  }

  add(record: LogRecord): void {
    const size = sizeOf(record)
    if (this.#sizes.length >= mostUnwritten || this.#characters + size > mostUnwrittenCharacters) {
      this.#dropped++
      return
    }
    this.#records.push(record)
    this.#sizes.push(size)
    this.#characters += size
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.flush()).unref()
  }

  /** Sends what there is now. */
  flush(): void {
    this.#scheduled = false
    if (this.#records.length === 0 && this.#dropped === 0) return
    const records = this.#records
    const dropped = this.#dropped
    this.#records = []
    this.#dropped = 0
    this.#send(records, dropped)
  }

  /** So many of the records that were sent have been written. */
  written(count: number): void {
    for (const size of this.#sizes.splice(0, count)) this.#characters -= size
    // What was dropped while there was no room is told now, also when nothing more is logged.
    if (this.#dropped > 0) this.flush()
  }
}

/**
 * A logger with pino's methods for code in a worker. pino itself costs a worker 8 to 9 ms to load, and its transports lose lines when a worker is
 * ended; here only plain records are made, and the main thread's logger formats, redacts and writes them.
 */
export function createForwardedLogger(
  sink: LogSink,
  level: string,
  bindings: Readonly<Record<string, unknown>> = {},
): ComponentLogger {
  const logger = { level } as ComponentLogger
  const method =
    (name: string): LogMethod =>
    (first: unknown, ...rest: unknown[]): void => {
      if (!logger.isLevelEnabled(name)) return
      sink.add(toRecord(name, bindings, first, rest))
    }
  return Object.assign(logger, {
    trace: method('trace'),
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
    fatal: method('fatal'),
    isLevelEnabled: (name: string) => (levelValues[name] ?? 0) >= (levelValues[logger.level] ?? 0),
    bindings: () => ({ ...bindings }),
    child: (more: Record<string, unknown>) =>
      createForwardedLogger(sink, logger.level, { ...bindings, ...Object.fromEntries(entriesOf(more)) }),
  })
}

/** Characters of its text, or bytes of what it holds; what is deep inside it is not looked for. */
function sizeOf({ fields, message }: LogRecord): number {
  let size = message?.length ?? 0
  for (const value of Object.values(fields)) {
    if (typeof value === 'string' || Array.isArray(value)) size += value.length
    else if (ArrayBuffer.isView(value)) size += value.byteLength
  }
  return size
}

function toRecord(
  level: string,
  bindings: Readonly<Record<string, unknown>>,
  first: unknown,
  rest: unknown[],
): LogRecord {
  const time = Date.now()
  if (typeof first === 'string') return { level, time, fields: cloneable(bindings), message: text(first, rest) }
  const [message, ...args] = rest
  if (isError(first)) {
    const fields = cloneable({ ...bindings, err: first })
    return { level, time, fields, message: text(message ?? messageOf(first), args) }
  }
  return { level, time, fields: { ...cloneable(bindings), ...cloneable(first) }, message: text(message, args) }
}

/** Nothing that is logged makes the logger throw: the runtime logs what components throw, and that may be anything. */
function text(message: unknown, args: readonly unknown[]): string | undefined {
  try {
    return message === undefined ? undefined : format(message, ...args)
  } catch {
    return typeof message === 'string' ? message : describeValue(message)
  }
}

/** Errors of a record whose own fields are told. Guessed: nobody reads more, and errors may refer to each other without end. */
const mostErrors = 20

/** @param told errors whose fields are told already; where they come up again, their text stands for them. */
function cloneable(fields: unknown, told = new Set<Error>()): Record<string, unknown> {
  const safe: Record<string, unknown> = {}
  for (const [key, value] of entriesOf(fields)) {
    try {
      if (!isError(value)) safe[key] = plain(value)
      else if (told.has(value) || told.size >= mostErrors) safe[key] = headlineOf(value)
      else safe[key] = errorFields(value, told)
    } catch {
      safe[key] = text(value, []) ?? null
    }
  }
  return safe
}

function entriesOf(fields: unknown): [string, unknown][] {
  if (typeof fields !== 'object' || fields === null) return []
  try {
    return Object.keys(fields).map((key) => [key, read(fields, key)])
  } catch {
    // A proxy that throws.
    return [['value', text(fields, [])]]
  }
}

function read(fields: object, key: string): unknown {
  try {
    return Reflect.get(fields, key)
  } catch (error) {
    return `(unreadable: ${headlineOf(error)})`
  }
}

function errorFields(error: Error, told: Set<Error>): Record<string, unknown> {
  told.add(error)
  const { name: type, message, stack } = error
  return { ...cloneable(error, told), ...cloneable({ type, message, stack }) }
}

function plain(value: unknown): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') return format('%o', value)
  if (typeof value !== 'object' || value === null) return value
  if (isDeep(value)) return inspect(value, { customInspect: false })
  return clone(value)
}

/**
 * Levels of nesting that are forwarded as they are. The main thread can read about 2,400 with its smaller stack (measured on Node 26.10); one record
 * that it cannot read would take all others of its turn with it. No line anybody reads comes near this.
 */
const mostLevels = 100

function isDeep(value: object, levels = mostLevels, seen = new Set<object>()): boolean {
  if (seen.has(value)) return false
  seen.add(value)
  const inner = insideOf(value)
  return (
    levels === 0 ||
    inner.some((each: unknown) => typeof each === 'object' && each !== null && isDeep(each, levels - 1, seen))
  )
}

function insideOf(value: object): readonly unknown[] {
  if (ArrayBuffer.isView(value)) return []
  if (value instanceof Map) return [...value.keys(), ...value.values()]
  if (value instanceof Set) return [...value]
  const own: readonly unknown[] = Object.values(value)
  return isError(value) ? [...own, value.cause] : own
}

function isError(value: unknown): value is Error {
  try {
    return value instanceof Error
  } catch {
    // A revoked proxy.
    return false
  }
}
