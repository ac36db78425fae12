import type { LogSource } from '../component/surroundings.ts'
import { pino } from 'pino'
import type { LogRecord } from '../host/control.ts'
import type { Logger } from '../contract/logger.ts'
import { levelValues } from '../host/forwarded-logger.ts'

/** pino on standard error, written synchronously so that the last line before an exit is not lost. */
export function defaultLogger(): Logger {
  const level = process.env['SPILLWAY_LOG_LEVEL'] ?? 'info'
  return pino(
    { name: 'spillway', level: level in levelValues ? level : 'info' },
    pino.destination({ fd: 2, sync: true }),
  )
}

/** Writes what components log, each with a child logger that carries its name, generation, and thread or process. */
export class ComponentLogs {
  readonly #logger: Logger
  readonly #children = new Map<string, LogSource & { readonly logger: Logger }>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  write(source: LogSource, records: readonly LogRecord[], dropped: number): void {
    const logger = this.#childOf(source)
    for (const { level, fields, message } of records) {
      if (level === 'silent' || !(level in levelValues)) continue
      logger[level as 'info']({ ...fields }, message)
    }
    if (dropped > 0) {
      logger.warn({ dropped }, `${dropped} log lines dropped: too many were waiting to be written already`)
    }
  }

  forget(name: string): void {
    for (const [key, child] of this.#children) if (child.name === name) this.#children.delete(key)
  }

  #childOf({ name, instance, generation, isolation, id }: LogSource): Logger {
    const known = this.#children.get(instance ?? name)
    // Of the same name and number may also be one that was registered after another.
    if (known?.generation === generation && known.id === id) return known.logger
    const logger = this.#logger.child({ component: name, ...(instance && { instance }), generation, [isolation]: id })
    this.#children.set(instance ?? name, { name, generation, isolation, id, logger })
    return logger
  }
}
