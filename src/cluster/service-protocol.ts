import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node'
import { messageOf } from '../contract/describe-value.ts'
import type { Logger } from '../contract/logger.ts'
import { listenTo } from '../transport/nats/listen-to.ts'
import type { PeerId } from './directory.ts'

/**
 * NATS's service protocol (its ADR-32), so that its tools find the hosts: `nats micro ls`, `info` and `stats` ask all services of an account, those of a name, or one instance. Each host
 * is an instance of the service "spillway", and what it offers are its endpoints.
 */
export interface ServiceOptions {
  readonly connection: NatsConnection
  readonly self: PeerId
  /** Of the package. */
  readonly version: string
  readonly subject: string
  readonly collect: () => ServiceNews
  readonly logger: Pick<Logger, 'error'>
}

export interface ServiceNews {
  /** What is told with it: level, room and so on. */
  readonly metadata: Readonly<Record<string, string>>
  readonly endpoints: readonly ServiceEndpoint[]
}

export interface ServiceEndpoint {
  /** Of a component or family. */
  readonly name: string
  readonly kind: string
  readonly calls: number
  readonly errors: number
  /** Empty: none. */
  readonly lastError: string
  /** ns, all calls together. */
  readonly time: number
}

const serviceName = 'spillway'
const type = (verb: string): string => `io.nats.micro.v1.${verb}_response`

/** Answers until it is disposed of. */
export class ServiceProtocol implements Disposable {
  readonly #options: ServiceOptions
  readonly #started = new Date().toISOString()
  readonly #subscriptions: readonly Subscription[]

  constructor(options: ServiceOptions) {
    this.#options = options
    this.#subscriptions = [
      ...this.#answer('PING', () => this.#ping()),
      ...this.#answer('INFO', () => this.#info()),
      ...this.#answer('STATS', () => this.#stats()),
    ]
  }

  [Symbol.dispose](): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe()
  }

  #answer(verb: string, answer: () => object): Subscription[] {
    const { connection, self, logger } = this.#options
    const failed = (thrown: unknown): void => logger.error(`$SRV.${verb} could not be answered: ${messageOf(thrown)}`)
    const take = (message: Msg): void => {
      if (message.reply) message.respond(JSON.stringify(answer()))
    }
    return [`$SRV.${verb}`, `$SRV.${verb}.${serviceName}`, `$SRV.${verb}.${serviceName}.${self.session}`].map(
      (subject) => listenTo(connection, subject, { take, refused: failed, failed }),
    )
  }

  #ping(): object {
    return this.#identified('ping', this.#options.collect().metadata)
  }

  #info(): object {
    const { metadata, endpoints } = this.#options.collect()
    return {
      ...this.#identified('info', metadata),
      description: `Components of ${this.#options.self.name}`,
      endpoints: endpoints.map(({ name, kind }) => ({ ...this.#place(name), metadata: { kind, component: name } })),
    }
  }

  #stats(): object {
    const { metadata, endpoints } = this.#options.collect()
    return {
      ...this.#identified('stats', metadata),
      started: this.#started,
      endpoints: endpoints.map(({ name, calls, errors, lastError, time }) => ({
        ...this.#place(name),
        num_requests: calls,
        num_errors: errors,
        last_error: lastError,
        processing_time: Math.round(time),
        average_processing_time: calls === 0 ? 0 : Math.round(time / calls),
      })),
    }
  }

  #identified(verb: string, metadata: Readonly<Record<string, string>>): object {
    const { self, version } = this.#options
    return {
      type: type(verb),
      name: serviceName,
      id: self.session,
      version,
      metadata: { ...metadata, host: self.name },
    }
  }

  #place(name: string): object {
    return { name: tokenOf(name), subject: this.#options.subject, queue_group: '' }
  }
}

/** Names of endpoints have letters, digits, - and _ only. */
function tokenOf(name: string): string {
  return name.replaceAll(/[^\w-]/g, '_')
}
