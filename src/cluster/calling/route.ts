import type { KeepAlive } from '../../host/keep-alive.ts'
import { monotonicNow } from '../../base/monotonic.ts'
import { clearTimeout, queueMicrotask, setTimeout } from '../../base/timers.ts'
import { Caller } from '../../channel/caller.ts'
import { decodeError } from '../../channel/error-codec.ts'
import type { ConnectionEnd } from '../../channel/generation-end.ts'
import type { CallbackLinks } from '../../channel/marshal.ts'
import { ToServer } from '../../channel/protocol.ts'
import { createRemote } from '../../channel/remote.ts'
import type { Transport } from '../../channel/transport.ts'
import { NoHostError } from '../../contract/errors.ts'
import type { PeerChannel, PeerEnd } from '../../transport/nats/peer.ts'
import type { KnownHost, PeerId } from '../directory.ts'
import type { Answer, CallDefaults, Request } from '../handshake.ts'
import { open } from './opening.ts'

/** What routes need of the host that calls. */
export interface RouteHome {
  /** Those that are there, this one among them. */
  hosts(): readonly KnownHost[]
  /** By name, as it told last. */
  host(name: string): KnownHost | undefined
  /** A channel to that host, which may be this one. */
  channel(to: PeerId): PeerChannel
  /** Somebody found out that it is gone. */
  gone(host: PeerId, why: string): void
  /** Calls of that route are under way, or none is any more. */
  busy(route: Route, busy: boolean): void
  /** What is wrong with this host's own connection; undefined: nothing. */
  trouble(): string | undefined
  readonly links: CallbackLinks
  readonly keepAlive: Pick<KeepAlive, 'hold' | 'release'>
  /** ms. */
  readonly claimTtl: number
}

/** opening: its host was asked; retired: calls go elsewhere, and those that it has are waited for. */
interface Connection {
  readonly host: PeerId
  readonly generation: number
  readonly channel: PeerChannel
  status: 'opening' | 'open' | 'retired'
  watch: Disposable | undefined
}

/** Until a host has told what holds for the component. `maxQueue` as of every component by default. */
const unknownDefaults: CallDefaults = { callTimeout: undefined, maxQueue: 10_000, idempotent: new Set() }

/** ms in which a host that has refused a call is not asked again by the same route. Guessed: what refuses (pressure, a load that failed) lasts about that long. */
const avoidFor = 1_000
/** ms between two attempts to find out who serves, the first doubled until the last. Guessed: a call of ms should not wait for more than a few. */
const firstPause = 20
const longestPause = 250
/** ms to wait for the answer of a host, beyond what a claim lasts. Guessed: a read and a write of the bucket, on a busy server. */
const answerTime = 5_000

/** The calls of one component, or key, of the cluster: who serves it is asked when a call waits, and again when one was refused. */
export abstract class Route {
  readonly name: string
  readonly remote: object
  protected readonly home: RouteHome
  protected readonly caller: Caller
  #defaults = unknownDefaults
  readonly #connections = new Map<number, Connection>()
  readonly #avoided = new Map<string, number>()
  #lastGeneration = 0
  #isBusy = false
  #placing = false
  /** That nobody serves, in attempts that followed each other. */
  #failure: { readonly since: number; readonly count: number; readonly error: unknown } | undefined
  /** When somebody was asked last, or has answered. ms of the monotonic clock. */
  #triedAt = Number.NEGATIVE_INFINITY
  #pause: NodeJS.Timeout | undefined
  #over = false

  constructor(name: string, home: RouteHome) {
    this.name = name
    this.home = home
    const defaults = (): CallDefaults => this.#defaults
    this.caller = new Caller({
      component: name,
      links: home.links,
      get callTimeout() {
        return defaults().callTimeout
      },
      get maxQueue() {
        return defaults().maxQueue
      },
      get idempotent() {
        return defaults().idempotent
      },
      isLoaded: () => this.isLoaded,
      onWaiting: () => this.look(),
      onRefused: (generation, why) => this.#refused(generation, why),
      onBusy: (busy) => this.#busy(busy),
    })
    this.remote = createRemote(this.caller, {})
  }

