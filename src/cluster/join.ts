import { randomUUID } from 'node:crypto'
import { tellListeners } from '../base/tell-listeners.ts'
import { CoordinatorShutdownError, InvalidOptionsError } from '../contract/errors.ts'
import { ComponentCoordinator } from '../coordinator.ts'
import { clusterOf, showCluster } from '../live/joined-cluster.ts'
import { Routes } from './calling/routes.ts'
import { Cluster } from './cluster.ts'
import type { ClusterEvents } from './cluster.ts'
import { logChange } from './change-log.ts'
import { openConnections } from './connections.ts'
import { ConnectionWatch } from './connection-watch.ts'
import { resolveClusterOptions } from './cluster-options.ts'
import type { ClusterOptions, ResolvedClusterOptions } from './cluster-options.ts'
import { joinRefusal } from './join-refusal.ts'
import { Member } from './member.ts'

/**
 * Joins the hosts that are connected to the same NATS servers: what this one offers can be called by all, and what they offer by this one. NATS has to have
 * JetStream (`nats-server -js`), which keeps who owns which key.
 *
 * @throws InvalidOptionsError for a bad option, a name that another host has, another `claimTtl` or `maxSize` than the others', servers that cannot be reached or that
 * refuse the credentials, or what a host must be allowed, servers without JetStream, and a coordinator that is in a cluster already. Nothing is left open then.
 */
export async function joinCluster(coordinator: ComponentCoordinator, options: ClusterOptions): Promise<Cluster> {
  if (!(coordinator instanceof ComponentCoordinator)) {
    throw new InvalidOptionsError('coordinator', 'a ComponentCoordinator', coordinator)
  }
  const resolved = resolveClusterOptions(options)
  if (coordinator.isShutdown) throw new CoordinatorShutdownError()
  if (joining.has(coordinator) || clusterOf(coordinator) !== undefined) {
    const expected = 'one that is in no cluster yet, or has left it'
    throw new InvalidOptionsError('coordinator', expected, 'one that has joined one, or is joining')
  }
  joining.add(coordinator)
  try {
    return await join(coordinator, resolved)
  } catch (error) {
    throw joinRefusal(error, resolved)
  } finally {
    joining.delete(coordinator)
  }
}

/** Coordinators that have begun to join a cluster, and not come to an end with it. */
const joining = new WeakSet<ComponentCoordinator>()

async function join(coordinator: ComponentCoordinator, resolved: ResolvedClusterOptions): Promise<Cluster> {
  await using undo = new AsyncDisposableStack()
  const connections = await openConnections(resolved, undo)
  const { keepAlive, inContext, logger } = coordinator.parts
  return await inContext(async () => {
    const told: { cluster?: Cluster; member?: Member } = {}
    const tell = <E extends keyof ClusterEvents>(event: E, payload: ClusterEvents[E][0]): void => {
      if (told.cluster) tellListeners(told.cluster, event, payload, { inContext, logger })
    }
    const watches = [...new Set(Object.values(connections))].map((connection) =>
      undo.use(new ConnectionWatch(connection, logger, () => told.member?.connectedAgain())),
    )
    const trouble = (): string | undefined => watches.map((watch) => watch.trouble).find((why) => why !== undefined)
    const member = await Member.join(
      connections,
      coordinator,
      resolved,
      randomUUID(),
      {
        move: (move) => tell('move', move),
        change: (change) => {
          const { type, host, why } = change
          logChange(logger, change, resolved.name)
          told.cluster?.look()
          tell('host', { type, name: host.id.name, why })
        },
      },
      () => trouble() === undefined,
    )
    told.member = member
    const routes = new Routes({
      hosts: () => member.hosts(),
      host: (name) => member.host(name),
      channel: (to) => member.channel(to),
      gone: (host, why) => member.gone(host, why),
      links: member.links,
      trouble,
      keepAlive,
      claimTtl: resolved.claimTtl,
    })
    const end = undo.move()
    const cluster = (told.cluster = new Cluster(member, routes, async () => end.disposeAsync()))
    end.defer(showCluster(coordinator, cluster))
    return cluster
  })
}
