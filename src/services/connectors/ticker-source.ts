import type { ComponentLogger } from '../../worker.ts'
import { runWithin } from '../timing/run-within.ts'
import type { Timing } from '../timing/timing.ts'
import type { CcxtClient, CcxtExchange } from './ccxt-module.ts'
import type { MarketData } from './market-data.ts'
import { normaliseTicker } from './normalise.ts'

/** Where the updates of feeds come from. */
export interface TickerSource {
  /** ms without an update after which the feed looks whether the connection is alive. */
  readonly idleTimeout: number
  /** The next update of the symbol; rejects when the connection breaks or cannot be made. */
  next(symbol: string, signal: AbortSignal): Promise<MarketData>
  /** Ends sockets that carried nothing for the idle timeout. */
  endSilentSockets(): void
  /** Whether any socket carried anything since (ms since the epoch). */
  heardSince(time: number): boolean
  /** No more updates of the symbol are wanted. */
  stop(symbol: string): Promise<void>
  /** Closes all sockets. */
  disconnect(): Promise<void>
}

/** Updates over WebSocket, as ccxt streams them. */
export class WatchSource implements TickerSource {
  readonly idleTimeout: number
  readonly #exchange: CcxtExchange
  readonly #closeTimeout: number
  readonly #timing: Timing
  readonly #logger: ComponentLogger
  readonly #heard = new WeakMap<CcxtClient, number>()
  #lastHeard = 0

  constructor(options: {
    exchange: CcxtExchange
    idleTimeout: number
    closeTimeout: number
    timing: Timing
    logger: ComponentLogger
  }) {
    this.idleTimeout = options.idleTimeout
    this.#exchange = options.exchange
    this.#closeTimeout = options.closeTimeout
    this.#timing = options.timing
    this.#logger = options.logger
  }

  /** To be called with every message. */
  heard(client: CcxtClient): void {
    this.#lastHeard = this.#timing.now()
    this.#heard.set(client, this.#lastHeard)
  }

  async next(symbol: string): Promise<MarketData> {
    const ticker = await this.#exchange.watchTicker(symbol)
    return normaliseTicker(ticker, this.#exchange.id, symbol, this.#timing.now())
  }

  heardSince(time: number): boolean {
    return this.#lastHeard >= time
  }

  endSilentSockets(): void {
    const oldest = this.#timing.now() - this.idleTimeout
    for (const client of this.#clients()) {
      const heard = this.#heard.get(client) ?? client.connectionStarted ?? 0
      if (heard > oldest) continue
      client.onError(new Error(`nothing was heard from ${client.url} for ${this.idleTimeout} ms`))
      client.connection?.terminate?.()
    }
  }

  async stop(symbol: string): Promise<void> {
    // Where ccxt cannot unsubscribe, updates go on unheard until the last feed ends and the sockets close.
    if (!this.#exchange.has['unWatchTicker']) return
    try {
      await this.#bounded(`the end of ${symbol} was not acknowledged`, () => this.#exchange.unWatchTicker(symbol))
    } catch (error) {
      // What state the socket is in is unknown now; new sockets are the only sure way, and the other feeds reconnect
      // by themselves.
      this.#logger.debug({ symbol, err: error }, 'unsubscribing failed, reconnecting')
      await this.disconnect()
    }
  }

  async disconnect(): Promise<void> {
    const clients = this.#clients()
    try {
      await this.#bounded('the sockets did not close', () => this.#exchange.close())
    } catch (error) {
      this.#logger.debug({ err: error }, 'closing sockets by force')
    } finally {
      for (const client of clients) client.connection?.terminate?.()
    }
  }

  #bounded(problem: string, work: () => Promise<unknown>): Promise<unknown> {
    const onTimeout = (): Error => new Error(`${problem} within ${this.#closeTimeout} ms`)
    return runWithin(work, { ms: this.#closeTimeout, onTimeout })
  }

  #clients(): CcxtClient[] {
    return Object.values(this.#exchange.clients ?? {})
  }
}

/** Updates by asking again and again, for exchanges that ccxt cannot stream from. */
export class PollSource implements TickerSource {
  readonly idleTimeout: number
  readonly #fetch: (symbol: string) => Promise<MarketData>
  readonly #interval: number
  readonly #timing: Timing
  readonly #polled = new Set<string>()

  /** `interval` and `fetchTimeout`, which bounds `fetch`, are ms. */
  constructor(options: {
    fetch: (symbol: string) => Promise<MarketData>
    interval: number
    fetchTimeout: number
    timing: Timing
  }) {
    this.#fetch = options.fetch
    this.#interval = options.interval
    this.#timing = options.timing
    this.idleTimeout = options.interval + 2 * options.fetchTimeout
  }

  async next(symbol: string, signal: AbortSignal): Promise<MarketData> {
    if (this.#polled.has(symbol)) await this.#timing.sleep(this.#interval, signal)
    this.#polled.add(symbol)
    return this.#fetch(symbol)
  }

  heardSince(): boolean {
    return false
  }

  endSilentSockets(): void {}

  async stop(symbol: string): Promise<void> {
    this.#polled.delete(symbol)
  }

  async disconnect(): Promise<void> {}
}