  /** Who is there has changed, or a call waits: the hosts are chosen anew, once for all calls of this turn. */
  look(): void {
    if (this.#placing || this.#over || this.#pause) return
    this.#placing = true
    queueMicrotask(() => {
      this.#placing = false
      if (this.#over || this.#pause || (this.caller.waiting === 0 && this.#connections.size === 0)) return
      this.#leaveAbsent()
      this.place()
    })
  }

  /** Takes no more calls: new and waiting ones reject with `error`; what was sent goes on. */
  stop(error: unknown): void {
    this.caller.stop(error)
  }

  /** For good: what waits and what is under way rejects. */
  close(error: unknown): void {
    this.#over = true
    clearTimeout(this.#pause)
    this.caller.close(error)
    for (const connection of this.#connections.values()) this.#forget(connection)
  }

  /** Asks hosts to serve, by `connect`, and gives up others; or says by `noHost` that there is none. */
  protected abstract place(): void

  /** A host has answered otherwise than that it serves. */
  protected abstract answered(host: PeerId, answer: Exclude<Answer, { readonly status: 'served' }>): void

  /** A host serves from now on. Returns false when it is not believed. */
  protected abstract served(host: PeerId, token: number): boolean

  /** The connection to it is lost, or it did not answer. */
  protected abstract lost(host: PeerId): void

  /** Those that may be asked. */
  protected get candidates(): readonly KnownHost[] {
    const now = monotonicNow()
    for (const [session, until] of this.#avoided) if (until <= now) this.#avoided.delete(session)
    return this.home.hosts().filter(({ id }) => !this.#avoided.has(id.session))
  }

  /** Hosts with a connection that takes calls, or is about to. */
  protected get connected(): readonly PeerId[] {
    return [...this.#connections.values()].filter(({ status }) => status !== 'retired').map(({ host }) => host)
  }

  /** Calls of this route that are in flight there. */
  protected underWayAt(session: string): number {
    let sum = 0
    for (const { host, generation } of this.#connections.values()) {
      if (host.session === session) sum += this.caller.underWayAt(generation)
    }
    return sum
  }

  protected connect(host: PeerId, request: Request, elsewhere?: () => number): void {
    // However long this attempt takes, it follows the one before.
    this.#failure = this.#recentFailure
    const channel = this.home.channel(host)
    const generation = ++this.#lastGeneration
    const connection: Connection = { host, generation, channel, status: 'opening', watch: channel.watch() }
    this.#connections.set(generation, connection)
    channel.onClose(() => this.#closed(connection))
    void this.#open(connection, request, elsewhere)
  }

  /** Its calls go elsewhere from now on; it is closed once those that it has are settled. */
  protected retire(session: string): void {
    for (const connection of this.#connections.values()) {
      if (connection.host.session === session && connection.status === 'open') this.#retire(connection)
    }
  }

  /** Nothing that comes from there counts any more. */
  protected giveUp(session: string, end: ConnectionEnd): void {
    for (const connection of this.#connections.values()) {
      if (connection.host.session !== session) continue
      this.#forget(connection)
      this.caller.ended(connection.generation, end)
    }
  }

  protected avoid(session: string): void {
    this.#avoided.set(session, monotonicNow() + avoidFor)
  }

  /** There is nobody to ask: what waits rejects, with why the last one refused if that is known. */
  protected noHost(why: string): void {
    const failure = this.#recentFailure
    this.#failure = undefined
    this.caller.rejectWaiting(failure?.error ?? new NoHostError(this.name, this.home.trouble() ?? why))
  }

  /** It did not work out: what waits is tried again soon, and rejects with this error once that has gone on for too long. */
  protected failed(error: unknown): void {
    const now = monotonicNow()
    const { since, count } = this.#recentFailure ?? { since: now, count: 0 }
    this.#failure = { since, count: count + 1, error }
    this.#triedAt = now
    if (now - since > 2 * this.home.claimTtl + answerTime) {
      this.noHost('')
      return
    }
    if (this.#pause || this.#over) return
    // The first time at once: who was asked may have said whom to ask.
    const pause = count === 0 ? 0 : Math.min(longestPause, firstPause * 2 ** (count - 1))
    this.#pause = setTimeout(() => {
      this.#pause = undefined
      this.look()
    }, pause)
  }

  /** Calls go to nobody who is silent, or gone. */
  #leaveAbsent(): void {
    const present = new Set(this.home.hosts().map(({ id }) => id.session))
    for (const { host, status } of this.#connections.values()) {
      if (present.has(host.session) || status === 'opening') continue
      const now = this.home.host(host.name)
      if (now && now.id.session !== host.session) {
        const cause = new Error(`Host "${host.name}" has joined anew`)
        this.giveUp(host.session, { reason: 'host-gone', host: host.name, cause })
      } else this.retire(host.session)
    }
  }

  get #recentFailure() {
    return monotonicNow() - this.#triedAt < avoidFor ? this.#failure : undefined
  }

  async #open(connection: Connection, request: Request, elsewhere: (() => number) | undefined): Promise<void> {
    const { host, channel, generation } = connection
    const opened = await open(channel, request, this.home.claimTtl + answerTime)
    this.#triedAt = monotonicNow()
    if (this.#connections.get(generation) !== connection) return
    if (opened.status === 'answered' && opened.answer.status === 'served') {
      const { token, defaults } = opened.answer
      if (this.served(host, token)) {
        this.#attach(connection, opened.transport, defaults, elsewhere)
        return
      }
    }
    this.#forget(connection)
    if (opened.status === 'unanswered') {
      this.lost(host)
      this.failed(new NoHostError(this.name, `host "${host.name}" was asked, and ${opened.why}`))
    } else if (opened.answer.status !== 'served') {
      this.answered(host, opened.answer)
      const { answer } = opened
      this.failed(
        answer.status === 'refused'
          ? decodeError(answer.why)
          : new NoHostError(this.name, `it is said to be on host "${answer.owner.name}", which does not serve it`),
      )
    } else this.failed(new NoHostError(this.name, `host "${host.name}" has an older claim than one that is known`))
  }

  #attach(
    connection: Connection,
    transport: Transport,
    defaults: CallDefaults,
    elsewhere: (() => number) | undefined,
  ): void {
    connection.status = 'open'
    this.#defaults = defaults
    this.caller.defaultsKnown()
    if (!this.#isBusy) this.#unwatch(connection)
    this.caller.attach(transport, connection.generation, undefined, undefined, {
      elsewhere,
      host: connection.host.name,
    })
    // Others may have been kept only until there was this one.
    this.look()
  }

  #refused(generation: number, why: unknown): void {
    const connection = this.#connections.get(generation)
    if (!connection) return
    if (connection.status === 'open') {
      this.avoidRefused(connection.host, why)
      this.failed(why)
      this.#retire(connection)
    }
    this.look()
  }

  /** A host that served has refused a call. */
  protected abstract avoidRefused(host: PeerId, why: unknown): void

  /** For calls with `ifLoaded`. */
  protected abstract get isLoaded(): boolean

  #retire(connection: Connection): void {
    const { generation } = connection
    connection.status = 'retired'
    this.caller.retire(generation)
    void this.caller.quiet(generation).then(() => {
      this.#forget(connection)
      this.caller.ended(generation, { reason: 'terminated' })
    })
  }

  #closed(connection: Connection): void {
    const { host, generation, channel, status } = connection
    // One that is being opened is told of by whoever waits for that.
    if (this.#connections.get(generation) !== connection || status === 'opening') return
    this.#forget(connection)
    const { ended } = channel
    if (ended?.why === 'gone') this.home.gone(host, 'nobody has its subject')
    this.lost(host)
    this.caller.ended(generation, endOf(host, ended))
    if (this.caller.waiting === 0) return
    // What broke it may be one of the calls that are sent again now.
    if (ended?.why === 'broken') this.failed(new NoHostError(this.name, `the connection to host "${host.name}" broke`))
    this.look()
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection.generation)
    this.#unwatch(connection)
    connection.channel.close()
  }

  #unwatch(connection: Connection): void {
    connection.watch?.[Symbol.dispose]()
    connection.watch = undefined
  }

  #busy(busy: boolean): void {
    this.#isBusy = busy
    this.home.busy(this, busy)
    if (busy) this.home.keepAlive.hold()
    else this.home.keepAlive.release()
    for (const connection of this.#connections.values()) {
      if (busy) connection.watch ??= connection.channel.watch()
      else if (connection.status !== 'opening') this.#unwatch(connection)
    }
  }
}

function endOf({ name }: PeerId, ended: PeerEnd | undefined): ConnectionEnd {
  const why = ended?.why ?? 'closed'
  const undelivered = ended && 'undelivered' in ended ? callsIn(ended.undelivered) : undefined
  return {
    reason: 'host-gone',
    host: name,
    cause: new Error(`The connection to host "${name}" is ${why}`),
    undelivered,
  }
}

/** Numbers of the calls in frames that were posted. */
function callsIn(frames: readonly unknown[]): Set<number> {
  const ids = new Set<number>()
  for (const frame of frames) {
    if (!Array.isArray(frame)) continue
    for (const entry of frame as readonly unknown[]) {
      if (!Array.isArray(entry)) continue
      if (entry[0] === ToServer.call || entry[0] === ToServer.sealed) ids.add(entry[1] as number)
    }
  }
  return ids
}
