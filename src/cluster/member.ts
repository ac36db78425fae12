import { Patience } from '../base/deadline.ts'
import { sleep } from '../base/timers.ts'
import type { CallbackLinks } from '../channel/marshal.ts'
import type { ComponentFamily } from '../component/family.ts'
import type { ClusterMove } from '../contract/cluster.ts'
import type { Remote } from '../contract/remote.ts'
import type { ComponentCoordinator } from '../coordinator.ts'
import { peerChannels } from '../transport/nats/peer-channels.ts'
import { PeerNetwork } from '../transport/nats/peer-network.ts'
import type { PeerChannel } from '../transport/nats/peer.ts'
import { Announcer } from './announcer.ts'
import { askHost } from './ask-host.ts'
import { packageVersion } from './package-version.ts'
import { Claims } from './claims/claims.ts'
import type { Tenure } from './claims/claims.ts'
import type { ResolvedClusterOptions } from './cluster-options.ts'
import type { Connections } from './connections.ts'
import type { Change, KnownHost, PeerId } from './directory.ts'
import { Handover } from './handover.ts'
import { localChannel } from './local-channel.ts'
import { machineLinks } from './machine-links.ts'
import { MoveNews } from './move-news.ts'
import { Moves } from './moves.ts'
import { Relief } from './relief.ts'
import { giveKeysBack } from './serving/family-gone.ts'
import { hostApi } from './serving/host-api.ts'
import type { HostApi } from './serving/host-api.ts'
import { HostServer } from './serving/host-server.ts'
import { Keys, nameOf } from './serving/keys.ts'
import { Offers } from './serving/offers.ts'
import { ServiceProtocol } from './service-protocol.ts'
import { Standing } from './standing.ts'

/** ms that another host is given to say what it has. Contract: `ClusterView.componentsOf`. */
const tellTime = 1_000
/** ms that calls under way are given when this host leaves. Contract: what an unload by name gives them. */
const leaveTime = 5_000
/** ms between two looks at whether they have come to an end. Guessed. */
const leaveLook = 20
/** Keys that are handed over at once when this host leaves. Guessed: each waits for the network more than for this host. */
const atOnce = 8

/** Who is told of what becomes of the cluster. */
export interface MemberEvents {
  readonly move: (move: ClusterMove) => void
  readonly change: (change: Change) => void
}

/** What a member is made of. */
interface MemberParts {
  readonly self: PeerId
  readonly isConnected: () => boolean
  /** ms. */
  readonly claimTtl: number
  /** bytes. */
  readonly maxSize: number
  readonly coordinator: ComponentCoordinator
  readonly offers: Offers
  readonly standing: Standing
  readonly moves: Moves
  readonly news: MoveNews
  readonly keys: Keys
  readonly server: HostServer
  readonly claims: Claims
  readonly network: PeerNetwork
  readonly announcer: Announcer
  readonly service: ServiceProtocol
  readonly links: CallbackLinks
}

/** This host, as the others see it: what it offers, the keys it owns, and who else is there. */
export class Member {
  readonly self: PeerId
  readonly moves: Moves
  readonly links: CallbackLinks
  readonly #parts: MemberParts
  readonly #handover: Handover
  readonly #relief: Relief
  readonly #stopListening: () => void
  #leaving: Promise<void> | undefined

