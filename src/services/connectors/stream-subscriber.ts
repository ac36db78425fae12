import { errorOf } from '../thrown.ts'
import type { MarketDataStream } from './connector.ts'
import type { MarketData } from './market-data.ts'
import type { Subscriber } from './subscriber.ts'

export interface StreamSubscriberOptions {
  readonly id: string
  /** Updates that may wait; a newer one then pushes the oldest out. */
  readonly bufferSize: number
  /** Subscribes; called when the first update is asked for. */
  readonly start: (subscriber: Subscriber) => Promise<void>
  /** Unsubscribes; called when the reader leaves. */
  readonly stop: (subscriber: Subscriber) => void
}

/**
 * A state of a market is only worth its newest value, so a reader that falls behind misses the older ones; it never
 * holds up the feed.
 */
export class StreamSubscriber implements Subscriber, MarketDataStream {
  readonly kind = 'stream'
  readonly id: string
  delivered = 0
  conflated = 0
  readonly #options: StreamSubscriberOptions
  readonly #buffer: MarketData[] = []
  #waiting: PromiseWithResolvers<IteratorResult<MarketData, void>>[] = []
  #started = false
  #ended: { error: Error | undefined } | undefined

  constructor(options: StreamSubscriberOptions) {
    this.id = options.id
    this.#options = options
  }

  push(update: MarketData): void {
    if (this.#ended) return
    const reader = this.#waiting.shift()
    if (reader) {
      this.delivered++
      reader.resolve({ done: false, value: update })
      return
    }
    this.#buffer.push(update)
    if (this.#buffer.length > this.#options.bufferSize) {
      this.#buffer.shift()
      this.conflated++
    }
  }

  end(error?: Error): void {
    if (this.#ended) return
    const [first, ...others] = this.#waiting
    this.#waiting = []
    // An error is told once; after it, and to whoever else asks, the stream is simply over.
    this.#ended = { error: first ? undefined : error }
    if (error) first?.reject(error)
    else first?.resolve({ done: true, value: undefined })
    for (const reader of others) reader.resolve({ done: true, value: undefined })
  }

  async next(): Promise<IteratorResult<MarketData, void>> {
    const update = this.#buffer.shift()
    if (update) {
      this.delivered++
      return { done: false, value: update }
    }
    if (this.#ended) {
      const { error } = this.#ended
      this.#ended = { error: undefined }
      if (error) throw error
      return { done: true, value: undefined }
    }
    const reader = Promise.withResolvers<IteratorResult<MarketData, void>>()
    this.#waiting.push(reader)
    if (!this.#started) {
      this.#started = true
      this.#options.start(this).catch((error: unknown) => this.end(errorOf(error)))
    }
    return reader.promise
  }

  async return(): Promise<IteratorResult<MarketData, void>> {
    this.#buffer.length = 0
    this.end()
    this.#options.stop(this)
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }
}
