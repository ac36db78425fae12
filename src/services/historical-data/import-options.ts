import { InvalidOptionsError } from '../../worker.ts'
import { checkKnown, checkNumber } from '../option-checks.ts'
import type { CsvImportOptions } from './api.ts'
import { parseInterval } from './interval.ts'
import { parseSymbol } from './query.ts'

/** @throws InvalidOptionsError */
export function parseCsvImportOptions(options: CsvImportOptions): Required<CsvImportOptions> {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionsError('options', 'an object with at least "symbol" and "interval"', options)
  }
  checkKnown(options, ['symbol', 'interval', 'batchSize', 'onError', 'atomic'])
  const { onError = 'abort', batchSize = 10_000 } = options
  if (onError !== 'abort' && onError !== 'skip') throw new InvalidOptionsError('onError', '"abort" or "skip"', onError)
  const { atomic = onError === 'abort' } = options
  if (typeof atomic !== 'boolean') throw new InvalidOptionsError('atomic', 'a boolean', atomic)
  return {
    symbol: parseSymbol(options.symbol),
    interval: parseInterval(options.interval),
    batchSize: checkNumber('batchSize', batchSize, { min: 1, max: 1_000_000, whole: true }),
    onError,
    atomic,
  }
}
