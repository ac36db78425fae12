import type { NatsConnection } from '@nats-io/transport-node'
import type { Logger } from '../contract/logger.ts'
import type { Statuses } from '../transport/nats/statuses.ts'

/** Whether this host is connected to NATS, which is logged when it changes. */
export class ConnectionWatch implements Disposable {
  readonly #statuses: Statuses
  readonly #logger: Pick<Logger, 'info' | 'warn' | 'error'>
  readonly #onReconnect: () => void
  #trouble: string | undefined

  constructor(connection: NatsConnection, logger: Pick<Logger, 'info' | 'warn' | 'error'>, onReconnect: () => void) {
    this.#statuses = connection.status()
    this.#logger = logger
    this.#onReconnect = onReconnect
    void this.#watch()
  }

  /** What is wrong with it; undefined: nothing. */
  get trouble(): string | undefined {
    return this.#trouble
  }

  [Symbol.dispose](): void {
    this.#statuses.stop?.()
  }

  async #watch(): Promise<void> {
    for await (const status of this.#statuses) {
      switch (status.type) {
        case 'disconnect':
          this.#trouble = 'this host is not connected to NATS just now'
          this.#logger.warn(
            { server: status.server },
            'disconnected from NATS: keys are kept for as long as their claims last',
          )
          break
        case 'reconnect':
          this.#trouble = undefined
          this.#logger.info({ server: status.server }, 'connected to NATS again')
          this.#onReconnect()
          break
        case 'error':
          this.#logger.error({ err: status.error }, 'NATS refuses something that this host needs')
          break
        default:
      }
    }
    this.#trouble = 'the connection of this host to NATS is closed'
  }
}
