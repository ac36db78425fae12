import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node'
import { monotonicNow } from '../base/monotonic.ts'
import { clearInterval, clearTimeout, setInterval, setTimeout, sleep } from '../base/timers.ts'
import { messageOf } from '../contract/describe-value.ts'
import { InvalidOptionsError } from '../contract/errors.ts'
import type { Logger } from '../contract/logger.ts'
import { listenTo } from '../transport/nats/listen-to.ts'
import { decodeAnnouncement, decodeGoodbye, encodeAnnouncement } from './announcement.ts'
import type { Announcement } from './announcement.ts'
import { Directory, knownHost } from './directory.ts'
import type { Change, KnownHost, PeerId } from './directory.ts'

export interface AnnouncerOptions {
  readonly connection: NatsConnection
  /** What all hosts listen to; below it are `who` (who is there?) and `bye`. */
  readonly subject: string
  readonly self: PeerId
  /** ms; also how long a host may be silent. */
  readonly claimTtl: number
  /** bytes. */
  readonly maxSize: number
  readonly collect: () => Pick<Announcement, 'level' | 'room' | 'offers' | 'loaded' | 'leaving'>
  readonly onChange: (change: Change) => void
  readonly logger: Pick<Logger, 'warn' | 'error'>
}

/** ms between two announcements. Contract: once a second. With a short `claimTtl` three fit into it: who misses one is not silent yet. */
const longest = 1_000
/** ms between two, when something has changed. Contract: at most ten a second. */
const shortest = 100
/** Sessions with this host's name that are told of. Guessed: whoever may publish there could make up any number. */
const mostRivals = 100
/** ms in which those that are there are to say so. Contract: a new host knows the others then. */
const answerTime = 250

/** Tells the other hosts how this one stands, and listens to how they do. */
export class Announcer implements AsyncDisposable {
  readonly #options: AnnouncerOptions
  readonly #directory: Directory
  readonly #subscriptions: Subscription[] = []
  #ticks: NodeJS.Timeout | undefined
  #soon: NodeJS.Timeout | undefined
  #sent = 0
  #lastSent = Number.NEGATIVE_INFINITY
  #lastTick = monotonicNow()
  readonly #interval: number
  /** What this host says comes back to it: what others say would as well. Undefined until it did for the first time, as a connection may have that switched off. */
  #hearsItself: boolean | undefined
  readonly #rivals = new Set<string>()
  /** By the server: a subject that this host may not listen to. */
  #refused: Error | undefined
  #over = false

  /** @throws InvalidOptionsError for a name that another host has, and another `claimTtl` or `maxSize` than the others'; NATS's own for what may not be listened to. */
  static async open(options: AnnouncerOptions): Promise<Announcer> {
    const announcer = new Announcer(options)
    try {
      await announcer.#join()
      return announcer
    } catch (error) {
      announcer.#release()
      throw error
    }
  }

  private constructor(options: AnnouncerOptions) {
    this.#options = options
    this.#directory = new Directory(options.claimTtl)
    this.#interval = Math.min(longest, options.claimTtl / 3)
  }

  /** Those that are not silent, by name; this one among them. */
  hosts(): KnownHost[] {
    return this.#directory.hosts(monotonicNow())
  }

  host(name: string): KnownHost | undefined {
    return this.#directory.host(name)
  }

  /** Somebody found out that it is there no more. */
  forget(session: string, why: string): void {
    this.#tell(this.#directory.forget(session, why, monotonicNow()))
  }

