import type { Logger } from '../../src/observability/logger.ts'

const drop = (): void => {}

/** Takes every record and writes none. */
export function quietLogger(): Logger {
  return {
    trace: drop,
    debug: drop,
    info: drop,
    warn: drop,
    error: drop,
    fatal: drop,
    level: 'trace',
    child: quietLogger,
  }
}
