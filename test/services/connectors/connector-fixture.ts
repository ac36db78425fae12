import { createExchangeConnector } from '../../../src/services/connectors/exchange-connector.ts'
import type { ConnectorConfig } from '../../../src/services/connectors/config.ts'
import type { ExchangeConnector } from '../../../src/services/connectors/connector.ts'
import type { Timing } from '../../../src/services/timing/timing.ts'
import { systemTiming } from '../../../src/services/timing/timing.ts'
import type { ComponentLogger } from '../../../src/worker.ts'
import { FakeExchange } from './fake-exchange.ts'
import type { FakeExchangeOptions } from './fake-exchange.ts'

export const silent: ComponentLogger = {
  level: 'silent',
  trace: () => {},
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  fatal: () => {},
  isLevelEnabled: () => false,
  bindings: () => ({}),
  child: () => silent,
}

/** Real time, but always the same dice. */
export const steady: Timing = { ...systemTiming, random: () => 0.5 }

/** Delays are short; what a busy machine could make late is given all the time it needs. */
const shortTimes = {
  requestTimeout: 20_000,
  callTimeout: 40_000,
  retryDelay: 5,
  maxRetryDelay: 20,
  reconnectDelay: 5,
  maxReconnectDelay: 20,
  // ccxt's own limit for Binance would make every test wait.
  exchangeOptions: { rateLimit: 1 },
} satisfies Partial<ConnectorConfig>

export interface Fixture extends AsyncDisposable {
  readonly exchange: FakeExchange
  readonly connector: ExchangeConnector & AsyncDisposable
}

/** ccxt's binance, connected to a fake of it. */
export async function openFixture(
  config: Partial<ConnectorConfig> = {},
  options: FakeExchangeOptions & { readonly timing?: Timing; readonly signal?: AbortSignal } = {},
): Promise<Fixture> {
  const exchange = await FakeExchange.start(options)
  const context = { logger: silent, signal: options.signal ?? new AbortController().signal, generation: 1 }
  const urls = { rest: exchange.restUrl, ws: exchange.wsUrl }
  const connector = await createExchangeConnector(
    { exchange: 'binance', urls, ...shortTimes, ...config },
    context,
    options.timing ?? steady,
  )
  return {
    exchange,
    connector,
    async [Symbol.asyncDispose]() {
      await connector[Symbol.asyncDispose]()
      await exchange[Symbol.asyncDispose]()
    },
  }
}
