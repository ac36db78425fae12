import type { NatsConnection, Subscription } from '@nats-io/transport-node'
import type { ClusterMove, MoveKind } from '../contract/cluster.ts'
import type { Logger } from '../contract/logger.ts'
import { listenTo } from '../transport/nats/listen-to.ts'

/** bytes of what is told of one move. Guessed: names and a key of 200 characters each, and a sentence. */
const largestNews = 4 * 1024
const kinds: readonly unknown[] = ['placed', 'taken-over', 'handed-over', 'given-back', 'lost'] satisfies MoveKind[]

/** Moves, as hosts tell each other of them: JSON, so that whoever listens can read it. */
export class MoveNews implements Disposable {
  readonly #connection: NatsConnection
  readonly #subject: string
  readonly #host: string
  readonly #subscription: Subscription

  /** @param heard told of those that others tell. */
  constructor(
    connection: NatsConnection,
    subject: string,
    host: string,
    heard: (move: ClusterMove) => void,
    logger: Pick<Logger, 'error'>,
  ) {
    this.#connection = connection
    this.#subject = subject
    this.#host = host
    this.#subscription = listenTo(connection, subject, {
      take: ({ data }) => {
        const news = readNews(data)
        if (news && news.by !== host) heard(news.move)
      },
      refused: (error) => logger.error({ err: error }, `the cluster's subject "${subject}" cannot be listened to`),
      failed: (thrown) => logger.error({ err: thrown }, `what came on "${subject}" could not be taken in`),
    })
  }

  tell(move: ClusterMove): void {
    if (this.#connection.isClosed()) return
    this.#connection.publish(this.#subject, JSON.stringify({ by: this.#host, move }))
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe()
  }
}

/** Undefined for what is none: anybody may publish there. */
function readNews(bytes: Uint8Array): { readonly by: string; readonly move: ClusterMove } | undefined {
  if (bytes.length > largestNews) return undefined
  try {
    const { by, move } = JSON.parse(Buffer.from(bytes).toString()) as { by: unknown; move: Record<string, unknown> }
    const { kind, time, family, key, from, to, why } = move
    const isName = (value: unknown): value is string | undefined => value === undefined || typeof value === 'string'
    if (typeof by !== 'string' || !kinds.includes(kind) || typeof time !== 'number' || typeof why !== 'string')
      return undefined
    if (typeof family !== 'string' || typeof key !== 'string' || !isName(from) || !isName(to)) return undefined
    return { by, move: { kind: kind as MoveKind, time, family, key, from, to, why } }
  } catch {
    return undefined
  }
}
