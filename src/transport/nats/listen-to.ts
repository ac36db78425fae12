import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node'

export interface Listener {
  readonly take: (message: Msg) => void
  /** The server does not allow it. */
  readonly refused: (error: Error) => void
  /** `take` has thrown. */
  readonly failed: (thrown: unknown) => void
}

/** A subscription whose listener may throw: NATS's own would take that for the end of the connection. */
export function listenTo(
  connection: NatsConnection,
  subject: string,
  { take, refused, failed }: Listener,
): Subscription {
  return connection.subscribe(subject, {
    callback: (error, message) => {
      try {
        if (error) refused(error)
        else take(message)
      } catch (thrown) {
        failed(thrown)
      }
    },
  })
}
