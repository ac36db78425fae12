import type { Supervisor } from '../../component/supervisor.ts'
import type { Generation } from '../../host/generation.ts'
import type { Logger } from '../../contract/logger.ts'
import type { MemoryBook } from '../account/book.ts'

/** Times its own limit at which a worker is ended whatever it holds: nobody waits for it to say what of that is garbage. */
const outright = 1.5
/** ms that a worker beyond its limit has to collect its garbage. */
const grace = 500
/** ms after which a figure is too old to end a worker by without asking it: that long ago it may have held what it has given back since. Guessed. */
const fresh = 250

/**
 * Ends workers that have passed their own limit. Their callers get ComponentCrashedError, reason 'memory-limit'.
 *
 * V8 puts off collecting garbage for as long as it has room, and the room it has is far beyond the limit. So a worker that has passed its limit is asked
 * to drop what it can and to collect its garbage, and it is ended when it holds more than its limit even then, does not
 * come to it within half a second, or reaches one and a half times its limit meanwhile.
 */
export class MemoryFence {
  readonly #logger: Logger
  readonly #book: MemoryBook
  readonly #suspects = new WeakSet<Generation>()
  readonly #ended = new WeakSet<Generation>()

  constructor(logger: Logger, book: MemoryBook) {
    this.#logger = logger
    this.#book = book
  }

  /**
   * @param held heap and external memory, bytes, `age` ms ago.
   * @param limit of all components together: no single one may hold more.
   */
  check(supervisor: Supervisor, { held, age }: { readonly held: number; readonly age: number }, limit: number): void {
    const { generation, definition } = supervisor
    if (!generation) return
    const own = definition.memoryLimit ?? limit
    if (held <= own) this.#suspects.delete(generation)
    else if (held > Math.min(own * outright, limit) && age < fresh) this.#endAtLimit(supervisor, held, own)
    else if (!this.#suspects.has(generation)) {
      this.#suspects.add(generation)
      void this.#question(supervisor, generation, own)
    }
  }

  /** Ends its worker now; once, however often it is asked for. `figures` and `why` are for the log. */
  end(supervisor: Supervisor, figures: object, why: string): void {
    const { generation, name } = supervisor
    if (!generation || this.#ended.has(generation)) return
    this.#ended.add(generation)
    this.#book.condemned(supervisor)
    this.#logger.error({ component: name, generation: generation.number, ...figures }, why)
    void supervisor.kill('memory-limit')
  }

  async #question(supervisor: Supervisor, generation: Generation, own: number): Promise<void> {
    if (await generation.trim('critical', grace, true)) await this.#book.measureOne(supervisor, grace)
    if (supervisor.generation === generation && this.#suspects.has(generation)) {
      this.#endAtLimit(supervisor, undefined, own)
    }
  }

  #endAtLimit(supervisor: Supervisor, held: number | undefined, memoryLimit: number): void {
    this.end(supervisor, { held, memoryLimit }, 'worker ended: it has passed its memory limit')
  }
}
