import type * as JetStream from '@nats-io/jetstream'
import type * as KeyValue from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/transport-node'
import { withDeadline } from '../../base/deadline.ts'
import { monotonicNow } from '../../base/monotonic.ts'
import { importPackage } from '../../base/package-files.ts'
import { sleep } from '../../base/timers.ts'
import { InvalidOptionsError } from '../../contract/errors.ts'
import type { Logger } from '../../contract/logger.ts'
import { decodeEntry, encodeEntry } from './claim-entry.ts'
import type { ClaimEntry } from './claim-entry.ts'
import { StoreAge } from './store-age.ts'

/** What came of a write: refused, because another revision is there than was expected; or nobody knows. */
export type Write =
  | Answer
  | { readonly outcome: 'unanswered'; readonly error: unknown; readonly late: Promise<Answer | undefined> }

type Answer = { readonly outcome: 'written'; readonly revision: number } | { readonly outcome: 'refused' }

/** What came of a write that makes a claim. */
export type Made =
  | { readonly outcome: 'written'; readonly revision: number; readonly token: number }
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'unanswered'; readonly error: unknown }

/** What is there under a key. A marker is of somebody's tool that has deleted or overwritten it: the owner may not know yet, so it stays until its time is over. */
export type Found =
  | {
      readonly is: 'entry'
      readonly entry: ClaimEntry
      /** Of the claim. */
      readonly token: number
      readonly revision: number
      /** ms since the epoch, by the server's clock. */ readonly written: number
    }
  | { readonly is: 'marker' }
  | { readonly is: 'nothing' }
  | { readonly is: 'unanswered'; readonly error: unknown }

/** ms. */
interface WriteTime {
  /** After which it counts as unanswered. */
  readonly answer: number
  /** After which its answer is of no use any more. */
  readonly late: number
}

export interface BucketOptions {
  readonly connection: NatsConnection
  readonly bucket: string
  /** ms. */
  readonly claimTtl: number
  /** Default: 3 where the server is one of a cluster, 1 where it is alone. */
  readonly replicas?: number | undefined
  readonly logger: Pick<Logger, 'warn'>
}

/** JetStream's code for a write over another revision than the expected one. */
const wrongLastSequence = [10_071, 10_164]
/** For a bucket that no client may delete from, as `nats kv add` makes it. */
const mayNotDelete = 10_057
/** For a stream that somebody has made just now, with other settings. */
const isThere = 10_058
/** For what has no leader yet. */
const notReady = 10_008
/** For more replicas than servers are there. */
export const tooFewServers: readonly unknown[] = [10_005, 10_074]
/** For a bucket that is not there. */
const isMissing = 10_059
/** ms that each request may take with which the bucket is made or found: a cluster does not answer while it has no leader for it. Guessed. */
const openTimeout = 1_000
/** ms after which it cannot be opened. Guessed: a cluster that has just been started has chosen its leaders by then. */
const openWithin = 10_000
/** ms between two attempts. */
const openRetry = 200

/** The JetStream key-value bucket of who owns which key: each entry is there for its time to live. */
export class ClaimBucket {
  readonly #options: BucketOptions
  readonly #bucket: string
  readonly #stream: string
  readonly #age: StoreAge
  readonly #client: JetStream.JetStreamClient
  readonly #manager: JetStream.JetStreamManager
  readonly #logger: Pick<Logger, 'warn'>
  #making: Promise<boolean> | undefined
  #isDeletionRefused = false

  private constructor(
    options: BucketOptions,
    client: JetStream.JetStreamClient,
    manager: JetStream.JetStreamManager,
    created: number,
  ) {
    this.#options = options
    this.#bucket = options.bucket
    this.#stream = streamOf(options.bucket)
    this.#client = client
    this.#manager = manager
    this.#logger = options.logger
    this.#age = new StoreAge(created, async () => createdAt(manager, this.#stream))
  }

