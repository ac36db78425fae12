import type { Supervisor } from '../component/supervisor.ts'
import type { Generation } from '../host/generation.ts'
import type { Logger } from '../observability/logger.ts'
import type { MemoryBook } from './memory-book.ts'
import type { MemoryFence } from './memory-fence.ts'
import { findRunaway, runsAway } from './runaway.ts'
import type { Fullness, Suspect } from './runaway.ts'

/** ms that the collection of its garbage may take at most, however slowly memory fills up. */
const longestQuestion = 500
/** ms for which one that could not make room is not asked again. */
const acquittal = 1_000
const why = 'worker ended: the limit is passed, and nothing grows faster'

export interface RunawayWatchOptions {
  readonly logger: Logger
  readonly book: MemoryBook
  readonly fence: MemoryFence
  /** Bytes, as they are now. */
  readonly limit: () => number
  /** What is idle and may be unloaded. */
  readonly reclaimable: () => readonly { readonly name: string; readonly bytes: number }[]
  /** ms of a monotonic clock. */
  readonly now: () => number
}

/** Ends the component that grows fastest when all together have passed their limit and nothing can be unloaded in time. */
export class RunawayWatch {
  readonly #options: RunawayWatchOptions
  /** When each was questioned last. */
  readonly #questioned = new WeakMap<Generation, number>()

  constructor(options: RunawayWatchOptions) {
    this.#options = options
  }

  /** Looks at the last figures. */
  check(): void {
    const { book, fence, limit } = this.#options
    if (book.usage <= limit()) return
    const reclaimable = this.#options.reclaimable()
    const idle = new Set(reclaimable.map(({ name }) => name))
    const suspects = [...book.live].filter(
      (one) => !book.isLeaving(one) && !book.reservations.covers(one.name) && !idle.has(one.name),
    )
    const full = this.#fullness(reclaimable)
    const finding = findRunaway(
      full,
      suspects.map((one) => this.#suspect(one)),
    )
    if (finding.kind === 'none') return
    const supervisor = suspects.find(({ name }) => name === finding.name)
    if (!supervisor) return
    if (finding.kind === 'end') fence.end(supervisor, full, why)
    else void this.#question(supervisor, Math.min(finding.patience, longestQuestion))
  }

  /** What it has grown by tells only once its garbage is gone. One that does not come to that in time is judged by its growth as it was. */
  async #question(supervisor: Supervisor, patience: number): Promise<void> {
    const { book, fence, logger, now } = this.#options
    const { generation, name } = supervisor
    const account = book.account(name)
    const before = account.leastLately
    if (!generation || !before) return
    this.#questioned.set(generation, now())
    if (!(await generation.trim('critical', patience, true))) return
    account.collected()
    await book.measureOne(supervisor, patience)
    if (supervisor.generation !== generation) return
    const held = account.memory?.total ?? 0
    const growth = (held - before.bytes) / (now() - before.time)
    const full = this.#fullness()
    const figures = { component: name, generation: generation.number, before: before.bytes, held, ...full }
    logger.info(figures, 'the limit is passed: the component that grows fastest has collected its garbage')
    // It has made room: the next time it may do so again.
    if (full.usage <= full.limit) this.#questioned.delete(generation)
    else if (growth > 0 && runsAway(full, growth)) fence.end(supervisor, full, why)
  }

  #suspect(supervisor: Supervisor): Suspect {
    const { name, state } = supervisor
    return {
      name,
      growth: this.#options.book.account(name).sustainedGrowth,
      loading: state.status === 'loading',
      questioned: this.#wasQuestioned(supervisor),
    }
  }

  #wasQuestioned({ generation }: Supervisor): boolean {
    const at = generation && this.#questioned.get(generation)
    return at !== undefined && this.#options.now() - at < acquittal
  }

  #fullness(idle = this.#options.reclaimable()): Fullness {
    const { book, limit } = this.#options
    const reclaimable = idle.reduce((sum, { bytes }) => sum + bytes, 0)
    return { usage: book.usage, limit: limit(), leaving: book.leaving, reclaimable }
  }
}
