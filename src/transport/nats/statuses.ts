import type { NatsConnection } from '@nats-io/transport-node'

/** What is said of a connection, until it is closed. The package has a way to listen no longer, and its types do not. */
export type Statuses = ReturnType<NatsConnection['status']> & { stop?(): void }
