import type { ComponentLogger } from '../../worker.ts'
import { runWithin } from '../timing/run-within.ts'
import type { Timing } from '../timing/timing.ts'
import type { FeedStatus } from './connector.ts'
import { ConnectorError } from './errors.ts'
import { classifyFailure } from './failure.ts'
import type { Failure } from './failure.ts'
import { nextFeedState, startFeed } from './feed-state.ts'
import type { FeedEvent, FeedState, ReconnectPolicy } from './feed-state.ts'
import type { MarketData } from './market-data.ts'
import type { Subscriber } from './subscriber.ts'
import type { TickerSource } from './ticker-source.ts'

export interface FeedOptions {
  readonly exchange: string
  readonly symbol: string
  readonly source: TickerSource
  readonly policy: ReconnectPolicy
  readonly timing: Timing
  readonly logger: ComponentLogger
  /** Called once, when the feed gives up. The subscribers have not been told. */
  readonly onFailed: (feed: Feed, error: ConnectorError) => void
}

/** Reading for the idle timeout gave nothing. */
class IdleFeed extends Error {}

/**
 * The updates of one symbol, for all who subscribed to it: read in a loop that reconnects with backoff until closed,
 * or until it has been down too long.
 */
export class Feed {
  readonly subscribers = new Set<Subscriber>()
  readonly #options: FeedOptions
  readonly #closed = new AbortController()
  readonly #running: Promise<void>
  #state: FeedState
  #lastUpdateAt: number | null = null
  #lastError: string | null = null
  #failures = 0

  constructor(options: FeedOptions) {
    this.#options = options
    this.#state = startFeed(options.timing.now())
    this.#running = this.#run()
  }

  get ended(): boolean {
    return this.#state.kind === 'ended'
  }

  status(): FeedStatus {
    return {
      symbol: this.#options.symbol,
      state: this.#state.kind,
      subscribers: this.subscribers.size,
      lastUpdateAt: this.#lastUpdateAt,
      failures: this.#failures,
      lastError: this.#lastError,
    }
  }

  /** Stops reading. The subscribers are left to whoever closes it. */
  async close(): Promise<void> {
    this.#closed.abort(new DOMException('the feed is closed', 'AbortError'))
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed
    while (!signal.aborted && !this.ended) {
      const startedAt = this.#options.timing.now()
      try {
        const update = await this.#read(signal)
        this.#apply({ kind: 'update', at: update.receivedAt })
        this.#lastUpdateAt = update.receivedAt
        for (const subscriber of this.subscribers) subscriber.push(update)
      } catch (error) {
        if (!signal.aborted) await this.#recover(error, startedAt, signal)
      }
    }
    this.#apply({ kind: 'end' })
  }

  async #read(signal: AbortSignal): Promise<MarketData> {
    const { source, symbol } = this.#options
    const ms = source.idleTimeout
    return runWithin((abort) => source.next(symbol, abort), {
      ms,
      signal,
      onTimeout: () => new IdleFeed(`no update within ${ms} ms`),
    })
  }

  async #recover(error: unknown, startedAt: number, signal: AbortSignal): Promise<void> {
    const { source, symbol, timing, logger } = this.#options
    const idle = error instanceof IdleFeed
    // The socket may be shared with others that are not idle at all: only silent ones go.
    if (idle) source.endSilentSockets()
    const failure = failureOf(error)
    this.#lastError = failure.message
    this.#failures++
    const connected = idle && source.heardSince(startedAt)
    this.#apply({ kind: 'failure', at: timing.now(), failure, connected, random: timing.random() })
    const state = this.#state
    if (state.kind === 'ended') {
      logger.error({ symbol, err: error }, 'a market data feed ended')
      const { exchange, onFailed } = this.#options
      const details = { exchange, operation: `feed of ${symbol}`, reason: failure.reason, attempts: this.#failures }
      onFailed(this, new ConnectorError(details, failure.message, { cause: error }))
      return
    }
    if (state.kind !== 'backing-off') return
    logger.debug({ symbol, err: error, attempt: state.attempt }, 'a market data feed reconnects')
    try {
      await timing.sleep(state.retryAt - timing.now(), signal)
    } catch {
      return
    }
    this.#apply({ kind: 'retry' })
  }

  #apply(event: FeedEvent): void {
    this.#state = nextFeedState(this.#state, event, this.#options.policy)
  }
}

/** Refusals, which come again however often one asks. */
const FINAL: ReadonlySet<string> = new Set(['too-large', 'authentication', 'not-supported', 'rejected', 'closed'])

function failureOf(error: unknown): Failure {
  if (error instanceof IdleFeed) return { reason: 'timeout', transient: true, message: error.message }
  if (error instanceof ConnectorError) {
    return { reason: error.reason, transient: !FINAL.has(error.reason), message: error.message }
  }
  return classifyFailure(error)
}