  /** Something has changed: it is told soon. */
  changed(): void {
    if (this.#soon || this.#over) return
    const wait = Math.max(0, shortest - (monotonicNow() - this.#lastSent))
    this.#soon = setTimeout(() => {
      this.#soon = undefined
      this.#announce()
    }, wait).unref()
  }

  /** Tells it now; resolves when the server has it. */
  async announce(): Promise<void> {
    this.#announce()
    await this.#options.connection.flush()
  }

  /** Says goodbye. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#over) return
    const { connection, subject, self } = this.#options
    if (!connection.isClosed()) connection.publish(`${subject}.bye`, JSON.stringify(self))
    this.#release()
  }

  async #join(): Promise<void> {
    const { connection, subject, self } = this.#options
    this.#listen(subject, (message) => this.#heard(message))
    this.#listen(`${subject}.bye`, (message) => this.#left(message))
    const inbox = `${subject}.who.${self.session}`
    const answers = this.#listen(inbox, (message) => this.#heard(message))
    connection.publish(`${subject}.who`, '', { reply: inbox })
    await connection.flush()
    await sleep(answerTime)
    answers.unsubscribe()
    if (this.#refused) throw this.#refused
    this.#expectToFitIn()
    this.#listen(`${subject}.who`, (message) => {
      if (message.reply) connection.publish(message.reply, this.#news())
    })
    this.#lastTick = monotonicNow()
    this.#ticks = setInterval(() => this.#tick(), this.#interval).unref()
    await this.announce()
  }

  /** @throws InvalidOptionsError */
  #expectToFitIn(): void {
    const { self, claimTtl, maxSize } = this.#options
    const others = this.hosts()
    const same = others.find(({ id }) => id.name === self.name)
    if (same) throw new InvalidOptionsError('name', 'a name that no other host of the cluster has', self.name)
    const other = others.find((host) => host.claimTtl !== claimTtl)
    if (other) {
      throw new InvalidOptionsError('claimTtl', `${other.claimTtl} ms, as host "${other.id.name}" has`, claimTtl)
    }
    const unlike = others.find((host) => host.maxSize !== maxSize)
    if (unlike) {
      throw new InvalidOptionsError('maxSize', `${unlike.maxSize} bytes, as host "${unlike.id.name}" has`, maxSize)
    }
  }

  #listen(subject: string, take: (message: Msg) => void): Subscription {
    const { connection, logger } = this.#options
    const subscription = listenTo(connection, subject, {
      take: (message) => {
        if (!this.#over) take(message)
      },
      refused: (error) => {
        this.#refused = error
        logger.error({ err: error }, `the cluster's subject "${subject}" cannot be listened to`)
      },
      failed: (thrown) => logger.error({ err: thrown }, `what came on "${subject}" could not be taken in`),
    })
    this.#subscriptions.push(subscription)
    return subscription
  }

  #heard({ data }: Msg): void {
    const { self } = this.#options
    const announcement = decodeAnnouncement(data)
    if (!announcement) return
    if (announcement.session === self.session) this.#hearsItself = true
    else if (announcement.name === self.name && this.#ticks) this.#meetRival(announcement)
    else this.#take(announcement)
  }

  /** Both had joined before they heard of each other. */
  #meetRival(announcement: Announcement): void {
    const { session } = announcement
    if (this.#rivals.has(session) || this.#rivals.size >= mostRivals) return
    this.#rivals.add(session)
    this.#options.onChange({
      type: 'conflict',
      host: knownHost(announcement, monotonicNow()),
      why: `session ${session} has the name of this host`,
    })
  }

  #take(announcement: Announcement): void {
    this.#tell(this.#directory.heard(announcement, monotonicNow()))
  }

  #left({ data }: Msg): void {
    const session = decodeGoodbye(data)
    if (session === undefined || session === this.#options.self.session) return
    this.#tell(this.#directory.saidGoodbye(session, monotonicNow()))
  }

  #news(): Uint8Array {
    const { self, claimTtl, maxSize, collect } = this.#options
    const announcement: Announcement = { v: 1, ...self, claimTtl, maxSize, ...collect(), sent: this.#sent++ }
    this.#take(announcement)
    return encodeAnnouncement(announcement)
  }

  #announce(): void {
    const { connection, subject, logger } = this.#options
    if (this.#over || connection.isClosed()) return
    this.#lastSent = monotonicNow()
    try {
      connection.publish(subject, this.#news())
    } catch (error) {
      logger.warn(`How this host stands could not be told to the cluster: ${messageOf(error)}`)
    }
  }

  #tick(): void {
    const now = monotonicNow()
    // While this thread was blocked, or its connection down, nobody else was silent.
    const since = now - this.#lastTick
    this.#directory.excuse(this.#hearsItself === false ? since : Math.max(0, since - 2 * this.#interval))
    if (this.#hearsItself) this.#hearsItself = false
    this.#lastTick = now
    this.#announce()
    this.#tell(this.#directory.silentSince(now))
  }

  #tell(changes: readonly Change[]): void {
    for (const change of changes) this.#options.onChange(change)
  }

  #release(): void {
    this.#over = true
    clearInterval(this.#ticks)
    clearTimeout(this.#soon)
    for (const subscription of this.#subscriptions.splice(0)) subscription.unsubscribe()
  }
}
