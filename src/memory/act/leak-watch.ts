import type { GrownComponent, GrowthFinding, LeakEnd } from '../../contract/growth.ts'
import type { Supervisor } from '../../component/supervisor.ts'
import type { Generation } from '../../host/generation.ts'
import type { MemoryBook } from '../account/book.ts'
import { beginLeakWatch, leakOf, matters, stepLeak, wantsProof } from '../decide/leak.ts'
import type { LeakReading, LeakState } from '../decide/leak.ts'
import type { Measurement } from '../measure/measurement.ts'
import { ANSWER_TIME, LEAK_PATIENCE, LEAK_REMEMBERED, LEAK_REST } from '../tuning.ts'

export interface LeakWatchOptions {
  readonly book: MemoryBook
  readonly measurement: Measurement
  /** ms of the monotonic clock. */
  readonly now: () => number
  /** Bytes: the total limit, and from where on memory is short. */
  readonly limit: () => number
  readonly lowThreshold: () => number
  /** Somebody is found to grow, or no longer. */
  readonly changed: () => void
  /** Given what kept somebody from being looked at: that must not end the program. */
  readonly failed: (error: unknown) => void
}

interface Watched {
  readonly state: LeakState
  readonly reading: LeakReading
}

/** Finds out who grows and keeps it: has suspects collect their garbage, one at a time, and measures what is left. */
export class LeakWatch {
  readonly #options: LeakWatchOptions
  readonly #watched = new WeakMap<Generation, Watched>()
  /** Not asked before that time (ms): it has not answered. */
  readonly #busy = new WeakMap<Generation, number>()
  /** By component. */
  readonly #grown = new Map<string, GrownComponent>()
  /** Collections for a proof since the beginning. */
  #proofs = 0
  #isProving = false
  #stopped = false

  constructor(options: LeakWatchOptions) {
    this.#options = options
  }

  /** There are new figures of it. */
  measured(supervisor: Supervisor): void {
    const { generation } = supervisor
    if (!generation || supervisor.state.status !== 'ready' || this.#stopped) return
    // Whoever has it written is measured with it.
    if (this.#options.book.isSnapshotAbout) return
    const reading = this.#read(supervisor)
    if (!reading) return
    const { state } = this.#step(generation, reading)
    if (wantsProof(state, reading)) this.#prove(supervisor, generation).catch(this.#options.failed)
  }

  /** Its garbage has been collected, which took that long (ms), and it was measured since. */
  collected(supervisor: Supervisor, took: number): void {
    const { generation } = supervisor
    if (this.#options.book.isSnapshotAbout) return
    const reading = generation && this.#read(supervisor)
    if (reading && supervisor.state.status === 'ready') this.#step(generation, { ...reading, collected: took })
  }

  /** To be called while its last figures are still there. @returns whether it was known to grow. */
  ended({ component, name }: Supervisor, generation: Generation, how: LeakEnd): boolean {
    const watched = this.#watched.get(generation)
    if (!watched) return false
    const { state, reading } = watched
    const leak = leakOf(state)
    const isOvergrown = how === 'memory-limit' || how === 'out-of-memory'
    const grown = reading.bytes - state.known.bytes
    if (!leak && !(isOvergrown && grown >= matters(reading.limit))) return false
    const endedAt = this.#options.now()
    const since = leak?.since ?? state.known.time
    this.#grown.delete(component)
    this.#grown.set(component, {
      kind: 'grew',
      copy: name,
      grown: Math.max(grown, leak?.grown ?? 0),
      isProven: leak !== undefined,
      since,
      endedAt,
      how,
    })
    this.#options.changed()
    return leak !== undefined
  }

  /** The component is registered no more. */
  forget(component: string): void {
    this.#grown.delete(component)
  }

  /** Who grows, and who grew until its worker was gone; by component. */
  findings(): ReadonlyMap<string, GrowthFinding> {
    const now = this.#options.now()
    const findings = new Map<string, GrowthFinding>()
    for (const [component, grown] of this.#grown) {
      if (now - grown.endedAt >= LEAK_REMEMBERED) this.#grown.delete(component)
      else findings.set(component, grown)
    }
    for (const { component, name, generation } of this.#options.book.live) {
      const watched = generation && this.#watched.get(generation)
      if (!generation || watched?.state.suspicion.kind !== 'leaks') continue
      // Where nothing is measured nothing has changed, but time passes.
      const { state, reading } = this.#step(generation, { ...without(watched.reading), time: now })
      const leak = leakOf(state)
      const other = findings.get(component)
      if (!leak || (other?.kind === 'grows' && other.pace >= leak.pace)) continue
      findings.set(component, { kind: 'grows', copy: name, room: reading.room, ...leak })
    }
    return findings
  }

  /** How often somebody was made to collect garbage for a proof. */
  get proofs(): number {
    return this.#proofs
  }

  /** Bytes/ms that the copies of a component are known to grow by. */
  paceOf(copies: readonly Supervisor[]): number {
    const states = copies.map(({ generation }) => generation && this.#watched.get(generation)?.state)
    return states.reduce((sum, state) => sum + ((state && leakOf(state)?.pace) ?? 0), 0)
  }

  stop(): void {
    this.#stopped = true
  }

  #read(supervisor: Supervisor): LeakReading | undefined {
    const { book, limit, lowThreshold } = this.#options
    const account = book.account(supervisor)
    const { memory } = account
    if (!memory) return undefined
    const total = limit()
    const own = supervisor.definition.memoryLimit ?? Number.POSITIVE_INFINITY
    const { sampledUsage: usage } = book
    return {
      time: memory.sampledAt,
      // Pages that are kept free are neither garbage nor retained.
      bytes: memory.total - memory.physical + memory.used,
      limit: Math.min(own, total),
      room: Math.max(0, Math.min(book.headroom.of(supervisor), total - usage)),
      short: usage >= total * lowThreshold() || account.limited >= own * lowThreshold(),
    }
  }

  #step(generation: Generation, reading: LeakReading): Watched {
    const before = this.#watched.get(generation)
    const state = before ? stepLeak(before.state, reading) : beginLeakWatch(reading)
    const watched = { state, reading }
    this.#watched.set(generation, watched)
    if ((state.suspicion.kind === 'leaks') !== (before?.state.suspicion.kind === 'leaks')) this.#options.changed()
    return watched
  }

  /** One at a time: each takes a processor for as long. */
  async #prove(supervisor: Supervisor, generation: Generation): Promise<void> {
    const { book, measurement, now } = this.#options
    const target = book.targetOf(supervisor)
    if (this.#isProving || !target || now() < (this.#busy.get(generation) ?? 0)) return
    this.#isProving = true
    this.#proofs++
    try {
      const took = await generation.collectGarbage(LEAK_PATIENCE)
      const at = now()
      if (took === undefined) this.#busy.set(generation, at + LEAK_REST)
      else if (supervisor.generation === generation) {
        await measurement.measureOne(target, ANSWER_TIME)
        const isFresh = (book.memoryOf(supervisor)?.sampledAt ?? 0) >= at
        if (isFresh && supervisor.generation === generation) this.collected(supervisor, took)
      }
    } finally {
      this.#isProving = false
    }
  }
}

function without({ collected: _collected, ...reading }: LeakReading): LeakReading {
  return reading
}
