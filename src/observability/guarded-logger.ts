import type { InContext } from '../context.ts'
import { headlineOf } from '../describe-value.ts'
import type { Logger, LogMethod } from './logger.ts'
import { runUserCode } from '../user-code.ts'

type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

/**
 * The program's logger, which is used from the midst of what the runtime does: it runs in a context of its own, and nothing it throws (a serializer, a
 * mixin, a hook, a method that is missing) goes further. What it does not write is told by a warning of the process instead.
 */
export class GuardedLogger implements Logger {
  readonly trace: LogMethod = this.#method('trace')
  readonly debug: LogMethod = this.#method('debug')
  readonly info: LogMethod = this.#method('info')
  readonly warn: LogMethod = this.#method('warn')
  readonly error: LogMethod = this.#method('error')
  readonly fatal: LogMethod = this.#method('fatal')
  readonly #make: () => Logger
  readonly #inContext: InContext
  readonly #bindings: Readonly<Record<string, unknown>>
  #made: Logger | undefined

  /** @param make may throw; it is called again with the next line then. */
  constructor(make: () => Logger, inContext: InContext, bindings: Readonly<Record<string, unknown>> = {}) {
    this.#make = make
    this.#inContext = inContext
    this.#bindings = bindings
  }

  get level(): string {
    try {
      return this.#logger.level
    } catch {
      return 'info'
    }
  }

  child(bindings: Record<string, unknown>): GuardedLogger {
    return new GuardedLogger(() => this.#logger.child(bindings), this.#inContext, { ...this.#bindings, ...bindings })
  }

  get #logger(): Logger {
    return (this.#made ??= this.#make())
  }

  #method(level: Level): LogMethod {
    return (...line: readonly unknown[]): void => {
      const write = (): unknown => Reflect.apply(this.#logger[level], this.#logger, line)
      runUserCode(this.#inContext, write, (error) => this.#tell(level, line, error))
    }
  }

  /** Only its message: what else is in it the logger may have had to redact. */
  #tell(level: Level, line: readonly unknown[], error: unknown): void {
    const message = line.find((part) => typeof part === 'string') ?? '(no message)'
    const [fields] = line
    const { component } = typeof fields === 'object' && fields && 'component' in fields ? fields : this.#bindings
    const of = typeof component === 'string' ? ` of component "${component}"` : ''
    process.emitWarning(`The logger failed (${headlineOf(error)}) at a line${of}, ${level}: ${message}`, {
      type: 'SpillwayWarning',
      code: 'SPILLWAY_LOG_FAILED',
    })
  }
}
