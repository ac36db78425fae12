import type { Logger, LogMethod } from '../../src/contract/logger.ts'

/**
 * Writes nothing.
 *
 * @param told given each line.
 * @param throws after that, as a serializer of the user's may.
 */
export function roundLogger(told: LogMethod = () => {}, throws = false): Logger {
  const log: LogMethod = (...line: readonly unknown[]) => {
    Reflect.apply(told, undefined, line)
    if (throws) throw new Error('from the logger')
  }
  return {
    trace: log,
    debug: log,
    info: log,
    warn: log,
    error: log,
    fatal: log,
    level: 'trace',
    child: () => roundLogger(told, throws),
  }
}
