import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { SnapshotError } from '../errors.ts'
import type { Generation } from '../host/generation.ts'
import type { Logger } from '../observability/logger.ts'
import { expectKnown, expectNumber, expectRecord, expectString } from '../options.ts'
import type { UnloadReason } from './lifecycle.ts'

/** Where the state of an unloaded component is kept. */
export interface HibernateOptions {
  /** Bytes up to which it stays in memory. Default 1 MiB. */
  readonly maxMemory?: number
  /** Bytes that are refused: the component then stays loaded. Default 256 MiB. */
  readonly maxSize?: number
  /** Folder for larger ones, made when needed. Default: one of this process's own among the system's temporary files, gone after the shutdown. */
  readonly directory?: string
  /** ms for `snapshot()`. Default 5,000. */
  readonly timeout?: number
}
export type ResolvedHibernateOptions = Required<HibernateOptions>

const mib = 1024 ** 2
/** Nobody else can have made it before, to read along or to be in the way. */
const ownDirectory = resolve(tmpdir(), `spillway-${process.pid}-${randomUUID()}`)

/** @throws InvalidOptionsError */
export function resolveHibernateOptions(options: HibernateOptions): ResolvedHibernateOptions {
  expectRecord('hibernate', options)
  expectKnown(options, ['maxMemory', 'maxSize', 'directory', 'timeout'], 'hibernate.')
  return {
    maxMemory: expectNumber('hibernate.maxMemory', options.maxMemory ?? mib, { min: 0 }),
    maxSize: expectNumber('hibernate.maxSize', options.maxSize ?? 256 * mib, { min: 0 }),
    directory: resolve(expectString('hibernate.directory', options.directory ?? ownDirectory)),
    timeout: expectNumber('hibernate.timeout', options.timeout ?? 5_000, { min: 1, max: 2 ** 31 - 1 }),
  }
}

type Kept =
  | { readonly where: 'nowhere' }
  | { readonly where: 'memory'; readonly bytes: Uint8Array }
  | { readonly where: 'file'; readonly path: string; readonly checksum: string }

const final: ReadonlySet<UnloadReason> = new Set(['shutdown', 'unregistered'])

/** False for unloads after which nobody comes back for the state. */
export const keepsState = (reason: UnloadReason): boolean => !final.has(reason)

/** ms after a snapshot failed in which the component is not unloaded automatically: it would only fail again, and hold up calls. */
const retryAfter = 60_000

/** What one component left behind when it was unloaded, until its next generation has taken it over. */
export class Hibernation {
  readonly #name: string
  readonly #options: ResolvedHibernateOptions
  readonly #logger: Logger
  readonly #now: () => number
  #kept: Kept = { where: 'nowhere' }
  #removing: Promise<void> = Promise.resolve()
  #failedAt = Number.NEGATIVE_INFINITY

  /** @param now epoch ms. */
  constructor(name: string, options: ResolvedHibernateOptions, logger: Logger, now: () => number) {
    this.#name = name
    this.#options = options
    this.#logger = logger
    this.#now = now
  }

  /** True for a minute after a snapshot failed. */
  get failedLately(): boolean {
    return this.#now() - this.#failedAt < retryAfter
  }

  /**
   * Takes the component's snapshot, if it offers one.
   *
   * @param patience ms in which the worker must show that it listens at all.
   * @returns what went wrong: then it had better stay loaded; 'stuck' when it does not listen: it can only be ended.
   */
  async take(
    generation: Generation,
    reason: UnloadReason,
    patience: number = this.#options.timeout,
  ): Promise<SnapshotError | 'stuck' | undefined> {
    if (!keepsState(reason)) return undefined
    try {
      const { timeout } = this.#options
      const taken = await generation.takeSnapshot(timeout, patience)
      if (taken === 'ended') return undefined
      if (taken === 'stuck' && patience < timeout) {
        this.#logger.error({ component: this.#name }, 'worker stuck: it is ended, and its state is lost')
        return taken
      }
      if (taken === 'stuck' || taken === 'late') throw new Error(`snapshot() was not done within ${timeout} ms`)
      if ('error' in taken) throw taken.error
      if (taken.value) await this.#keep(taken.value)
      return undefined
    } catch (cause) {
      const error = new SnapshotError(this.#name, cause)
      this.#failedAt = this.#now()
      this.#logger.error({ component: this.#name, err: error }, 'snapshot failed: the component stays loaded')
      return error
    }
  }

  /** What the last generation left, for the next one; undefined when there is nothing, or nothing whole. */
  async restore(): Promise<Uint8Array | undefined> {
    const kept = this.#kept
    switch (kept.where) {
      case 'nowhere':
        return undefined
      case 'memory':
        return kept.bytes
      case 'file':
        return this.#read(kept)
    }
  }

  /** The next generation has it, and is ready: nothing is kept any longer. */
  async restored(): Promise<void> {
    const kept = this.#kept
    this.#kept = { where: 'nowhere' }
    // A file that cannot be removed is in nobody's way: its name is never used again.
    if (kept.where === 'file') this.#removing = rm(kept.path, { force: true }).catch(() => {})
    await this.#removing
  }

  /** There is no next generation: nothing is kept, and nothing is left behind. */
  async discard(): Promise<void> {
    await this.restored()
    // Unless the state of others is in it.
    if (this.#options.directory === ownDirectory) await rmdir(ownDirectory).catch(() => {})
  }

  async #keep(bytes: Uint8Array): Promise<void> {
    const { maxMemory, maxSize, directory } = this.#options
    if (bytes.byteLength > maxSize) {
      throw new RangeError(`it has ${bytes.byteLength} bytes, hibernate.maxSize allows ${maxSize}`)
    }
    if (bytes.byteLength <= maxMemory) {
      this.#kept = { where: 'memory', bytes }
      return
    }
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const path = join(directory, `${encodeURIComponent(this.#name)}-${process.pid}-${randomUUID()}.snapshot`)
    const partial = `${path}.partial`
    try {
      // Flushed before it gets its name: a file of that name is whole.
      await writeFile(partial, bytes, { mode: 0o600, flush: true })
      await rename(partial, path)
    } catch (error) {
      await rm(partial, { force: true }).catch(() => {})
      throw error
    }
    this.#kept = { where: 'file', path, checksum: checksumOf(bytes) }
  }

  async #read({ path, checksum }: Extract<Kept, { where: 'file' }>): Promise<Uint8Array | undefined> {
    try {
      const bytes = await readFile(path)
      if (checksumOf(bytes) === checksum) return bytes
      const aside = `${path}.corrupt`
      await rename(path, aside)
      this.#logger.error(
        { component: this.#name, file: aside },
        'snapshot is corrupt: it was set aside, the component starts without it',
      )
    } catch (error) {
      this.#logger.error(
        { component: this.#name, file: path, err: error },
        'snapshot cannot be read: the component starts without it',
      )
    }
    this.#kept = { where: 'nowhere' }
    return undefined
  }
}

function checksumOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
