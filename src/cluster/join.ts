import { randomUUID } from 'node:crypto'
import { connect } from '@nats-io/transport-node'
import type { NatsConnection } from '@nats-io/transport-node'
import { messageOf } from '../contract/describe-value.ts'
import { CoordinatorShutdownError, InvalidOptionsError } from '../contract/errors.ts'
import { ComponentCoordinator } from '../coordinator.ts'
import { showCluster } from '../live/joined-cluster.ts'
import { Routes } from './calling/routes.ts'
import { Cluster } from './cluster.ts'
import { logChange } from './change-log.ts'
import { ConnectionWatch } from './connection-watch.ts'
import { resolveClusterOptions } from './cluster-options.ts'
import type { ClusterOptions, ResolvedClusterOptions } from './cluster-options.ts'
import { Member } from './member.ts'

/**
 * Joins the hosts that are connected to the same NATS servers: what this one offers can be called by all, and what they offer by this one. NATS has to have
 * JetStream (`nats-server -js`), which keeps who owns which key.
 *
 * @throws InvalidOptionsError for a bad option, a name that another host has, another `claimTtl` than the others', servers that cannot be reached or that
 * refuse the credentials, and servers without JetStream. Nothing is left open then.
 */
export async function joinCluster(coordinator: ComponentCoordinator, options: ClusterOptions): Promise<Cluster> {
  if (!(coordinator instanceof ComponentCoordinator)) {
    throw new InvalidOptionsError('coordinator', 'a ComponentCoordinator', coordinator)
  }
  const resolved = resolveClusterOptions(options)
  if (coordinator.isShutdown) throw new CoordinatorShutdownError()
  await using undo = new AsyncDisposableStack()
  const connection = await connectionOf(resolved)
  const isOurs = connection !== resolved.connect
  if (isOurs) undo.defer(async () => connection.close())
  const { keepAlive, inContext, logger } = coordinator.parts
  return await inContext(async () => {
    const told: { cluster?: Cluster } = {}
    const watch = undo.use(new ConnectionWatch(connection, logger))
    const member = await Member.join(
      connection,
      coordinator,
      resolved,
      randomUUID(),
      {
        move: (move) => void told.cluster?.emit('move', move),
        change: (change) => {
          logChange(logger, change, resolved.name)
          told.cluster?.changed(change)
        },
      },
      () => watch.trouble === undefined,
    )
    const routes = new Routes({
      hosts: () => member.hosts(),
      host: (name) => member.host(name),
      channel: (to) => member.channel(to),
      gone: (host, why) => member.gone(host, why),
      links: member.links,
      trouble: () => watch.trouble,
      keepAlive,
      claimTtl: resolved.claimTtl,
    })
    const end = undo.move()
    const cluster = (told.cluster = new Cluster(member, routes, async () => end.disposeAsync()))
    end.defer(showCluster(coordinator, cluster))
    return cluster
  })
}

async function connectionOf({ connect: given, name }: ResolvedClusterOptions): Promise<NatsConnection> {
  if (!('servers' in given)) return given
  try {
    return await connect({
      name: `spillway ${name}`,
      // A host that lost its servers joins them again whenever they are back.
      maxReconnectAttempts: -1,
      reconnectTimeWait,
      ...given.nats,
      servers: given.servers,
    })
  } catch (cause) {
    const servers = given.servers.join(', ')
    throw new InvalidOptionsError(
      'servers',
      `NATS servers that take a connection with these credentials (${messageOf(cause)})`,
      servers,
      { cause },
    )
  }
}

/** ms between two attempts to connect again. Guessed: claims last for seconds. */
const reconnectTimeWait = 250
