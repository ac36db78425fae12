import type { Random } from '../../../bench/policy/random.ts'
import type { Events } from './events.ts'

export interface SimEntry {
  readonly session: string
  readonly attempt?: number
  readonly token?: number
}

interface Stored {
  readonly entry: SimEntry
  readonly revision: number
  readonly storedAt: number
  /** ms after its time to live at which the server gets round to it. */
  readonly late: number
}

export type Answer =
  | { readonly outcome: 'written'; readonly revision: number }
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'unanswered' }

/**
 * A JetStream bucket as nats-server 2.9 has it. One server does a thing at a time. Of three, the leader looks at the condition of a write over a revision when it comes in, and
 * all write it later; that nothing is there is looked at when it is written.
 */
export class SimBucket {
  readonly #events: Events
  readonly #random: Random
  readonly #ttl: number
  readonly #rate: number
  readonly #isCluster: boolean
  readonly #stored = new Map<string, Stored>()
  #revision = 0
  /** When the last write of the log is done. */
  #logEnd = 0

  constructor(events: Events, random: Random, parts: { ttl: number; rate: number; isCluster: boolean }) {
    this.#events = events
    this.#random = random
    this.#ttl = parts.ttl
    this.#rate = parts.rate
    this.#isCluster = parts.isCluster
  }

  create(key: string, entry: SimEntry, answer: (answer: Answer) => void): void {
    this.#logged(() => answer(this.read(key) ? { outcome: 'refused' } : this.#write(key, entry)))
  }

  update(key: string, entry: SimEntry, revision: number, answer: (answer: Answer) => void): void {
    if (this.read(key)?.revision !== revision) answer({ outcome: 'refused' })
    else this.#logged(() => answer(this.#write(key, entry)))
  }

  /** Without a condition. */
  overwrite(key: string, entry: SimEntry, answer: (answer: Answer) => void): void {
    this.#logged(() => answer(this.#write(key, entry)))
  }

  read(key: string): Stored | undefined {
    const stored = this.#stored.get(key)
    if (stored === undefined || this.#now - stored.storedAt >= this.#ttl + stored.late) return undefined
    return stored
  }

  get #now(): number {
    return this.#events.now * this.#rate
  }

  #logged(write: () => void): void {
    if (!this.#isCluster) {
      write()
      return
    }
    this.#logEnd = Math.max(this.#logEnd, this.#events.now + 0.3 + 4 * this.#random.next() ** 3)
    this.#events.after(this.#logEnd - this.#events.now, write)
  }

  #write(key: string, entry: SimEntry): Answer {
    const revision = ++this.#revision
    this.#stored.set(key, { entry, revision, storedAt: this.#now, late: 8 * this.#random.next() })
    return { outcome: 'written', revision }
  }
}
