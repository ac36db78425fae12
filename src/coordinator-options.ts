import type { CoordinatorOptions } from './contract/coordinator-options.ts'
import type { Clock } from './contract/clock.ts'
import type { DefinitionDefaults } from './component/definition.ts'
import { InvalidOptionsError } from './contract/errors.ts'
import type { MemoryOptions } from './contract/memory-options.ts'
import { headlineOf } from './contract/describe-value.ts'
import { timeOf } from './base/guarded-clock.ts'
import { resolveMemoryOptions } from './memory/options.ts'
import type { Logger } from './contract/logger.ts'
import {
  expectInteger,
  expectKnown,
  expectNumber,
  expectOptional,
  expectRecord,
  orDefault,
} from './base/option-checks.ts'

export interface ResolvedCoordinatorOptions {
  readonly memory: MemoryOptions
  readonly defaults: DefinitionDefaults
  readonly clock: Clock | undefined
  readonly logger: Logger | undefined
  readonly spareWorkers: number
  readonly shutdownTimeout: number
  readonly control: boolean
}

const known = [
  'memory',
  'timeout',
  'autoUnloadEnabled',
  'clock',
  'logger',
  'spareWorkers',
  'shutdownTimeout',
  'control',
]
const duration = { min: 1, max: 2 ** 31 - 1 }

/** @throws InvalidOptionsError naming the option, what was expected and what was got. */
export function resolveCoordinatorOptions(options: CoordinatorOptions): ResolvedCoordinatorOptions {
  expectRecord('options', options)
  expectKnown(options, known)
  const { timeout = {}, memory = {}, autoUnloadEnabled, control } = options
  expectRecord('memory', memory)
  expectRecord('timeout', timeout)
  expectKnown(timeout, ['load', 'call', 'dispose'], 'timeout.')
  if (autoUnloadEnabled !== undefined && typeof autoUnloadEnabled !== 'boolean') {
    throw new InvalidOptionsError('autoUnloadEnabled', 'true or false', autoUnloadEnabled)
  }
  if (control !== undefined && typeof control !== 'boolean') {
    throw new InvalidOptionsError('control', 'true or false', control)
  }
  return {
    memory: resolveMemoryOptions({ ...(autoUnloadEnabled !== undefined && { autoUnloadEnabled }), ...memory }),
    defaults: {
      load: expectNumber('timeout.load', orDefault(timeout.load, 30_000), duration),
      call: expectOptional(timeout.call, (value) => expectNumber('timeout.call', value, duration)),
      dispose: expectNumber('timeout.dispose', orDefault(timeout.dispose, 5_000), duration),
    },
    clock: expectOptional(options.clock, expectClock),
    logger: expectOptional(options.logger, expectLogger),
    spareWorkers: expectInteger('spareWorkers', orDefault(options.spareWorkers, 1), { min: 0, max: 64 }),
    shutdownTimeout: expectNumber('shutdownTimeout', orDefault(options.shutdownTimeout, 25_000), duration),
    control: control ?? process.env['SPILLWAY_CONTROL'] === '1',
  }
}

function expectClock(clock: Clock): Clock {
  const methods = ['now', 'setTimeout', 'clearTimeout'] as const
  if (typeof clock !== 'object' || clock === null || methods.some((name) => typeof clock[name] !== 'function')) {
    throw new InvalidOptionsError('clock', 'an object with the methods now, setTimeout and clearTimeout', clock)
  }
  try {
    timeOf(clock)
  } catch (error) {
    const wrong = `a clock that shows a time (${headlineOf(error)})`
    throw new InvalidOptionsError('clock', wrong, clock, { cause: error })
  }
  return clock
}

/** Of pino's methods those that it cannot do without: lines of a level that it has no method for go to a lower one, or nowhere. */
function expectLogger(logger: Logger): Logger {
  const methods = ['info', 'child'] as const
  const isObject = (typeof logger === 'object' && logger !== null) || typeof logger === 'function'
  const missing = methods.filter((name) => !isObject || typeof logger[name] !== 'function')
  if (missing.length === 0) return logger
  const lacking = isObject ? ` (it has no ${missing.join(', ')})` : ''
  throw new InvalidOptionsError(
    'logger',
    `a pino logger, or an object with its methods${lacking}; pino({ level: 'silent' }) or SPILLWAY_LOG_LEVEL=silent writes nothing`,
    logger,
  )
}
