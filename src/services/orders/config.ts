import { InvalidOptionsError } from '../../worker.ts'
import { checkKnown, checkNumber, checkObject, longestTimer } from '../option-checks.ts'
import { OrderRules } from './order-rules.ts'
import type { SymbolRules } from './order-rules.ts'

export interface OrderServiceConfig {
  /** The SQLite file; made when it does not exist, its directory must. */
  readonly path: string
  /** Rules by symbol; those of '*' hold for symbols that have none of their own. Default: none. */
  readonly rules?: Readonly<Record<string, SymbolRules>> | undefined
  /** How long to wait for another process that writes to the file, ms, default 2,000. The thread does nothing else meanwhile. */
  readonly busyTimeout?: number | undefined
}

export interface ParsedOrderServiceConfig {
  readonly path: string
  readonly rules: OrderRules
  readonly busyTimeout: number
}

/** @throws InvalidOptionsError naming the option. */
export function parseOrderServiceConfig(config: OrderServiceConfig): ParsedOrderServiceConfig {
  checkKnown(checkObject('config', config), ['path', 'rules', 'busyTimeout'])
  const { path, rules, busyTimeout = 2_000 } = config
  if (typeof path !== 'string' || path.trim() === '' || path === ':memory:') {
    throw new InvalidOptionsError('path', 'the path of a file', path)
  }
  return {
    path,
    rules: new OrderRules(rules),
    busyTimeout: checkNumber('busyTimeout', busyTimeout, { min: 0, max: longestTimer, whole: true }),
  }
}
