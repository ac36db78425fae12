import type * as JetStream from '@nats-io/jetstream'
import type * as KeyValue from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/transport-node'
import { monotonicNow } from '../../base/monotonic.ts'
import { importPackage } from '../../base/package-files.ts'
import { sleep } from '../../base/timers.ts'
import { InvalidOptionsError } from '../../contract/errors.ts'
import type { Logger } from '../../contract/logger.ts'
import { decodeEntry, encodeEntry } from './claim-entry.ts'
import type { ClaimEntry } from './claim-entry.ts'

/** What came of a write: refused, because another revision is there than was expected; or nobody knows. */
export type Write =
  | { readonly outcome: 'written'; readonly revision: number }
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'unanswered'; readonly error: unknown }

/** What is there under a key. A marker is of somebody's tool that has deleted or overwritten it: the owner may not know yet, so it stays until its time is over. */
export type Found =
  | {
      readonly is: 'entry'
      readonly entry: ClaimEntry
      readonly revision: number
      /** ms since the epoch, by the server's clock. */ readonly written: number
    }
  | { readonly is: 'marker' }
  | { readonly is: 'nothing' }
  | { readonly is: 'unanswered'; readonly error: unknown }

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
const tooFewServers = [10_005, 10_074]
/** ms that each request may take with which the bucket is made or found: a cluster does not answer while it has no leader for it. Guessed. */
const openTimeout = 1_000
/** ms after which it cannot be opened. Guessed: a cluster that has just been started has chosen its leaders by then. */
const openWithin = 10_000
/** ms between two attempts. */
const openRetry = 200

/** The JetStream key-value bucket of who owns which key: each entry is there for its time to live. */
export class ClaimBucket {
  readonly #bucket: string
  readonly #stream: string
  readonly #client: JetStream.JetStreamClient
  readonly #manager: JetStream.JetStreamManager
  readonly #logger: Pick<Logger, 'warn'>
  #isDeletionRefused = false

  private constructor(
    bucket: string,
    client: JetStream.JetStreamClient,
    manager: JetStream.JetStreamManager,
    logger: Pick<Logger, 'warn'>,
  ) {
    this.#bucket = bucket
    this.#stream = `KV_${bucket}`
    this.#client = client
    this.#manager = manager
    this.#logger = logger
  }

  /**
   * Makes it where it is not there.
   *
   * @param timeout ms that a request may take.
   * @throws InvalidOptionsError when it has another time to live, or the server has no JetStream.
   */
  static async open(options: BucketOptions, timeout: number): Promise<ClaimBucket> {
    const { connection, bucket, claimTtl, logger } = options
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
    return new ClaimBucket(bucket, jetstream(connection, { timeout }), manager, logger)
  }

  /** Written only where nothing is there. Of all conditions the one that holds among several servers: it is looked at when it is written. */
  async create(key: string, entry: ClaimEntry, timeout: number): Promise<Write> {
    return this.#write(key, entry, 0, timeout)
  }

  /** Written only over that revision; among several servers also over a write that is in flight. */
  async update(key: string, entry: ClaimEntry, revision: number, timeout: number): Promise<Write> {
    return this.#write(key, entry, revision, timeout)
  }

  async read(key: string): Promise<Found> {
    let message: JetStream.StoredMsg | null
    try {
      message = await this.#manager.streams.getMessage(this.#stream, { last_by_subj: this.#subject(key) })
    } catch (error) {
      return { is: 'unanswered', error }
    }
    if (message === null) return { is: 'nothing' }
    const entry = message.header.has('KV-Operation') ? undefined : decodeEntry(message.string())
    if (entry === undefined) return { is: 'marker' }
    return { is: 'entry', entry, revision: message.seq, written: message.time.getTime() }
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

  async #write(key: string, entry: ClaimEntry, revision: number, timeout: number): Promise<Write> {
    try {
      const answer = await this.#client.publish(this.#subject(key), encodeEntry(entry), {
        expect: { lastSubjectSequence: revision },
        timeout,
      })
      return { outcome: 'written', revision: answer.seq }
    } catch (error) {
      return wrongLastSequence.includes(codeOf(error)) ? { outcome: 'refused' } : { outcome: 'unanswered', error }
    }
  }

  #subject(key: string): string {
    return `$KV.${this.#bucket}.${key}`
  }
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
