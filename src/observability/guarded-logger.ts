import type { InContext } from '../base/context.ts'
import { headlineOf } from '../contract/describe-value.ts'
import type { Logger, LogMethod } from '../contract/logger.ts'
import { LogTap } from './log-tap.ts'
import { LostLines } from './lost-lines.ts'
import { runUserCode } from '../base/user-code.ts'

type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

/** By which method a line is written: the first that there is. What is told in detail can be left out. */
const insteadOf: Readonly<Record<Level, readonly Level[]>> = {
  trace: ['trace'],
  debug: ['debug'],
  info: ['info'],
  warn: ['warn', 'info'],
  error: ['error', 'warn', 'info'],
  fatal: ['fatal', 'error', 'warn', 'info'],
}

/** What a logger has in common with those that come from it; `bindings` are more each time, and not looked into before they have to be. */
interface Shared {
  readonly bindings: readonly object[]
  readonly lost: LostLines
  readonly tap: LogTap
}

/**
 * The program's logger, which is used from the midst of what the runtime does: it runs in a context of its own, and nothing it throws (a serializer, a
 * mixin, a hook) goes further, nor what is logged. What it does not write is told by warnings of the process instead.
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
  readonly #shared: Shared
  #made: Logger | undefined

  /** @param make may throw; it is called again with the next line then. */
  constructor(
    make: () => Logger,
    inContext: InContext,
    shared: Shared = { bindings: [], lost: new LostLines(inContext), tap: new LogTap() },
  ) {
    this.#make = make
    this.#inContext = inContext
    this.#shared = shared
  }

  /** Tells of its lines, and of those of all that come from it. */
  get tap(): LogTap {
    return this.#shared.tap
  }

  get level(): string {
    try {
      return this.#logger.level
    } catch {
      return 'info'
    }
  }

  child(bindings: Record<string, unknown>): GuardedLogger {
    const shared = { ...this.#shared, bindings: [...this.#shared.bindings, bindings] }
    return new GuardedLogger(() => this.#logger.child(bindings), this.#inContext, shared)
  }

  /** Another logger of the program's, guarded in the same way. */
  guard(logger: Logger): GuardedLogger {
    return new GuardedLogger(() => logger, this.#inContext)
  }

  get #logger(): Logger {
    return (this.#made ??= this.#make())
  }

  #method(level: Level): LogMethod {
    return (...line: readonly unknown[]): void => {
      const write = (): unknown => {
        const logger: Partial<Logger> = this.#logger
        const method = insteadOf[level].find((each) => typeof logger[each] === 'function')
        const written: unknown = method && Reflect.apply(logger[method] as LogMethod, logger, line)
        const { tap, bindings } = this.#shared
        tap.listener?.({ level, logger: this.#logger, bindings, line })
        return written
      }
      runUserCode(this.#inContext, write, (error) => this.#tell(level, line, error))
    }
  }

  /** Only its message: what else is in it the logger may have had to redact. */
  #tell(level: Level, line: readonly unknown[], error: unknown): void {
    const message = line.find((part) => typeof part === 'string') ?? '(no message)'
    const component = [...this.#shared.bindings, line[0]].map(componentOf).findLast((name) => name !== undefined)
    const of = component === undefined ? '' : ` of component "${component}"`
    this.#shared.lost.add(`(${headlineOf(error)}) at a line${of}, ${level}: ${message}`)
  }
}

function componentOf(fields: unknown): string | undefined {
  try {
    if (typeof fields !== 'object' || fields === null || !('component' in fields)) return undefined
    return typeof fields.component === 'string' ? fields.component : undefined
  } catch {
    // A getter or a proxy that throws.
    return undefined
  }
}
