import { releaseProxy } from 'comlink'
import { isComponentCrashedError, isCoordinatorShutdownError } from '../../worker.ts'
import type { ComponentLogger } from '../../worker.ts'
import { runWithin } from '../timing/run-within.ts'
import type { MarketDataCallback, SubscriptionEndCallback } from './connector.ts'
import type { MarketData } from './market-data.ts'
import type { Subscriber } from './subscriber.ts'

export interface CallbackSubscriberOptions {
  readonly id: string
  readonly symbol: string
  readonly callback: MarketDataCallback
  readonly onEnd: SubscriptionEndCallback | undefined
  /** ms for one call. */
  readonly timeout: number
  readonly logger: ComponentLogger
  /** Unsubscribes; called when the callback is given up. */
  readonly stop: (subscriber: Subscriber) => void
}

/** Failures in a row after which a callback that throws is dropped. */
const MAX_FAILURES = 5

class CallbackTimeout extends Error {}

type CallbackState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'calling'; readonly next: MarketData | undefined }
  | { readonly kind: 'ended' }

/**
 * Calls back for each update, one call at a time; what comes in while a call is under way is replaced by what is
 * newer.
 */
export class CallbackSubscriber implements Subscriber {
  readonly kind = 'callback'
  readonly id: string
  delivered = 0
  conflated = 0
  readonly #options: CallbackSubscriberOptions
  #state: CallbackState = { kind: 'idle' }
  #failures = 0

  constructor(options: CallbackSubscriberOptions) {
    this.id = options.id
    this.#options = options
  }

  push(update: MarketData): void {
    switch (this.#state.kind) {
      case 'idle':
        void this.#deliver(update)
        return
      case 'calling':
        if (this.#state.next) this.conflated++
        this.#state = { kind: 'calling', next: update }
        return
      case 'ended':
    }
  }

  end(error?: Error): void {
    if (this.#state.kind === 'ended') return
    this.#state = { kind: 'ended' }
    void this.#tellEnd(error)
  }

  async #deliver(first: MarketData): Promise<void> {
    let update: MarketData | undefined = first
    while (update) {
      this.#state = { kind: 'calling', next: undefined }
      const drop = await this.#call(update)
      if (drop) return this.#drop(drop.error)
      // `end` may have been called meanwhile.
      const after = this.#state as CallbackState
      if (after.kind !== 'calling') return
      update = after.next
    }
    this.#state = { kind: 'idle' }
  }

  async #call(update: MarketData): Promise<{ error: unknown } | undefined> {
    const { callback, timeout } = this.#options
    try {
      const onTimeout = (): Error => new CallbackTimeout(`the callback did not return within ${timeout} ms`)
      await runWithin(async () => callback(update), { ms: timeout, onTimeout })
      this.delivered++
      this.#failures = 0
      return undefined
    } catch (error) {
      this.#failures++
      return isGone(error) || this.#failures >= MAX_FAILURES ? { error } : undefined
    }
  }

  #drop(error: unknown): void {
    if (this.#state.kind === 'ended') return
    const { id, symbol, logger, stop } = this.#options
    logger.warn(
      { subscription: id, symbol, err: error },
      'a subscription was dropped: its callback is gone, stuck or keeps failing',
    )
    this.#state = { kind: 'ended' }
    this.#release()
    stop(this)
  }

  async #tellEnd(error: Error | undefined): Promise<void> {
    const { id, symbol, onEnd, timeout, logger } = this.#options
    try {
      if (onEnd) {
        const detail = error ? { error: { code: codeOf(error), message: error.message } } : {}
        const onTimeout = (): Error => new CallbackTimeout(`onEnd did not return within ${timeout} ms`)
        await runWithin(async () => onEnd({ id, symbol, ...detail }), { ms: timeout, onTimeout })
      }
    } catch (failure) {
      logger.warn({ subscription: id, symbol, err: failure }, 'the end of a subscription could not be told')
    } finally {
      this.#release()
    }
  }

  /** A callback from another thread holds a port, and its owner counts as in use, until it is released. */
  #release(): void {
    for (const held of [this.#options.callback, this.#options.onEnd] as { [releaseProxy]?: () => void }[]) {
      held?.[releaseProxy]?.()
    }
  }
}

/** Whether the one to be called is no longer there, as opposed to having failed. */
function isGone(error: unknown): boolean {
  return (
    error instanceof CallbackTimeout ||
    isComponentCrashedError(error) ||
    isCoordinatorShutdownError(error) ||
    (error instanceof DOMException && error.name === 'AbortError')
  )
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : 'ERR_UNKNOWN'
}