  /**
   * Makes it where it is not there.
   *
   * @param timeout ms that a request may take.
   * @throws InvalidOptionsError when it has another time to live, or the server has no JetStream.
   */
  static async open(options: BucketOptions, timeout: number): Promise<ClaimBucket> {
    const { connection, bucket, claimTtl } = options
    const { jetstream, jetstreamManager } = (await importPackage('@nats-io/jetstream')) as typeof JetStream
    const ttl = await untilOpen(async () => makeBucket(options))
    if (ttl !== claimTtl) {
      throw new InvalidOptionsError(
        'claimTtl',
        `${ttl}, which the bucket "${bucket}" has by the hosts that joined before (to change it, stop them all and delete the bucket)`,
        claimTtl,
      )
    }
    const manager = await jetstreamManager(connection, { checkAPI: false, timeout })
    const created = await createdAt(manager, streamOf(bucket))
    return new ClaimBucket(options, jetstream(connection, { timeout }), manager, created)
  }

  /** Written only where nothing is there. Of all conditions the one that holds among several servers: it is looked at when it is written. */
  async create(key: string, entry: ClaimEntry, timeout: number): Promise<Made> {
    return this.#make(key, entry, 0, timeout)
  }

  /** A claim that is written over another one's, at that revision. */
  async takeOver(key: string, entry: ClaimEntry, revision: number, timeout: number): Promise<Made> {
    return this.#make(key, entry, revision, timeout)
  }

  /** Written only over that revision; among several servers also over a write that is in flight. */
  async update(key: string, entry: ClaimEntry, revision: number, time: WriteTime): Promise<Write> {
    const answered = this.#write(key, entry, revision, time.late)
    const first = await withDeadline(answered, time.answer)
    if (first && first.outcome !== 'unanswered') return first
    const late = answered.then((answer) => (answer.outcome === 'unanswered' ? undefined : answer))
    return { outcome: 'unanswered', error: first?.error, late }
  }

  /** Makes the bucket again where it is missing. */
  async read(key: string): Promise<Found> {
    const { created } = this.#age
    try {
      const message = await this.#manager.streams.getMessage(this.#stream, { last_by_subj: this.#subject(key) })
      if (message === null) return { is: 'nothing' }
      const entry = message.header.has('KV-Operation') ? undefined : decodeEntry(message.string())
      if (entry === undefined) return { is: 'marker' }
      const token = entry.token ?? (await this.#age.token(message.seq, created))
      if (token === undefined) return await this.read(key)
      return { is: 'entry', entry, token, revision: message.seq, written: message.time.getTime() }
    } catch (error) {
      return (await this.#isMadeAgain(error)) ? { is: 'nothing' } : { is: 'unanswered', error }
    }
  }

  /** That revision and no other, so that nothing of it is left. Where that does not work, it ends with its time to live. */
  async remove(revision: number): Promise<void> {
    try {
      await this.#manager.streams.deleteMessage(this.#stream, revision, false)
    } catch (error) {
      if (codeOf(error) !== mayNotDelete || this.#isDeletionRefused) return
      this.#isDeletionRefused = true
      this.#logger.warn(
        { bucket: this.#bucket },
        'The bucket allows no deletion: keys that are given back stay claimed for claimTtl',
      )
    }
  }

  async #make(key: string, entry: ClaimEntry, revision: number, timeout: number): Promise<Made> {
    const { created } = this.#age
    const write = await this.#write(key, entry, revision, timeout)
    if (write.outcome !== 'written') return write
    try {
      const token = await this.#age.token(write.revision, created)
      if (token !== undefined) return { ...write, token }
      return { outcome: 'unanswered', error: new Error('the bucket was made again meanwhile') }
    } catch (error) {
      return { outcome: 'unanswered', error }
    }
  }

  async #write(
    key: string,
    entry: ClaimEntry,
    revision: number,
    timeout: number,
  ): Promise<Answer | { readonly outcome: 'unanswered'; readonly error: unknown }> {
    try {
      const answer = await this.#client.publish(this.#subject(key), encodeEntry(entry), {
        expect: { lastSubjectSequence: revision },
        timeout,
      })
      return { outcome: 'written', revision: answer.seq }
    } catch (error) {
      if (wrongLastSequence.includes(codeOf(error))) return { outcome: 'refused' }
      await this.#isMadeAgain(error)
      return { outcome: 'unanswered', error }
    }
  }

  /** Where that error is of a bucket that is missing, as the servers have lost what they stored. Several hosts may do so at once: it is made once. */
  async #isMadeAgain(error: unknown): Promise<boolean> {
    if (!(await this.#isMissing(error))) return false
    this.#making ??= this.#makeAgain()
    return this.#making
  }

  /** A write that nobody takes may be one while the servers choose a leader. */
  async #isMissing(error: unknown): Promise<boolean> {
    if (codeOf(error) === isMissing) return true
    if ((error as Error).name !== 'JetStreamNotEnabled') return false
    return createdAt(this.#manager, this.#stream).then(
      () => false,
      (why: unknown) => codeOf(why) === isMissing,
    )
  }

  async #makeAgain(): Promise<boolean> {
    try {
      await makeBucket(this.#options)
      this.#logger.warn(
        { bucket: this.#bucket },
        'The bucket of claims was gone, with what the servers stored: it is made again',
      )
      return true
    } catch {
      return false
    } finally {
      this.#making = undefined
    }
  }

  #subject(key: string): string {
    return `$KV.${this.#bucket}.${key}`
  }
}

