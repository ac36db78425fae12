import { messageOf } from '../thrown.ts'
import { loadExchangeClass } from './ccxt-module.ts'
import type { CcxtClient, CcxtExchange, CcxtResponse } from './ccxt-module.ts'
import type { ResolvedConnectorConfig, UrlOverride } from './config.ts'
import { ResponseTooLarge } from './response-body.ts'
import { createTransport } from './transport.ts'

export interface ExchangeHooks {
  /** Ends requests under way. */
  readonly signal: AbortSignal
  /** What ccxt would print. */
  log(text: string): void
  /** Every HTTP response, before ccxt judges it. Header names are capitalised: 'Retry-After'. */
  onResponse(status: number, headers: Readonly<Record<string, string>>): void
  /** Every message on a socket. */
  onMessage(client: CcxtClient): void
}

/** The exchange answered with something that cannot be the answer. */
export class MalformedResponse extends Error {
  static {
    this.prototype.name = 'MalformedResponse'
  }
}

/** Options with which ccxt cannot use a transport of ours: it has to go through a proxy, or has one of the caller's. */
const OWN_TRANSPORT = /^(fetchImplementation|agent|httpsAgent|(https?|socks)_?proxy(_?callback(_.*)?)?)$/i

/**
 * An instance of ccxt's class for the exchange, with addresses, timeouts and keep-alives as configured, and with the
 * gaps closed that would let it hang, print, or end the process.
 *
 * @throws InvalidOptionsError for an unknown exchange; ConnectorError when ccxt is not installed.
 */
export async function openCcxtExchange(config: ResolvedConnectorConfig, hooks: ExchangeHooks): Promise<CcxtExchange> {
  const Exchange = await loadExchangeClass(config.exchange)
  const exchange = new Exchange(optionsOf(config))
  exchange.log = (...args) => hooks.log(args.map(String).join(' '))
  const options = Object.keys(config.exchangeOptions)
  if (!options.some((option) => OWN_TRANSPORT.test(option))) {
    exchange.fetchImplementation = createTransport({
      timeout: config.requestTimeout,
      maxResponseSize: config.maxResponseSize,
      lifetime: hooks.signal,
    })
  }
  overrideUrls(exchange, config.urls)
  limitKeepAlive(exchange, config.heartbeatInterval)
  preferFullTicker(exchange, config.exchangeOptions)
  checkResponses(exchange, hooks, config.maxResponseSize)
  watchSockets(exchange, hooks)
  // Without it ccxt refuses to open a socket that is not encrypted.
  await exchange.loadHttpProxyAgent?.()
  return exchange
}

function optionsOf({
  exchangeOptions,
  connectTimeout,
  requestTimeout,
  maxResponseSize,
}: ResolvedConnectorConfig): Record<string, unknown> {
  const { options = {}, streaming = {} } = exchangeOptions as { options?: { ws?: object }; streaming?: object }
  return {
    enableRateLimit: true,
    timeout: requestTimeout,
    // The list of markets of a large exchange is 10 MB of text, of no use once it is parsed.
    enableLastHttpResponse: false,
    ...exchangeOptions,
    streaming: { connectionTimeout: connectTimeout, ...streaming },
    // Feeds back off themselves, with jitter; ccxt's delay would come on top.
    options: { ...options, ws: { backoff: { base: 0 }, options: { maxPayload: maxResponseSize }, ...options.ws } },
  }
}

function overrideUrls(exchange: CcxtExchange, { rest, ws }: { rest?: UrlOverride; ws?: UrlOverride }): void {
  const api = exchange.urls.api
  if (typeof rest === 'string') exchange.urls.api = rebase(api, rest, /^https?:\/\/[^/]+/)
  else if (rest) exchange.urls.api = merge(api, rest)
  if (typeof ws === 'string') exchange.urls.api = rebase(exchange.urls.api, ws, /^wss?:\/\/[^/]+/)
  else if (ws) exchange.urls.api = merge(exchange.urls.api, { ws })
}

/** Puts `base` in place of what `origin` matches, in every string of the tree. */
function rebase(node: unknown, base: string, origin: RegExp): unknown {
  if (typeof node === 'string') return node.replace(origin, base)
  if (typeof node !== 'object' || node === null) return node
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, rebase(value, base, origin)]))
}

function merge(target: unknown, source: unknown): unknown {
  if (!isRecord(target) || !isRecord(source)) return source
  const merged: Record<string, unknown> = { ...target }
  for (const [key, value] of Object.entries(source)) merged[key] = key in merged ? merge(merged[key], value) : value
  return merged
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** ccxt pings as rarely as every 3 minutes: too rare to notice a dead socket. */
function limitKeepAlive(exchange: CcxtExchange, interval: number): void {
  if (exchange.streaming) exchange.streaming.keepAlive = Math.min(exchange.streaming.keepAlive ?? interval, interval)
}

/** ccxt's Binance family streams a short ticker unless told otherwise, one without bid and ask. */
function preferFullTicker(exchange: CcxtExchange, given: Readonly<Record<string, unknown>>): void {
  const set = (given['options'] as { watchTickers?: unknown } | undefined)?.watchTickers
  const { watchTickers } = exchange.options as { watchTickers?: { name?: string } }
  if (set === undefined && watchTickers?.name === 'miniTicker') watchTickers.name = 'ticker'
}

/**
 * ccxt takes a body that is no JSON as the result and makes empty tickers and candles of it. The size (bytes) is checked here as well, for bodies
 * that no transport of ours has read.
 */
function checkResponses(exchange: CcxtExchange, hooks: ExchangeHooks, maxResponseSize: number): void {
  const judge = exchange.handleErrors
  exchange.handleErrors = (...args: CcxtResponse) => {
    const [status, , url, method, headers, body, parsed] = args
    const overHttp = /^https?:/.test(url)
    if (overHttp) hooks.onResponse(status, headers)
    if (overHttp && Buffer.byteLength(body) > maxResponseSize) {
      throw new ResponseTooLarge(`the answer to ${url}`, maxResponseSize)
    }
    const judged = judge.apply(exchange, args)
    if (overHttp && judged === undefined && status >= 200 && status < 300 && parsed === undefined) {
      throw new MalformedResponse(`${method} ${url}: ${status}, but no JSON: ${JSON.stringify(body.slice(0, 80))}`)
    }
    return judged
  }
}

function watchSockets(exchange: CcxtExchange, hooks: ExchangeHooks): void {
  const receive = exchange.handleMessage
  exchange.handleMessage = (client, message) => {
    hooks.onMessage(client)
    return receive.call(exchange, client, message)
  }
  const open = exchange.client.bind(exchange)
  const guarded = new WeakSet<CcxtClient>()
  exchange.client = (url) => {
    const client = open(url)
    if (!guarded.has(client)) {
      guarded.add(client)
      guardSend(client)
    }
    return client
  }
}

/**
 * ccxt does not wait for what it sends: on a socket that has just closed the failure would be an unhandled rejection,
 * which ends the worker.
 */
function guardSend(client: CcxtClient): void {
  const send = client.send.bind(client)
  client.send = (message) => {
    const sent = send(message)
    sent.catch((error: unknown) => client.onError(error instanceof Error ? error : new Error(messageOf(error))))
    return sent
  }
}
