import { InvalidOptionsError } from '../../worker.ts'
import type { Size } from '../../worker.ts'
import { checkKnown, checkNumber, size } from '../option-checks.ts'
import { parseCandleConnectorConfig } from './candle-connector.ts'
import type { CandleConnectorConfig } from './candle-connector.ts'

export interface HistoricalDataConfig {
  /** The SQLite file; made when it does not exist, in a directory that does. */
  path: string
  /** Open an existing file for reading only. Default false. */
  readOnly?: boolean
  /** Bytes of query results kept for reuse; 0 keeps none. Default 100 MiB. */
  maxCacheSize?: Size
  /** How long a result is kept, ms. Default 3,600,000 (an hour). */
  cacheTtl?: number
  /** How long to wait for a database that another connection has locked, ms; 0 does not wait. Default 5,000. */
  timeout?: number
  /** Where candles that are not stored are fetched from. Default: nowhere, there is what is stored. */
  connector?: CandleConnectorConfig
}

/** A configuration with everything checked and filled in. */
export interface ResolvedHistoricalDataConfig extends Required<Omit<HistoricalDataConfig, 'connector'>> {
  maxCacheSize: number
  connector: Required<CandleConnectorConfig> | undefined
}

/** @throws InvalidOptionsError */
export function parseHistoricalDataConfig(config: unknown): ResolvedHistoricalDataConfig {
  if (typeof config !== 'object' || config === null) {
    throw new InvalidOptionsError('config', 'an object with at least "path"', config)
  }
  checkKnown(config, ['path', 'readOnly', 'maxCacheSize', 'cacheTtl', 'timeout', 'connector'])
  const given = config as Record<keyof HistoricalDataConfig, unknown>
  const { path, readOnly = false } = given
  // SQLite reads these as databases of its own that vanish with the connection, and so with every unload.
  if (typeof path !== 'string' || path === '' || path === ':memory:' || path.includes('\0')) {
    throw new InvalidOptionsError('path', 'the path of a SQLite file', path)
  }
  if (typeof readOnly !== 'boolean') throw new InvalidOptionsError('readOnly', 'a boolean', readOnly)
  const connector =
    given.connector === undefined ? undefined : parseCandleConnectorConfig(given.connector as CandleConnectorConfig)
  if (readOnly && connector) {
    throw new InvalidOptionsError('readOnly', 'false, as what the connector has is stored', readOnly)
  }
  return {
    path,
    readOnly,
    connector,
    maxCacheSize: checkNumber('maxCacheSize', given.maxCacheSize ?? 100 * 1024 ** 2, { ...size, min: 0 }),
    cacheTtl: checkNumber('cacheTtl', given.cacheTtl ?? 3_600_000, { min: 1, whole: true }),
    timeout: checkNumber('timeout', given.timeout ?? 5_000, { min: 0, whole: true }),
  }
}
