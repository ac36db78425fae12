import { InvalidOptionsError } from '../../worker.ts'
import type { Timing } from '../timing/timing.ts'
import { MalformedResponse } from './ccxt-exchange.ts'
import type { CcxtExchange } from './ccxt-module.ts'
import { nearestNames, quoted } from './nearest-names.ts'
import type { RequestRunner } from './request-runner.ts'

/**
 * The markets of an exchange: fetched with the first request, once for all that wait for them, and again when they
 * are old and a symbol is missing.
 */
export class Markets {
  readonly #exchange: CcxtExchange
  readonly #runner: RequestRunner
  readonly #timing: Timing
  /** ms */
  readonly #maxAge: number
  #loadedAt: number | undefined
  #loading: Promise<void> | undefined

  constructor(options: { exchange: CcxtExchange; runner: RequestRunner; timing: Timing; maxAge: number }) {
    this.#exchange = options.exchange
    this.#runner = options.runner
    this.#timing = options.timing
    this.#maxAge = options.maxAge
  }

  get size(): number {
    return Object.keys(this.#exchange.markets ?? {}).length
  }

  /**
   * The unified symbol of what was asked for.
   *
   * @throws InvalidOptionsError naming the nearest symbols; ConnectorError when the markets cannot be fetched.
   */
  async resolve(symbol: unknown): Promise<string> {
    if (typeof symbol !== 'string' || symbol.trim() === '') {
      throw new InvalidOptionsError('symbol', 'a symbol such as "BTC/USDT"', symbol)
    }
    if (this.#loadedAt === undefined) await this.#load()
    const found = this.lookup(symbol)
    if (found !== undefined) return found
    if (this.#timing.now() - (this.#loadedAt ?? 0) >= this.#maxAge) {
      await this.#load()
      const listed = this.lookup(symbol)
      if (listed !== undefined) return listed
    }
    const nearest = quoted(nearestNames(symbol, Object.keys(this.#exchange.markets ?? {})))
    throw new InvalidOptionsError(
      'symbol',
      `one of the ${this.size} symbols of ${this.#exchange.id}; nearest: ${nearest}`,
      symbol,
    )
  }

  /** The unified symbol, if it is known already. */
  lookup(symbol: string): string | undefined {
    const { markets = {}, markets_by_id: byId = {} } = this.#exchange
    for (const candidate of [symbol, symbol.toUpperCase(), symbol.toUpperCase().replaceAll(/[-_]/g, '/')]) {
      if (Object.hasOwn(markets, candidate)) return candidate
      if (Object.hasOwn(byId, candidate)) return byId[candidate]?.[0]?.symbol
    }
    return undefined
  }

  async #load(): Promise<void> {
    this.#loading ??= this.#runner
      .run('loadMarkets', async () => {
        // Always a reload: without, ccxt answers a retry with the failure it remembers.
        await this.#exchange.loadMarkets(true)
        if (this.size === 0) throw new MalformedResponse('the exchange lists no markets')
        this.#loadedAt = this.#timing.now()
      })
      .finally(() => {
        this.#loading = undefined
      })
    return this.#loading
  }
}
