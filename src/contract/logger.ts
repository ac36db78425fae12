/** One log method: `(message, ...args)` or `(object, message?, ...args)`, as pino has it. */
export interface LogMethod {
  (fields: object, message?: string, ...args: unknown[]): void
  (message: string, ...args: unknown[]): void
}

/** The part of pino's API that Spillway logs through; a pino logger is one. */
export interface Logger {
  trace: LogMethod
  debug: LogMethod
  info: LogMethod
  warn: LogMethod
  error: LogMethod
  fatal: LogMethod
  level: string
  child(bindings: Record<string, unknown>): Logger
}

/** What a component logs through: pino's methods, forwarded to the coordinator's logger. */
export interface ComponentLogger extends Logger {
  isLevelEnabled(level: string): boolean
  bindings(): Record<string, unknown>
  child(bindings: Record<string, unknown>): ComponentLogger
}
