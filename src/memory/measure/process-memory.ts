import { isMainThread } from 'node:worker_threads'
import { readProcessMemory, residentSet } from '../../base/proc-files.ts'
import type { ProcessMemory } from '../../base/proc-files.ts'

/**
 * Bytes at most that are taken for the runtime's own at the start: what is in no isolate of a process that has just begun is 1 MiB, and with TypeScript
 * loaded from its sources some 20. What is beyond was there before, and is native memory of the program.
 */
const mostAtStart = 64 * 1024 ** 2

/** Bytes of anonymous memory that are the runtime's own: one figure for the process, whoever asks first. */
let atStart: number | undefined

/** What is resident of this process, and what of it is the runtime's own whatever is loaded. Read once a sample. */
export class ProcessMeter {
  readonly #read: () => ProcessMemory
  #memory: ProcessMemory
  readonly #constant: number

  /** @param held bytes of the main thread's isolate now. */
  constructor(held: number, read: () => ProcessMemory = readOwnMemory) {
    this.#read = read
    this.#memory = read()
    const { rss, anonymous } = this.#memory
    // In a thread of its own, what other threads held before is nobody's to know.
    const code = rss === anonymous ? mostAtStart : 0
    const most = isMainThread ? mostAtStart + code : Number.POSITIVE_INFINITY
    const unexplained = Math.min(most, Math.max(0, anonymous - held))
    this.#constant = read === readOwnMemory ? (atStart ??= unexplained) : unexplained
  }

  /** Bytes of anonymous memory that are the runtime's own. */
  get constant(): number {
    return this.#constant
  }

  /** It stays at what it was where that cannot be read: a program that has no descriptors left cannot open the file that says it. */
  measure(): void {
    try {
      this.#memory = this.#read()
    } catch {
      // Read again with the next sample.
    }
  }

  get memory(): ProcessMemory {
    return this.#memory
  }

  /** Bytes of code and libraries, and of what a process starts with. */
  get runtime(): number {
    const { rss, anonymous } = this.#memory
    return rss - anonymous + this.#constant
  }
}

export function readOwnMemory(): ProcessMemory {
  const memory = readProcessMemory('self')
  if (memory) return memory
  const rss = residentSet()
  return { rss, anonymous: rss }
}
