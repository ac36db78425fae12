import type { HibernateOptions } from '../contract/component-definition.ts'
import { resolve } from 'node:path'
import { Patience, withDeadline } from '../base/deadline.ts'
import { SnapshotError } from '../contract/errors.ts'
import { abortable } from '../host/abortable.ts'
import type { Generation } from '../host/generation.ts'
import type { Logger } from '../contract/logger.ts'
import { expectKnown, expectNumber, expectRecord, expectString, orDefault } from '../base/option-checks.ts'
import { expectSize } from '../base/size.ts'
import type { UnloadReason } from '../contract/unload-report.ts'
import { ownDirectory } from './snapshot-files.ts'
import { SnapshotFolder } from './snapshot-folder.ts'
import type { SnapshotFile } from './snapshot-folder.ts'

export interface ResolvedHibernateOptions extends Required<HibernateOptions> {
  readonly maxMemory: number
  readonly maxSize: number
}

const mib = 1024 ** 2

/** @throws InvalidOptionsError */
export function resolveHibernateOptions(options: HibernateOptions): ResolvedHibernateOptions {
  expectRecord('hibernate', options)
  expectKnown(options, ['maxMemory', 'maxSize', 'directory', 'timeout'], 'hibernate.')
  return {
    maxMemory: expectSize('hibernate.maxMemory', orDefault(options.maxMemory, mib)),
    maxSize: expectSize('hibernate.maxSize', orDefault(options.maxSize, 256 * mib)),
    directory: resolve(expectString('hibernate.directory', orDefault(options.directory, ownDirectory))),
    timeout: expectNumber('hibernate.timeout', orDefault(options.timeout, 5_000), { min: 1, max: 2 ** 31 - 1 }),
  }
}

/** 'suspect': the last load failed after it had been given to the component. The next one is tried without. */
type Trust = 'trusted' | 'suspect'

type Kept =
  | { readonly where: 'nowhere' }
  | { readonly where: 'memory'; readonly trust: Trust; readonly snapshot: Uint8Array }
  | { readonly where: 'file'; readonly trust: Trust; readonly snapshot: SnapshotFile }

const nothing: Kept = { where: 'nowhere' }

const final: ReadonlySet<UnloadReason> = new Set(['shutdown', 'unregistered'])

/** False for unloads after which nobody comes back for the state. */
export const keepsState = (reason: UnloadReason): boolean => !final.has(reason)

/** ms after a snapshot failed in which the component is not unloaded automatically: it would only fail again, and hold up calls. */
const retryAfter = 60_000
/** ms that the last of the files of one that is gone for good are waited for. Guessed: what a default `timeout` is. */
const tidyingPatience = 5_000

/** What one component left behind when it was unloaded, until its next generation has taken it over. */
export class Hibernation {
  readonly #name: string
  readonly #options: ResolvedHibernateOptions
  readonly #logger: Logger
  readonly #now: () => number
  readonly #folder: SnapshotFolder
  #kept: Kept = nothing
  #tidying: Promise<void> = Promise.resolve()
  #failedAt = Number.NEGATIVE_INFINITY
  #discarding: Promise<void> | undefined

  /** @param now ms. */
  constructor(name: string, options: ResolvedHibernateOptions, logger: Logger, now: () => number) {
    this.#name = name
    this.#options = options
    this.#logger = logger
    this.#now = now
    this.#folder = SnapshotFolder.open(options.directory)
  }

  /** True for a minute after a snapshot failed. */
  get failedLately(): boolean {
    return this.#now() - this.#failedAt < retryAfter
  }

