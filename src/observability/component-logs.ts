import type { LogSource } from '../component/surroundings.ts'
import nodeModule from 'node:module'
import type * as Pino from 'pino'
import { resolvePackage } from '../base/package-files.ts'
import type { LogRecord } from '../host/control.ts'
import { describeValue } from '../contract/describe-value.ts'
import type { Logger } from '../contract/logger.ts'
import { levelValues } from '../host/forwarded-logger.ts'
import { plainLogger } from './plain-logger.ts'

/**
 * pino on standard error, written synchronously so that the last line before an exit is not lost. Where a bundle runs without it, a plain one writes such lines:
 * in a bundle pino would not find its own files, and made to an ES module could not be loaded at all.
 */
export function defaultLogger(): Logger {
  const level = levelOfEnvironment()
  const path = resolvePackage('pino')
  if (path === undefined) return plainLogger('spillway', level)
  const { pino } = nodeModule.createRequire(path)(path) as typeof Pino
  return pino({ name: 'spillway', level }, pino.destination({ fd: 2, sync: true }))
}

let unknownLevel: string | undefined

function levelOfEnvironment(): string {
  const given = process.env['SPILLWAY_LOG_LEVEL'] || 'info'
  if (Object.hasOwn(levelValues, given)) return given
  if (given !== unknownLevel) {
    const known = Object.keys(levelValues).join(', ')
    const warning = `SPILLWAY_LOG_LEVEL is ${describeValue(given)}, and has to be one of ${known}: logs are written at info`
    process.emitWarning(warning, { type: 'SpillwayWarning', code: 'SPILLWAY_UNKNOWN_LOG_LEVEL' })
  }
  unknownLevel = given
  return 'info'
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
