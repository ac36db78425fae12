import type { PressureLevel } from '../../contract/pressure-level.ts'
import type { Spares } from '../../host/spares.ts'
import type { Logger } from '../../contract/logger.ts'
import { trimWords } from '../../words/decision-words.ts'
import type { MemoryBook } from '../account/book.ts'
import { ANSWER_TIME } from '../tuning.ts'

/** Gets memory back without unloading anything: components drop what they can, and spare workers go. */
export class Relief {
  readonly #book: MemoryBook
  readonly #spares: Spares
  readonly #logger: Logger

  constructor(book: MemoryBook, spares: Spares, logger: Logger) {
    this.#book = book
    this.#spares = spares
    this.#logger = logger
  }

  /** Resolves once all have answered, or have not in time. */
  async trim(names: readonly string[], level: PressureLevel, need: number, limit: number): Promise<void> {
    const { usage } = this.#book
    const why = trimWords({ level, usage, limit }, need)
    const late: string[] = []
    const ask = async (name: string): Promise<void> => {
      const supervisor = this.#book.supervisorOf(name)
      if (supervisor && !(await supervisor.trim(level, ANSWER_TIME))) late.push(name)
    }
    await this.#book.during(Promise.all(names.map(ask)))
    this.#logger.info(
      { pressure: level, usage, need, asked: names, late, why },
      'asked components to drop what they can',
    )
  }

  async giveUpSpares(level: PressureLevel): Promise<void> {
    const { usage } = this.#book
    const count = await this.#book.during(this.#spares.giveUp(ANSWER_TIME))
    if (count > 0)
      this.#logger.info({ pressure: level, usage, spares: count }, 'spare workers ended for want of memory')
  }

  restoreSpares(): void {
    this.#spares.restore()
  }
}