  /**
   * Takes the component's snapshot, if it offers one.
   *
   * @param unwanted aborted when there will be no next generation: then the disk is not waited for.
   * @param patience ms in which the worker must show that it listens at all; undefined: there is no reason to doubt that it does.
   * @returns what went wrong: then it had better stay loaded; 'stuck' when it did not show that it listens: it can only be ended.
   */
  async take(
    generation: Generation,
    reason: UnloadReason,
    unwanted: AbortSignal,
    patience?: number,
  ): Promise<SnapshotError | 'stuck' | undefined> {
    if (!keepsState(reason)) return undefined
    try {
      const { timeout } = this.#options
      // One for both: what `snapshot()` has left is for the disk.
      using time = new Patience(timeout)
      const taken = await generation.takeSnapshot(timeout, patience ?? timeout)
      if (taken === 'ended') return undefined
      if (taken === 'stuck' && patience !== undefined) {
        this.#logger.error({ component: this.#name }, 'worker stuck: it is ended, and its state is lost')
        return taken
      }
      if (taken === 'stuck' || taken === 'late') throw new Error(`snapshot() was not done within ${timeout} ms`)
      if ('error' in taken) throw taken.error
      if (!taken.value || unwanted.aborted) return undefined
      const keeping = this.#keep(taken.value, Math.max(1, time.left)).then(async (kept) => {
        this.#kept = kept
        if (unwanted.aborted) await this.#forget()
      })
      // What is not waited for is removed once it is written.
      this.#tidying = keeping.catch(() => {})
      await abortable(keeping, unwanted)
      return undefined
    } catch (cause) {
      if (unwanted.aborted && cause === unwanted.reason) return undefined
      const error = new SnapshotError(this.#name, cause)
      this.#failedAt = this.#now()
      this.#logger.error({ component: this.#name, err: error }, 'snapshot failed: the component stays loaded')
      return error
    }
  }

  /**
   * What the last generation left, for the next one, to be moved to it; undefined when there is nothing, or nothing whole, or when the last load
   * failed over it.
   *
   * @param patience ms that may be waited for the disk.
   */
  async restore(patience: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const kept = this.#kept
    if (kept.where === 'nowhere' || kept.trust === 'suspect') return undefined
    return kept.where === 'memory' ? kept.snapshot.slice() : this.#read(kept.snapshot, patience)
  }

  /** There is something for the next generation. */
  get keeps(): boolean {
    return this.#kept.where !== 'nowhere'
  }

  /**
   * What the component left behind elsewhere is given to its next generation here.
   *
   * @throws RangeError when it is larger than `maxSize`.
   */
  async accept(snapshot: Uint8Array): Promise<void> {
    this.#kept = await this.#keep(snapshot, this.#options.timeout)
  }

  /** The next generation is ready: nothing is kept any longer. What it had to do without is set aside. */
  async restored(): Promise<void> {
    const kept = this.#kept
    if (kept.where === 'nowhere') return
    this.#tidying = kept.trust === 'suspect' ? this.#reject(kept.snapshot) : this.#forget()
    this.#kept = nothing
    await this.#tidying
  }

  /**
   * The next generation did not become ready.
   *
   * @param overIt it had made use of what was left to it. Then that may be what was wrong, and the next attempt is made without; when that
   * one fails too, it was something else, and the one after it is given it again.
   */
  notRestored(overIt: boolean): void {
    if (this.#kept.where === 'nowhere') return
    this.#kept = { ...this.#kept, trust: this.#kept.trust === 'trusted' && overIt ? 'suspect' : 'trusted' }
  }

  /** There is no next generation: nothing is kept, and nothing is left behind. For good. */
  async discard(): Promise<void> {
    this.#discarding ??= this.#discard()
    return this.#discarding
  }

  async #discard(): Promise<void> {
    await withDeadline(this.#tidying, tidyingPatience)
    await this.#forget()
    this.#folder.close()
  }

  async #keep(bytes: Uint8Array, patience: number): Promise<Kept> {
    const { maxMemory, maxSize } = this.#options
    if (bytes.byteLength > maxSize) {
      throw new RangeError(`it has ${bytes.byteLength} bytes, hibernate.maxSize allows ${maxSize}`)
    }
    if (bytes.byteLength <= maxMemory) return { where: 'memory', trust: 'trusted', snapshot: bytes }
    return { where: 'file', trust: 'trusted', snapshot: await this.#folder.write(this.#name, bytes, patience) }
  }

  async #forget(): Promise<void> {
    const kept = this.#kept
    this.#kept = nothing
    if (kept.where === 'file') await this.#folder.remove(kept.snapshot.path, this.#options.timeout)
  }

  async #reject(snapshot: Uint8Array | SnapshotFile): Promise<void> {
    const why = 'the component could not be loaded with its snapshot, and started without it'
    try {
      const file = await this.#folder.reject(this.#name, snapshot, this.#options.timeout)
      this.#logger.error({ component: this.#name, file }, `${why}: it was set aside`)
    } catch (error) {
      const where = 'path' in snapshot ? { file: snapshot.path } : {}
      this.#logger.error({ component: this.#name, ...where, err: error }, `${why}; it could not be set aside`)
    }
  }

  async #read(file: SnapshotFile, patience: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      const read = await this.#folder.read(file, Math.min(patience, this.#options.timeout))
      if (read.status === 'whole') return read.bytes
      this.#logger.error(
        { component: this.#name, file: read.path },
        'snapshot is corrupt: it was set aside, the component starts without it',
      )
    } catch (error) {
      this.#logger.error(
        { component: this.#name, file: file.path, err: error },
        'snapshot cannot be read: the component starts without it',
      )
    }
    this.#kept = nothing
    return undefined
  }
}
