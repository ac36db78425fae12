import type { ComponentContext } from '../../worker.ts'
import { checkNumber } from '../option-checks.ts'
import type { Candle } from '../historical-data/candles.ts'
import { systemTiming } from '../timing/timing.ts'
import type { Timing } from '../timing/timing.ts'
import { fetchCandles, parseCandleQuery } from './candle-pages.ts'
import { openCcxtExchange } from './ccxt-exchange.ts'
import type { CcxtExchange } from './ccxt-module.ts'
import { parseConnectorConfig } from './config.ts'
import type { ConnectorConfig, ResolvedConnectorConfig } from './config.ts'
import type {
  ConnectorStatus,
  ExchangeConnector,
  MarketDataCallback,
  MarketDataStream,
  SubscriptionEndCallback,
} from './connector.ts'
import type { MarketData } from './market-data.ts'
import { Markets } from './markets.ts'
import { normaliseCandles, normaliseOrderBook, normaliseTicker } from './normalise.ts'
import { RateGate } from './rate-gate.ts'
import { RequestRunner } from './request-runner.ts'
import { Subscriptions } from './subscriptions.ts'
import { PollSource, WatchSource } from './ticker-source.ts'
import type { TickerSource } from './ticker-source.ts'

/** What a connector needs of a component's context. */
export type ConnectorContext = Pick<ComponentContext, 'logger' | 'signal' | 'generation'>

/**
 * Opens a connector to the exchange that ccxt knows as `config.exchange`. Nothing is sent before the first call.
 *
 * @throws InvalidOptionsError for a bad option; of an unknown exchange it names the nearest. ConnectorError when ccxt
 * is not installed.
 */
export async function createExchangeConnector(
  config: ConnectorConfig,
  context: ConnectorContext,
  timing: Timing = systemTiming,
  gate = new RateGate(timing),
): Promise<ExchangeConnector & AsyncDisposable> {
  const parsed = parseConnectorConfig(config)
  const lifetime = new AbortController()
  const signal = AbortSignal.any([context.signal, lifetime.signal])
  let watch: WatchSource | undefined
  const exchange = await openCcxtExchange(parsed, {
    signal,
    log: (text) => context.logger.debug({ exchange: parsed.exchange }, text),
    onResponse: (status, headers) => gate.observe(status, headers),
    onMessage: (client) => watch?.heard(client),
  })
  const runner = new RequestRunner({
    exchange: parsed.exchange,
    policy: { retries: parsed.retries, base: parsed.retryDelay, max: parsed.maxRetryDelay },
    callTimeout: parsed.callTimeout,
    gate,
    timing,
    signal,
  })
  const markets = new Markets({ exchange, runner, timing, maxAge: parsed.marketsMaxAge })
  const requests = createRequests({ exchange, runner, markets, timing })
  if (exchange.has['watchTicker']) watch = createWatchSource(exchange, parsed, context, timing)
  const subscriptions = new Subscriptions({
    exchange: parsed.exchange,
    markets,
    source: watch ?? createPollSource(requests.getMarketData, parsed, timing),
    policy: { base: parsed.reconnectDelay, max: parsed.maxReconnectDelay, timeout: parsed.reconnectTimeout },
    bufferSize: parsed.bufferSize,
    callbackTimeout: parsed.callbackTimeout,
    maxSubscriptions: parsed.maxSubscriptions,
    idPrefix: `${parsed.exchange}-${context.generation}-`,
    timing,
    logger: context.logger,
  })

  function subscribeMarketData(symbol: string): MarketDataStream
  function subscribeMarketData(
    symbol: string,
    callback: MarketDataCallback,
    onEnd?: SubscriptionEndCallback,
  ): Promise<string>
  function subscribeMarketData(
    symbol: string,
    callback?: MarketDataCallback,
    onEnd?: SubscriptionEndCallback,
  ): MarketDataStream | Promise<string> {
    return callback === undefined
      ? subscriptions.openStream(symbol)
      : subscriptions.openCallback(symbol, callback, onEnd)
  }

  return {
    ...requests,
    subscribeMarketData,
    unsubscribe: (symbolOrId) => subscriptions.unsubscribe(symbolOrId),
    getStatus: () => describe({ exchange, runner, markets, gate, subscriptions, signal }),
    async [Symbol.asyncDispose]() {
      lifetime.abort(new DOMException('the connector is being unloaded', 'AbortError'))
      await subscriptions.close()
    },
  }
}

type Requests = Pick<ExchangeConnector, 'getMarketData' | 'getOrderBook' | 'getCandles'>

function createRequests(parts: {
  exchange: CcxtExchange
  runner: RequestRunner
  markets: Markets
  timing: Timing
}): Requests {
  const { exchange, runner, markets, timing } = parts
  return {
    getMarketData: async (symbol) =>
      runner.run('getMarketData', async () => {
        const market = await markets.resolve(symbol)
        return normaliseTicker(await exchange.fetchTicker(market), exchange.id, market, timing.now())
      }),

    getOrderBook: async (symbol, depth) => {
      if (depth !== undefined) checkNumber('depth', depth, { min: 1, max: 10_000, whole: true })
      return runner.run('getOrderBook', async () => {
        const market = await markets.resolve(symbol)
        return normaliseOrderBook(await exchange.fetchOrderBook(market, depth), exchange.id, market, depth)
      })
    },

    getCandles: async (symbol, interval, query) => {
      const request = parseCandleQuery(exchange, interval, query)
      // The deadline is that of a page: a long range takes as long as its pages do.
      const page = (since: number | undefined, limit: number): Promise<Candle[]> =>
        runner.run('getCandles', async () => {
          const market = await markets.resolve(symbol)
          return normaliseCandles(await exchange.fetchOHLCV(market, request.interval, since, limit), market)
        })
      return fetchCandles(request, page, () => timing.now())
    },
  }
}

function createWatchSource(
  exchange: CcxtExchange,
  { streamIdleTimeout, closeTimeout }: ResolvedConnectorConfig,
  { logger }: ConnectorContext,
  timing: Timing,
): WatchSource {
  return new WatchSource({ exchange, idleTimeout: streamIdleTimeout, closeTimeout, timing, logger })
}

function createPollSource(
  fetch: (symbol: string) => Promise<MarketData>,
  { pollInterval, callTimeout }: ResolvedConnectorConfig,
  timing: Timing,
): TickerSource {
  return new PollSource({ fetch, interval: pollInterval, fetchTimeout: callTimeout, timing })
}

function describe(parts: {
  exchange: CcxtExchange
  runner: RequestRunner
  markets: Markets
  gate: RateGate
  subscriptions: Subscriptions
  signal: AbortSignal
}): ConnectorStatus {
  const { exchange, runner, markets, gate, subscriptions, signal } = parts
  const feeds = subscriptions.feeds()
  const { succeeded, failed, retried } = runner.counts
  const state = (): ConnectorStatus['state'] => {
    if (signal.aborted) return 'closed'
    if (gate.wait > 0) return 'rate-limited'
    if (runner.lastFailed || feeds.some((feed) => feed.state === 'backing-off')) return 'degraded'
    return succeeded > 0 ? 'ready' : 'idle'
  }
  return {
    exchange: exchange.id,
    state: state(),
    markets: markets.size,
    requests: { succeeded, failed, retried },
    rateLimitedUntil: gate.opensAt,
    sockets: Object.keys(exchange.clients ?? {}).length,
    feeds,
    subscriptions: subscriptions.list(),
    lastError: runner.lastError,
  }
}