const streamOf = (bucket: string): string => `KV_${bucket}`

/** ms since the epoch, by the server's clock. */
async function createdAt(manager: JetStream.JetStreamManager, stream: string): Promise<number> {
  return Date.parse((await manager.streams.info(stream)).created)
}

/** Returns the time to live that it has. ms. */
async function makeBucket(options: BucketOptions): Promise<number> {
  const { connection, bucket, claimTtl, replicas } = options
  const { Kvm } = (await importPackage('@nats-io/kv')) as typeof KeyValue
  const { jetstream } = (await importPackage('@nats-io/jetstream')) as typeof JetStream
  const buckets = new Kvm(jetstream(connection, { timeout: openTimeout }))
  const make = async (copies: number): Promise<number> => {
    const settings = { ttl: claimTtl, history: 1, replicas: copies }
    try {
      return (await (await buckets.create(bucket, settings)).status()).ttl
    } catch (error) {
      if (codeOf(error) !== isThere) throw error
      return (await (await buckets.create(bucket, settings)).status()).ttl
    }
  }
  if (replicas !== undefined) return make(replicas)
  if (connection.info?.cluster === undefined) return make(1)
  try {
    return await make(3)
  } catch (error) {
    if (!tooFewServers.includes(codeOf(error))) throw error
    options.logger.warn(
      { bucket },
      'The cluster of nats-servers has no three with JetStream: who owns which key is kept by one',
    )
    return make(1)
  }
}

/** @throws InvalidOptionsError */
async function untilOpen<T>(open: () => Promise<T>): Promise<T> {
  const giveUpAt = monotonicNow() + openWithin
  for (;;) {
    try {
      return await open()
    } catch (error) {
      const { name } = error as Error
      const isWorthwhile = name === 'TimeoutError' || codeOf(error) === notReady
      if (isWorthwhile && monotonicNow() < giveUpAt) {
        await sleep(openRetry)
        continue
      }
      if (!isWorthwhile && name !== 'JetStreamNotEnabled') throw error
      throw new InvalidOptionsError(
        'servers',
        'NATS servers with JetStream (`nats-server -js`, allowed for the account, most of its servers up)',
        isWorthwhile ? `servers whose JetStream did not answer within ${openWithin} ms` : 'servers without it',
        { cause: error },
      )
    }
  }
}

/** Of an error of JetStream's; by its field, as the connection may be of another copy of the package. */
function codeOf(error: unknown): number {
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'number' ? code : 0
}