  /**
   * @param session of this joining, and of no other.
   * @throws InvalidOptionsError for a name that another host has, and another `claimTtl` or `maxSize` than the others'; NATS's own errors.
   */
  static async join(
    connections: Connections,
    coordinator: ComponentCoordinator,
    { name, prefix, claimTtl, replicas, maxSize }: ResolvedClusterOptions,
    session: string,
    events: MemberEvents,
    isConnected: () => boolean,
  ): Promise<Member> {
    const { logger, registry, families } = coordinator.parts
    const self: PeerId = { name, session }
    const { claims: connection } = connections
    const links = machineLinks(peerChannels)
    await using undo = new AsyncDisposableStack()
    // Nothing is claimed before there is somebody to be told that it is lost.
    const onLost = (tenure: Tenure, why: string): void => keys.lost(tenure, why)
    const bucket = { bucket: `${prefix}-owners`, ...(replicas !== undefined && { replicas }) }
    const claims = undo.use(await Claims.open({ ...bucket, connection, self, claimTtl, logger, onLost }))
    const onFamilyGone = (family: ComponentFamily<unknown>): void => void giveKeysBack(family, { offers, claims, keys })
    const offers: Offers = new Offers({ registry, families, onFamilyGone })
    const standing = new Standing({ host: name, coordinator, registry, offers, claims })
    const closedBecause = (): string | undefined => standing.closedBecause
    const news = undo.use(new MoveNews(connection, `${prefix}.moves`, name, (move) => moves.heard(move), logger))
    const moves: Moves = new Moves((move) => news.tell(move), events.move)
    const isPresent = ({ session: of }: PeerId): boolean => announcer.hosts().some(({ id }) => id.session === of)
    const keys: Keys = new Keys({ self, offers, claims, moves, closedBecause, isPresent, logger })
    const api = hostApi({ offers, keys, claims, closedBecause, list: () => coordinator.list() })
    const gone = (): string | undefined => standing.goneBecause
    const server = new HostServer({ host: name, offers, keys, links, api, closedBecause, gone })
    const network = undo.use(
      await PeerNetwork.open({
        connection: connections.calls,
        subjectOf: (host) => `${prefix}.host.${host}`,
        self,
        maxFrameBytes: maxSize,
        silentAfter: claimTtl,
        onChannel: (channel) => server.serve(channel),
        logger,
      }),
    )
    const announcer = undo.use(
      await Announcer.open({
        connection,
        subject: `${prefix}.hosts`,
        self,
        claimTtl,
        maxSize,
        collect: () => standing.told,
        onChange: (change) => events.change(change),
        logger,
      }),
    )
    const service = undo.use(
      new ServiceProtocol({
        connection,
        self,
        version: packageVersion(),
        subject: `${prefix}.host.${name}`,
        collect: () => standing.service,
        logger,
      }),
    )
    undo.move()
    const parts = {
      coordinator,
      offers,
      standing,
      moves,
      news,
      keys,
      server,
      claims,
      network,
      announcer,
      service,
      links,
      self,
      claimTtl,
      isConnected,
      maxSize,
    }
    return new Member(parts)
  }

