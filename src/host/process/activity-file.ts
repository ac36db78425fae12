import { randomUUID } from 'node:crypto'
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isInspectorOpen } from '../../base/inspector.ts'
import { activitySize, noteInspected, readActivity } from '../../channel/activity.ts'
import type { ActivityReading, ActivityRecord } from '../../channel/activity.ts'
import { setImmediate, queueMicrotask } from '../../base/timers.ts'

/**
 * What the component in a process is doing: a file without a name, in memory where there is a folder for that, that the process writes and its host
 * reads, also while the process is stuck.
 */
export class ActivityFile {
  /** For the process to inherit. */
  readonly fd: number
  readonly #bytes = new Uint8Array(activitySize)
  #last: ActivityReading = readActivity(this.#bytes.buffer)
  #open = true

  /**
   * @param folders where it may be, the best one first.
   * @throws when the file cannot be made in any of them.
   */
  constructor(folders: readonly string[] = ['/dev/shm', tmpdir()]) {
    this.fd = firstOf(folders, (folder) => this.#make(join(folder, `spillway-${randomUUID()}`)))
  }

  #make(path: string): number {
    const fd = openSync(path, 'wx+', 0o600)
    try {
      // Its room is taken now: a full disk is found out here, and not by the process.
      writeSync(fd, this.#bytes, 0, activitySize, 0)
      return fd
    } catch (error) {
      closeSync(fd)
      throw error
    } finally {
      unlinkSync(path)
    }
  }

  /** As it is now, or was when the file was closed. */
  read(): ActivityReading {
    if (!this.#open) return this.#last
    readSync(this.fd, this.#bytes, 0, activitySize, 0)
    return readActivity(this.#bytes.buffer)
  }

  close(): void {
    if (!this.#open) return
    this.#last = this.read()
    this.#open = false
    closeSync(this.fd)
  }
}

/** @throws what the last one threw, where all do. */
function firstOf<From, To>([first, ...others]: readonly From[], make: (each: From) => To): To {
  if (first === undefined) throw new Error('There is nothing to choose from')
  try {
    return make(first)
  } catch (error) {
    if (others.length === 0) throw error
    return firstOf(others, make)
  }
}

/** The process's side. To write takes 2 µs: it is done when somebody outside may be waiting to see it, and once for all that happens together. */
export class WrittenRecord implements ActivityRecord {
  readonly bytes = new ArrayBuffer(activitySize)
  readonly #view = new Float64Array(this.bytes)
  readonly #fd: number
  #state: 'written' | 'changed' = 'written'
  #begunThisTurn = false

  constructor(fd: number) {
    this.#fd = fd
  }

  changed(): void {
    if (this.#state === 'changed') return
    this.#state = 'changed'
    queueMicrotask(() => this.#publishIfChanged())
  }

  begins(): void {
    if (this.#begunThisTurn) return
    this.#begunThisTurn = true
    setImmediate(() => {
      this.#begunThisTurn = false
    })
    this.#publishIfChanged()
  }

  publish(): void {
    this.#state = 'written'
    // It cannot tell any more once it stands at a breakpoint.
    noteInspected(this.#view, isInspectorOpen())
    writeSync(this.#fd, this.#view, 0, activitySize, 0)
  }

  #publishIfChanged(): void {
    if (this.#state === 'changed') this.publish()
  }
}
