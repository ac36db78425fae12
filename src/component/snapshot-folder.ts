import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { withDeadline } from '../base/deadline.ts'
import { DiskTurns } from './disk-turns.ts'
import {
  newSnapshotPath,
  removeLeftovers,
  removeSnapshot,
  setAside,
  touch,
  touchInterval,
  writeAside,
  writeWhole,
} from './snapshot-files.ts'
import type { AsideReason } from './snapshot-files.ts'
import { setTimeout, clearTimeout, setInterval, clearInterval } from '../base/timers.ts'

/** A file that holds one snapshot. */
export interface SnapshotFile {
  readonly path: string
  readonly checksum: string
}

/** What was read: whole, or 'corrupt' and set aside under that path. */
export type SnapshotRead =
  | { readonly status: 'whole'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly status: 'corrupt'; readonly path: string }

/** ms for looking through a folder for what others left there. Guessed: what it does not get to in that time can wait. */
const leftoversDeadline = 2_000
/** ms after which nobody waits for a file to be removed, though it may still be. Guessed: what a default `timeout` is. */
const removalPatience = 5_000

/** ms from the first use of a folder to that look. Guessed: by then the program has started whatever it starts first. */
const tidyDelay = 200

const turns = new DiskTurns()
const folders = new Map<string, SnapshotFolder>()

/** Paths of snapshots that components of this process have on the disk. */
export const snapshotsKept = (): string[] => Array.from(folders.values(), ({ kept }) => kept).flat()

/** A folder for snapshots, as all components of this process that name it use it. Whatever it does has a deadline (ms). */
export class SnapshotFolder {
  readonly #directory: string
  readonly #kept = new Set<string>()
  #users = 0
  #touching: NodeJS.Timeout | undefined
  #tidying: NodeJS.Timeout | undefined

  private constructor(directory: string) {
    this.#directory = directory
  }

  /** Paths of what components have in it. */
  get kept(): string[] {
    return [...this.#kept]
  }

  /** Its first user also has what processes left there that are no more removed. */
  static open(directory: string): SnapshotFolder {
    const folder = folders.get(directory) ?? new SnapshotFolder(directory)
    folders.set(directory, folder)
    if (folder.#users++ === 0) folder.#tidying = setTimeout(() => folder.#tidy(), tidyDelay).unref()
    return folder
  }

  /** One user less. */
  close(): void {
    if (--this.#users > 0) return
    clearTimeout(this.#tidying)
    folders.delete(this.#directory)
  }

  /** @throws what the disk says, or Error when it does not say anything in time; nothing is left behind then, as soon as that can be. */
  async write(component: string, bytes: Uint8Array, timeout: number): Promise<SnapshotFile> {
    const path = newSnapshotPath(this.#directory, component)
    await turns.run(this.#directory, timeout, async (signal) => writeWhole(this.#directory, path, bytes, signal))
    this.#keep(path)
    return { path, checksum: checksumOf(bytes) }
  }

  /** @throws what the disk says, or Error when it does not say anything in time. The file stays where it is then. */
  async read({ path, checksum }: SnapshotFile, timeout: number): Promise<SnapshotRead> {
    return turns.run(this.#directory, timeout, async (signal) => {
      const bytes = new Uint8Array(await readFile(path, { signal }))
      if (checksumOf(bytes) === checksum) return { status: 'whole', bytes }
      return { status: 'corrupt', path: await this.#setAside(path, 'corrupt') }
    })
  }

  /** A file that cannot be removed is in nobody's way: its name is never used again, and it goes when this process is gone. */
  async remove(path: string, timeout: number): Promise<void> {
    this.#keepNoMore(path)
    const removal = turns.run(this.#directory, timeout, async () => removeSnapshot(this.#directory, path))
    await withDeadline(
      removal.catch(() => {}),
      Math.min(timeout, removalPatience),
    )
  }

  /** Keeps it where people can look at it, and nobody loads it. Resolves with its path. */
  async reject(component: string, snapshot: Uint8Array | SnapshotFile, timeout: number): Promise<string> {
    return turns.run(this.#directory, timeout, async (signal) =>
      'path' in snapshot
        ? this.#setAside(snapshot.path, 'rejected')
        : writeAside(this.#directory, newSnapshotPath(this.#directory, component), snapshot, signal),
    )
  }

  async #setAside(path: string, reason: AsideReason): Promise<string> {
    this.#keepNoMore(path)
    return setAside(this.#directory, path, reason)
  }

  #tidy(): void {
    turns
      .run(this.#directory, leftoversDeadline, async (signal) => removeLeftovers(this.#directory, signal))
      // It may not even be there yet.
      .catch(() => {})
  }

  #keep(path: string): void {
    this.#kept.add(path)
    this.#touching ??= setInterval(() => this.#touchAll(), touchInterval).unref()
  }

  #keepNoMore(path: string): void {
    this.#kept.delete(path)
    if (this.#kept.size > 0) return
    clearInterval(this.#touching)
    this.#touching = undefined
  }

  #touchAll(): void {
    for (const path of this.#kept) {
      turns.run(this.#directory, leftoversDeadline, async () => touch(path)).catch(() => {})
    }
  }
}

function checksumOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
