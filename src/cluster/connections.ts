import type * as Transport from '@nats-io/transport-node'
import type { NatsConnection } from '@nats-io/transport-node'
import { importPackage } from '../base/package-files.ts'
import { messageOf } from '../contract/describe-value.ts'
import { InvalidOptionsError } from '../contract/errors.ts'
import type { ResolvedClusterOptions } from './cluster-options.ts'

/** By what a host talks to the others. With a connection of the user's own there is only that one. */
export interface Connections {
  /** Calls: values of any size. */
  readonly calls: NatsConnection
  /** Claims and what hosts tell of themselves: small, and in time only where it does not wait behind values. */
  readonly claims: NatsConnection
}

/** ms between two attempts to connect again. Guessed: claims last for seconds. */
const reconnectTimeWait = 250
/** ms that a server is given to greet. Guessed: NATS's own 20,000 are longer than most claims last. */
const connectTimeout = 5_000

/**
 * @param undo closes what was made.
 * @throws InvalidOptionsError
 */
export async function openConnections(
  { connect: given, name }: ResolvedClusterOptions,
  undo: AsyncDisposableStack,
): Promise<Connections> {
  if (!('servers' in given)) return { calls: given, claims: given }
  const { connect } = await installed()
  const open = async (label: string): Promise<NatsConnection> => {
    const connection = await openConnection(connect, given, label)
    // One that cannot be closed is gone already.
    undo.defer(async () => connection.close().catch(() => {}))
    return connection
  }
  return { calls: await open(`spillway ${name}`), claims: await open(`spillway ${name} claims`) }
}

/** @throws InvalidOptionsError when the package is not installed. */
async function installed(): Promise<typeof Transport> {
  try {
    return (await importPackage('@nats-io/transport-node')) as typeof Transport
  } catch (cause) {
    const packages = 'npm install @nats-io/transport-node @nats-io/jetstream @nats-io/kv'
    throw new InvalidOptionsError('servers', `NATS's packages to be installed (${packages})`, undefined, { cause })
  }
}

async function openConnection(
  connect: typeof Transport.connect,
  { servers, nats }: Extract<ResolvedClusterOptions['connect'], { servers: unknown }>,
  name: string,
): Promise<NatsConnection> {
  try {
    return await connect({
      name,
      // A host that lost its servers joins them again whenever they are back.
      maxReconnectAttempts: -1,
      reconnectTimeWait,
      timeout: connectTimeout,
      ...nats,
      servers,
    })
  } catch (cause) {
    throw new InvalidOptionsError(
      'servers',
      `NATS servers that take a connection with these credentials (${messageOf(cause)})`,
      servers.join(', '),
      { cause },
    )
  }
}
