import { hostname } from 'node:os'
import { inspect } from 'node:util'
import type { LogRecord } from '../host/control.ts'
import { createForwardedLogger, levelValues } from '../host/forwarded-logger.ts'
import type { Logger } from '../contract/logger.ts'

/** Writes on standard error what pino would write, where there is no pino. */
export function plainLogger(name: string, level: string): Logger {
  const always = { pid: process.pid, hostname: hostname(), name }
  return createForwardedLogger({ add: (record) => void process.stderr.write(`${lineOf(always, record)}\n`) }, level)
}

function lineOf(always: object, { level, time, fields, message }: LogRecord): string {
  const head = { level: levelValues[level], time, ...always }
  const told = Object.entries(fields).filter(([, value]) => value !== undefined)
  try {
    return JSON.stringify({ ...head, ...Object.fromEntries(told), msg: message })
  } catch {
    // Fields that refer to themselves, or are bigints.
    return JSON.stringify({ ...head, fields: inspect(fields), msg: message })
  }
}
