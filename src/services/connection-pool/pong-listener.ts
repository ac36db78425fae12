import { randomUUID } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'

/** The only place where undici tells of pongs. */
const CHANNEL = 'undici:websocket:pong'

/**
 * Waits for the pongs of pings, which carry a name to be told apart by: the channel is shared with every other
 * listener of the thread.
 */
export class PongListener implements Disposable {
  readonly #waiting = new Map<string, () => void>()
  readonly #name = randomUUID()
  #sequence = 0
  readonly #onPong = (message: unknown): void => {
    const { payload } = message as { payload?: Uint8Array }
    if (!payload) return
    const key = Buffer.from(payload).toString('latin1')
    this.#waiting.get(key)?.()
  }

  constructor() {
    subscribe(CHANNEL, this.#onPong)
  }

  /** Sends a ping and waits for its pong; false when it did not come within `timeout` ms. */
  async ping(send: (payload: Buffer) => void, timeout: number): Promise<boolean> {
    const key = `${this.#name} ${++this.#sequence}`
    const payload = Buffer.from(key, 'latin1')
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const timer = setTimeout(() => resolve(false), timeout)
    this.#waiting.set(key, () => resolve(true))
    try {
      send(payload)
      return await promise
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(key)
    }
  }

  [Symbol.dispose](): void {
    unsubscribe(CHANNEL, this.#onPong)
  }
}
