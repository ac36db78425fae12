import { InvalidOptionsError, OverloadedError } from '../../worker.ts'
import { CallbackSubscriber } from './callback-subscriber.ts'
import type {
  FeedStatus,
  MarketDataCallback,
  MarketDataStream,
  SubscriptionEndCallback,
  SubscriptionStatus,
} from './connector.ts'
import { ConnectorError } from './errors.ts'
import { Feed } from './feed.ts'
import type { FeedOptions } from './feed.ts'
import type { Markets } from './markets.ts'
import { StreamSubscriber } from './stream-subscriber.ts'
import type { Subscriber } from './subscriber.ts'

export interface SubscriptionsOptions extends Omit<FeedOptions, 'symbol' | 'onFailed'> {
  readonly markets: Markets
  readonly bufferSize: number
  /** ms */
  readonly callbackTimeout: number
  readonly maxSubscriptions: number
  /** What the ids of subscriptions begin with; unique per load, so that an id of an earlier one means nothing. */
  readonly idPrefix: string
}

interface Entry {
  readonly subscriber: Subscriber
  /** As asked for; once the markets are known, the unified symbol. */
  symbol: string
}

/** Who is subscribed to what: one feed per symbol, opened for the first subscriber and closed after the last. */
export class Subscriptions {
  readonly #options: SubscriptionsOptions
  readonly #entries = new Map<string, Entry>()
  readonly #feeds = new Map<string, Feed>()
  /** Feeds on their way out, by symbol. */
  readonly #closing = new Map<string, Promise<void>>()
  #sequence = 0
  #closed = false

  constructor(options: SubscriptionsOptions) {
    this.#options = options
  }

  openStream(symbol: string): MarketDataStream {
    return new StreamSubscriber({
      id: this.#nextId(),
      bufferSize: this.#options.bufferSize,
      start: (subscriber) => this.#add(subscriber, symbol),
      stop: (subscriber) => this.#remove(subscriber.id),
    })
  }

  async openCallback(symbol: string, callback: MarketDataCallback, onEnd?: SubscriptionEndCallback): Promise<string> {
    if (typeof callback !== 'function') throw new InvalidOptionsError('callback', 'a function', callback)
    if (onEnd !== undefined && typeof onEnd !== 'function') throw new InvalidOptionsError('onEnd', 'a function', onEnd)
    const subscriber = new CallbackSubscriber({
      id: this.#nextId(),
      symbol: await this.#options.markets.resolve(symbol),
      callback,
      onEnd,
      timeout: this.#options.callbackTimeout,
      logger: this.#options.logger,
      stop: ({ id }) => this.#remove(id),
    })
    await this.#add(subscriber, symbol)
    return subscriber.id
  }

  /** Ends subscriptions by id or symbol. */
  async unsubscribe(symbolOrId: string): Promise<number> {
    const symbol = this.#options.markets.lookup(symbolOrId) ?? symbolOrId
    const entries = [...this.#entries].filter(([id, entry]) => id === symbolOrId || entry.symbol === symbol)
    for (const [id, { subscriber }] of entries) {
      subscriber.end()
      this.#remove(id)
    }
    await Promise.all(this.#closing.values())
    return entries.length
  }

  feeds(): FeedStatus[] {
    return [...this.#feeds.values()].map((feed) => feed.status())
  }

  list(): SubscriptionStatus[] {
    return [...this.#entries].map(([id, { subscriber, symbol }]) => {
      const { kind, delivered, conflated } = subscriber
      return { id, symbol, kind, delivered, conflated }
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const [id, { subscriber }] of this.#entries) {
      subscriber.end()
      this.#remove(id)
    }
    await Promise.all(this.#closing.values())
    await this.#options.source.disconnect()
  }

  async #add(subscriber: Subscriber, wanted: string): Promise<void> {
    const { markets, maxSubscriptions, exchange } = this.#options
    if (this.#entries.size >= maxSubscriptions) {
      throw new OverloadedError(exchange, maxSubscriptions, { what: 'subscriptions' })
    }
    const entry: Entry = { subscriber, symbol: wanted }
    this.#entries.set(subscriber.id, entry)
    try {
      entry.symbol = await markets.resolve(wanted)
      // Of any symbol: sockets that are being closed are no good for a new feed.
      while (this.#closing.size > 0) await Promise.all(this.#closing.values())
      if (this.#closed) {
        const details = { exchange, operation: 'subscribeMarketData', reason: 'closed' } as const
        throw new ConnectorError(details, 'the connector is being unloaded')
      }
    } catch (error) {
      this.#entries.delete(subscriber.id)
      throw error
    }
    // It may have been unsubscribed while the markets were fetched.
    if (!this.#entries.has(subscriber.id)) return
    this.#feedOf(entry.symbol).subscribers.add(subscriber)
  }

  #feedOf(symbol: string): Feed {
    const running = this.#feeds.get(symbol)
    if (running) return running
    const feed = new Feed({ ...this.#options, symbol, onFailed: (failed, error) => this.#fail(failed, error) })
    this.#feeds.set(symbol, feed)
    return feed
  }

  #remove(id: string): void {
    const entry = this.#entries.get(id)
    if (!entry) return
    this.#entries.delete(id)
    const feed = this.#feeds.get(entry.symbol)
    if (!feed?.subscribers.delete(entry.subscriber) || feed.subscribers.size > 0) return
    this.#feeds.delete(entry.symbol)
    const closing = this.#close(entry.symbol, feed).finally(() => this.#closing.delete(entry.symbol))
    this.#closing.set(entry.symbol, closing)
  }

  #fail(feed: Feed, error: ConnectorError): void {
    for (const subscriber of feed.subscribers) {
      subscriber.end(error)
      this.#remove(subscriber.id)
    }
  }

  async #close(symbol: string, feed: Feed): Promise<void> {
    const { source, logger } = this.#options
    try {
      await feed.close()
      // With the last feed the sockets go as well; that needs no acknowledgement.
      await (this.#feeds.size === 0 ? source.disconnect() : source.stop(symbol))
    } catch (error) {
      logger.warn({ symbol, err: error }, 'closing a market data feed failed')
    }
  }

  #nextId(): string {
    return `${this.#options.idPrefix}${++this.#sequence}`
  }
}