  private constructor(parts: MemberParts) {
    this.#parts = parts
    this.self = parts.self
    this.moves = parts.moves
    this.links = parts.links
    const { self, offers, keys, claims, moves, coordinator } = parts
    this.#handover = new Handover({
      self,
      offers,
      keys,
      claims,
      moves,
      hosts: () => this.hosts(),
      ask: async (to, timeout, ask) => this.#ask(to, timeout, ask),
      claimTtl: parts.claimTtl,
      logger: coordinator.parts.logger,
    })
    this.#relief = new Relief({
      host: self.name,
      reason: () => coordinator.memory.pressureReason,
      measure: async () => coordinator.memory.sample(),
      movable: () => claims.list().map((tenure) => this.#movable(tenure)),
    })
    this.#stopListening = this.#listen(coordinator)
  }

  /** @throws ComponentNotFoundError; then nothing is offered. */
  async offer(names: readonly string[]): Promise<void> {
    this.#parts.offers.add(names)
    await this.#parts.announcer.announce()
  }

  /** Those that are there, this one among them, by name. */
  hosts(): readonly KnownHost[] {
    return this.#parts.announcer.hosts()
  }

  host(name: string): KnownHost | undefined {
    return this.#parts.announcer.host(name)
  }

  /** Somebody found out that it is gone. */
  gone({ session }: PeerId, why: string): void {
    if (session !== this.self.session) this.#parts.announcer.forget(session, why)
  }

  /** Others may have taken this host for gone: it tells them that it is not. */
  connectedAgain(): void {
    this.#parts.announcer.changed()
  }

  /** How many keys this host owns. */
  get keys(): number {
    return this.#parts.claims.list().length
  }

  /** The name of the key's owner, if that is there. */
  async ownerOf(family: string, key: string): Promise<string | undefined> {
    const owner = (await this.#parts.claims.owner(family, key))?.owner
    return owner && this.hosts().find(({ id }) => id.session === owner.session)?.id.name
  }

  channel(to: PeerId): PeerChannel {
    if (to.session !== this.self.session) return this.#parts.network.channel(to)
    const [ours, theirs] = localChannel(this.self, this.#parts.maxSize)
    this.#parts.server.serve(theirs)
    return ours
  }

  async componentsOf(host: PeerId): ReturnType<Remote<HostApi>['components']> {
    return this.#ask(host, tellTime, async (api) => api.components())
  }

  /** Hands over what it has, and goes. Idempotent. */
  async leave(): Promise<void> {
    this.#leaving ??= this.#leave()
    await this.#leaving
  }

  async #leave(): Promise<void> {
    const { standing, announcer, network, claims, news, service, coordinator } = this.#parts
    standing.isLeaving = true
    this.#stopListening()
    this.#relief[Symbol.dispose]()
    const { logger } = coordinator.parts
    const failed = (error: unknown): void =>
      logger.warn({ err: error }, 'this host could not leave the cluster as it should: its claims run out')
    if (this.#parts.isConnected()) {
      await announcer
        .announce()
        .then(async () => this.#handAllOver())
        .then(async () => this.#drained())
        .catch(failed)
    }
    service[Symbol.dispose]()
    for (const part of [announcer, claims, network]) await part[Symbol.asyncDispose]().catch(failed)
    news[Symbol.dispose]()
  }

  async #handAllOver(): Promise<void> {
    const { claims, keys, coordinator } = this.#parts
    const left = [...claims.list()]
    const handOver = async (): Promise<void> => {
      for (let tenure = left.pop(); tenure; tenure = left.pop()) {
        const outcome = await this.#handover.give(tenure, `host "${this.self.name}" left the cluster`, leaveTime)
        if (outcome !== 'stayed') continue
        // Nobody takes it: what it held is lost, as at any end of a program.
        keys.giveBack(tenure, `host "${this.self.name}" left the cluster, and no other took it`)
        keys.release(tenure.family, tenure.key)
      }
    }
    try {
      await Promise.all(Array.from({ length: atOnce }, handOver))
    } catch (error) {
      coordinator.parts.logger.warn({ err: error }, 'not all keys could be handed over: their claims run out')
    }
  }

  /** Calls that other hosts have made are over, or have had their time. */
  async #drained(): Promise<void> {
    const { offers } = this.#parts
    const isOver = (): boolean => offers.list.every(({ counts }) => counts.inFlight === 0)
    using time = new Patience(leaveTime)
    while (!isOver() && time.left > 0) await sleep(leaveLook)
  }

  async #ask<R>(host: PeerId, timeout: number, ask: (api: Remote<HostApi>) => Promise<R>): Promise<R> {
    return askHost(this.channel(host), this.links, timeout, ask)
  }

  #movable(tenure: Tenure) {
    const { coordinator } = this.#parts
    const name = nameOf(tenure.family, tenure.key)
    const info = this.#parts.offers.instanceIfAny(tenure.family, tenure.key) && coordinator.info(name)
    return {
      name,
      inUse: (info?.inUse ?? 0) > 0,
      memory: info?.memory?.total ?? 0,
      move: async (why: string) => this.#handover.give(tenure, why),
    }
  }

  #listen(coordinator: ComponentCoordinator): () => void {
    const { keys, announcer } = this.#parts
    const changed = (): void => announcer.changed()
    const unloaded = ({ name }: { readonly name: string }): void => {
      keys.unloaded(name)
      changed()
    }
    const pressure = (): void => {
      changed()
      this.#relief.look()
    }
    coordinator.on('load', changed).on('unload', unloaded).on('crash', changed).on('pressure', pressure)
    return () => {
      coordinator.off('load', changed).off('unload', unloaded).off('crash', changed).off('pressure', pressure)
    }
  }
}
