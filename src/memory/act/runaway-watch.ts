import type { Supervisor } from '../../component/supervisor.ts'
import type { Generation } from '../../host/generation.ts'
import type { Logger } from '../../contract/logger.ts'
import type { MemoryBook } from '../account/book.ts'
import type { MemoryFence } from './memory-fence.ts'
import { findRunaway, keepsOthersOut, runsAway } from '../decide/runaway.ts'
import type { Fullness, Suspect } from '../decide/runaway.ts'

/** ms for which one that could not make room is not asked again. */
const acquittal = 1_000
/** ms that may pass between two looks and still count as time past the limit: in more, this thread was blocked, and could do nothing about it. */
const longestGap = 1_000
const why = 'worker ended: the limit is passed, and nothing grows faster'
const whyLater = 'worker ended: the limit is passed for good, and nothing has taken more since'

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

/** Usage past the limit: for how long that has been looked at (ms), when last, and what each held (bytes) when it was first seen there. */
interface Overrun {
  lasted: number
  lookedAt: number
  readonly held: Map<Generation, number>
}

/**
 * Ends the component that grows fastest when all together have passed their limit and nothing can be unloaded in time, and the one that has taken most
 * since when they stay past it.
 */
export class RunawayWatch {
  readonly #options: RunawayWatchOptions
  /** Until when (ms) each that was questioned is not asked again. */
  readonly #spared = new WeakMap<Generation, number>()
  #overrun: Overrun | undefined

  constructor(options: RunawayWatchOptions) {
    this.#options = options
  }

  /** Looks at the last figures. */
  check(): void {
    const { book, fence, limit, now } = this.#options
    if (book.usage <= limit()) {
      this.#overrun = undefined
      return
    }
    const overrun = (this.#overrun ??= { lasted: 0, lookedAt: now(), held: new Map() })
    overrun.lasted += Math.min(now() - overrun.lookedAt, longestGap)
    overrun.lookedAt = now()
    const reclaimable = this.#options.reclaimable()
    const idle = new Set(reclaimable.map(({ name }) => name))
    const suspects = [...book.live].filter(
      (one) => !book.isLeaving(one) && !book.reservations.covers(one.name) && !idle.has(one.name),
    )
    for (const one of suspects) this.#noteHeld(one)
    const full = this.#fullness(reclaimable)
    const finding = findRunaway(
      full,
      suspects.map((one) => this.#suspect(one)),
    )
    if (finding.kind === 'none') return
    const supervisor = suspects.find(({ name }) => name === finding.name)
    if (!supervisor) return
    if (finding.kind === 'end') fence.end(supervisor, full, why)
    else void this.#question(supervisor, finding.patience)
  }

  /** What it has grown by tells only once its garbage is gone. One that does not come to that in time is judged by what it was seen to hold. */
  async #question(supervisor: Supervisor, patience: number): Promise<void> {
    const { book, fence, logger, now } = this.#options
    const { generation, name } = supervisor
    const account = book.account(supervisor)
    const before = account.leastLately
    if (!generation || !before) return
    this.#spared.set(generation, now() + patience + acquittal)
    const answered = await generation.trim('critical', patience, true)
    this.#spared.set(generation, now() + acquittal)
    if (answered) {
      account.collected()
      await book.measureOne(supervisor, patience)
    }
    // What has become idle meanwhile, or is on its way out, goes in good order.
    const idle = this.#options.reclaimable()
    if (supervisor.generation !== generation || book.isLeaving(supervisor)) return
    if (idle.some((one) => one.name === name)) return
    const held = account.memory?.total ?? 0
    const growth = answered ? (held - before.bytes) / (now() - before.time) : 0
    const full = this.#fullness(idle)
    const taken = this.#taken(supervisor)
    const figures = { component: name, generation: generation.number, answered, before: before.bytes, held, taken }
    logger.info({ ...figures, ...full }, 'the limit is passed: a component that grows was asked to collect its garbage')
    // It has made room: the next time it may do so again.
    if (full.usage <= full.limit) this.#spared.delete(generation)
    else if (growth > 0 && runsAway(full, growth)) fence.end(supervisor, full, why)
    else if (keepsOthersOut(full, taken)) fence.end(supervisor, full, whyLater)
  }

  #suspect(supervisor: Supervisor): Suspect {
    const { name, state } = supervisor
    return {
      name,
      growth: this.#options.book.account(supervisor).sustainedGrowth,
      taken: this.#taken(supervisor),
      loading: state.status === 'loading',
      questioned: this.#isSpared(supervisor),
    }
  }

  /** What is taken from now on is told from this. What it takes to load is no growth. */
  #noteHeld(supervisor: Supervisor): void {
    const { generation, state } = supervisor
    const least = this.#options.book.account(supervisor).leastLately
    if (!generation || !least || state.status === 'loading' || this.#overrun?.held.has(generation)) return
    this.#overrun?.held.set(generation, least.bytes)
  }

  /** Bytes since the limit was passed; 0 while nothing is known of that. */
  #taken(supervisor: Supervisor): number {
    const { generation } = supervisor
    const first = generation && this.#overrun?.held.get(generation)
    const least = this.#options.book.account(supervisor).leastLately
    return first === undefined || !least ? 0 : least.bytes - first
  }

  #isSpared({ generation }: Supervisor): boolean {
    const until = generation && this.#spared.get(generation)
    return until !== undefined && this.#options.now() < until
  }

  #fullness(idle: readonly { readonly bytes: number }[]): Fullness {
    const { book, limit } = this.#options
    const reclaimable = idle.reduce((sum, { bytes }) => sum + bytes, 0)
    const since = this.#overrun?.lasted ?? 0
    return { usage: book.usage, limit: limit(), leaving: book.leaving, reclaimable, since }
  }
}
