import { InvalidOptionsError } from '../../worker.ts'
import { ConnectorError } from './errors.ts'
import { nearestNames, quoted } from './nearest-names.ts'

/**
 * The part of ccxt that is used here. It is described rather than imported: ccxt is an optional peer dependency, and
 * the types of its 200 classes would be loaded by everyone who compiles against this package.
 */
export interface CcxtExchange {
  readonly id: string
  readonly has: Readonly<Record<string, unknown>>
  readonly timeframes?: Readonly<Record<string, unknown>> | undefined
  readonly urls: { api?: unknown }
  readonly options: Record<string, unknown>
  readonly streaming?: { keepAlive?: number }
  markets?: Readonly<Record<string, CcxtMarket>> | undefined
  markets_by_id?: Readonly<Record<string, readonly CcxtMarket[]>> | undefined
  clients?: Record<string, CcxtClient>
  fetchImplementation?: unknown
  log: (...args: unknown[]) => void
  handleErrors: (...args: CcxtResponse) => unknown
  handleMessage: (client: CcxtClient, message: unknown) => unknown
  client(url: string): CcxtClient
  loadHttpProxyAgent?(): Promise<unknown>
  loadMarkets(reload?: boolean): Promise<unknown>
  parseTimeframe(interval: string): number
  fetchTicker(symbol: string): Promise<unknown>
  fetchOrderBook(symbol: string, limit?: number): Promise<unknown>
  fetchOHLCV(symbol: string, interval: string, since?: number, limit?: number): Promise<unknown>
  watchTicker(symbol: string): Promise<unknown>
  unWatchTicker(symbol: string): Promise<unknown>
  close(): Promise<unknown>
}

export interface CcxtMarket {
  readonly symbol: string
  readonly active?: boolean | undefined
}

/** One WebSocket. */
export interface CcxtClient {
  readonly url: string
  readonly connectionStarted?: number
  readonly connection?: { terminate?(): void } | undefined
  send(message: unknown): Promise<unknown>
  onError(error: Error): void
}

/** Arguments of handleErrors: what every HTTP response is checked with. */
export type CcxtResponse = [
  status: number,
  reason: string,
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  parsed: unknown,
  ...rest: unknown[],
]

type ExchangeClass = new (options: Record<string, unknown>) => CcxtExchange

interface CcxtModule {
  readonly version: string
  readonly exchanges: readonly string[]
  readonly pro?: Readonly<Record<string, unknown>> & { readonly exchanges: readonly string[] }
  readonly [id: string]: unknown
}

/**
 * The class of an exchange: the streaming one where there is one, which can do all that the other can. Imports ccxt:
 * 40 MB of heap, 0.5 s.
 *
 * @throws InvalidOptionsError naming the nearest exchanges; ConnectorError ('not-installed') when there is no ccxt.
 */
export async function loadExchangeClass(id: string): Promise<ExchangeClass> {
  const ccxt = await importCcxt(id)
  if (!ccxt.exchanges.includes(id)) {
    const known = `one of the ${ccxt.exchanges.length} exchanges of ccxt ${ccxt.version}`
    throw new InvalidOptionsError('exchange', `${known}; nearest: ${quoted(nearestNames(id, ccxt.exchanges))}`, id)
  }
  return (ccxt.pro?.exchanges.includes(id) ? ccxt.pro[id] : ccxt[id]) as ExchangeClass
}

async function importCcxt(exchange: string): Promise<CcxtModule> {
  // Not a literal, so that the compiler does not look for it.
  const specifier: string = 'ccxt'
  try {
    const { default: ccxt } = (await import(specifier)) as { default: CcxtModule }
    return ccxt
  } catch (cause) {
    throw new ConnectorError(
      { exchange, operation: 'loading', reason: 'not-installed' },
      'the package "ccxt" could not be imported; it is an optional peer dependency: npm install ccxt',
      { cause },
    )
  }
}
