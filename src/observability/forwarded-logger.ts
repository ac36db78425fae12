import { format } from 'node:util'
import type { LogRecord } from '../host/control.ts'
import type { ComponentLogger, LogMethod } from './logger.ts'

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

/** Gathers log records and sends them once per turn of the event loop, in order. */
export class LogForwarder {
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
  forwarder: LogForwarder,
  level: string,
  bindings: Readonly<Record<string, unknown>> = {},
): ComponentLogger {
  const logger = { level } as ComponentLogger
  const method =
    (name: string): LogMethod =>
    (first: unknown, ...rest: unknown[]): void => {
      if (!logger.isLevelEnabled(name)) return
      forwarder.add(toRecord(name, bindings, first, rest))
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
    child: (more: Record<string, unknown>) => createForwardedLogger(forwarder, logger.level, { ...bindings, ...more }),
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
  const text = (message: unknown, args: unknown[]): string | undefined =>
    message === undefined ? undefined : format(message, ...args)
  if (typeof first === 'string') return { level, time, fields: cloneable(bindings), message: text(first, rest) }
  const [message, ...args] = rest
  if (first instanceof Error) {
    const fields = cloneable({ ...bindings, err: first })
    return { level, time, fields, message: text(message ?? first.message, args) }
  }
  return { level, time, fields: cloneable({ ...bindings, ...(first as object) }), message: text(message, args) }
}

function cloneable(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const safe: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(fields)) {
    if (value instanceof Error) {
      safe[key] = {
        ...cloneable(Object.fromEntries(Object.entries(value))),
        type: value.name,
        message: value.message,
        stack: value.stack,
      }
      continue
    }
    try {
      safe[key] = typeof value === 'object' && value !== null ? structuredClone(value) : plain(value)
    } catch {
      safe[key] = format('%o', value)
    }
  }
  return safe
}

function plain(value: unknown): unknown {
  return typeof value === 'function' || typeof value === 'symbol' ? format('%o', value) : value
}
