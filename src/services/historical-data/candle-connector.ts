import { InvalidOptionsError, isInvalidOptionsError, withCallOptions } from '../../worker.ts'
import { checkKnown, checkNumber, checkObject, checkText, count, duration } from '../option-checks.ts'
import { parseCandles } from './candle-input.ts'
import type { Candle, CandleColumns } from './candles.ts'
import { CandleFetchError } from './errors.ts'
import type { Interval } from './interval.ts'

/** Where candles that are not stored are fetched from. */
export interface CandleConnectorConfig {
  /**
   * The name of a component with the method `getCandles` of an ExchangeConnector: 'exchange-connector:binance', say, once
   * `getConnector('binance')` of a LazyConnectorManager has made it known. It is loaded by the first fetch; while there is none of that name, or it
   * cannot be loaded, fetching fails, and what is stored can be read.
   */
  component: string
  /** Candles asked for at once. Default 1,000. */
  pageSize?: number
  /** For one answer, ms. Default 60,000. */
  timeout?: number
  /** Candles that one call of getHistoricalData may have fetched; more are for `prefetch`. Default 100,000. */
  maxCandles?: number
  /**
   * How long it is remembered, at most, that the connector had no candles where it was asked for some, ms. What was missing only shortly
   * after its time is asked for again sooner. Default 86,400,000 (a day).
   */
  emptyMaxAge?: number
}

/** @throws InvalidOptionsError */
export function parseCandleConnectorConfig(config: CandleConnectorConfig): Required<CandleConnectorConfig> {
  checkObject('connector', config)
  checkKnown(config, ['component', 'pageSize', 'timeout', 'maxCandles', 'emptyMaxAge'], 'connector.')
  return {
    component: checkText('connector.component', config.component),
    pageSize: checkNumber('connector.pageSize', config.pageSize ?? 1_000, { min: 1, max: 100_000, whole: true }),
    timeout: checkNumber('connector.timeout', config.timeout ?? 60_000, duration),
    maxCandles: checkNumber('connector.maxCandles', config.maxCandles ?? 100_000, count),
    emptyMaxAge: checkNumber('connector.emptyMaxAge', config.emptyMaxAge ?? 86_400_000, { min: 0 }),
  }
}

/**
 * The first `limit` candles from `since` (epoch ms) on, ascending and checked; fewer, or none, where the source has no more.
 *
 * @throws CandleFetchError; InvalidOptionsError for a symbol or interval that the source does not know.
 */
export type FetchCandles = (symbol: string, interval: Interval, since: number, limit: number) => Promise<CandleColumns>

/** The part of a connector that is used, as its remote has it. */
interface CandleConnector {
  getCandles(symbol: string, interval: string, query: { since: number; limit: number }): Promise<readonly Candle[]>
}

/**
 * Fetches from a component that this one depends on.
 *
 * @param signal ends what is under way.
 * @throws InvalidOptionsError when it is none of the dependencies.
 */
export function fetchFromComponent(
  dependencies: Readonly<Record<string, unknown>>,
  { component, timeout }: Required<CandleConnectorConfig>,
  signal: AbortSignal,
): FetchCandles {
  const remote = dependencies[component]
  if (typeof remote !== 'object' || remote === null) {
    const known = Object.keys(dependencies).join(', ') || 'none'
    throw new InvalidOptionsError('connector.component', `a dependency of this component (${known})`, component)
  }
  const connector = withCallOptions(remote, { timeout, signal }) as CandleConnector
  return async (symbol, interval, since, limit) => {
    try {
      return parseCandles(await connector.getCandles(symbol, interval, { since, limit }), interval)
    } catch (cause) {
      signal.throwIfAborted()
      // A symbol or interval that it does not know; its candles are checked here, and are no option of the caller.
      if (isInvalidOptionsError(cause) && !cause.option?.startsWith('candles')) throw cause
      throw new CandleFetchError({ component, symbol, interval, since }, { cause })
    }
  }
}
