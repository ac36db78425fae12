import type { Supervisor } from '../component/supervisor.ts'
import type { Generation } from '../host/generation.ts'
import type { Logger } from '../observability/logger.ts'
import type { MemoryBook } from './memory-book.ts'
import { findRunaway } from './runaway.ts'

/**
 * Ends workers that take more than they may: one that passed its own limit, or the one that grows fastest when all together have passed
 * theirs and nothing can be unloaded in time. Their callers get ComponentCrashedError, reason 'memory-limit'.
 */
export class MemoryFence {
  readonly #logger: Logger
  readonly #ended = new WeakSet<Generation>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /**
   * @param held heap and external memory, bytes.
   * @param limit of all components together: what one without a limit of its own may hold.
   */
  check(supervisor: Supervisor, held: number, limit: number): void {
    const own = supervisor.definition.memoryLimit ?? limit
    if (held > own) this.#end(supervisor, { held, memoryLimit: own }, 'worker ended: it has passed its memory limit')
  }

  /** @param limit of all components together, bytes. */
  stopRunaway(book: MemoryBook, limit: number): void {
    const { usage, leaving } = book
    if (usage <= limit) return
    const growing = new Map<string, Supervisor>()
    for (const supervisor of book.live) {
      const { status } = supervisor.state
      if (status === 'ready' || status === 'loading') growing.set(supervisor.name, supervisor)
    }
    const components = Array.from(growing.keys(), (name) => ({ name, growth: book.account(name).sustainedGrowth }))
    const runaway = growing.get(findRunaway({ usage, leaving, limit, components }) ?? '')
    if (runaway) this.#end(runaway, { usage, limit }, 'worker ended: the limit is passed, and nothing grows faster')
  }

  #end(supervisor: Supervisor, figures: object, why: string): void {
    const { generation, name } = supervisor
    if (!generation || this.#ended.has(generation)) return
    this.#ended.add(generation)
    this.#logger.error({ component: name, generation: generation.number, ...figures }, why)
    void supervisor.kill('memory-limit')
  }
}
