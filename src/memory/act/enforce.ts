import type { Supervisor } from '../../component/supervisor.ts'
import type { Generation } from '../../host/generation.ts'
import type { Logger } from '../../contract/logger.ts'
import type { AutomaticDecision } from '../../contract/automatic-decision.ts'
import { whyOf } from '../../words/decision-words.ts'
import type { MemoryBook } from '../account/book.ts'
import type { Overrun } from '../decide/action.ts'
import type { Measurement } from '../measure/measurement.ts'
import { defaultDrainDeadline } from '../../component/departures.ts'
import { isFragile } from '../../component/native-work.ts'
import { monotonicNow } from '../../base/monotonic.ts'
import { ANSWER_TIME } from '../tuning.ts'

/** Holds components to memory limits: has them collect their garbage, and ends those that go on. Their callers get ComponentCrashedError, reason 'memory-limit'. */
export class Enforcer {
  readonly #book: MemoryBook
  readonly #measurement: Measurement
  readonly #logger: Logger
  readonly #collected: ((supervisor: Supervisor, took: number) => void) | undefined
  readonly #ended = new WeakSet<Generation>()

  /** @param collected a component's garbage was collected, which took that long (ms), and it was measured since. */
  constructor(
    book: MemoryBook,
    measurement: Measurement,
    logger: Logger,
    collected?: (supervisor: Supervisor, took: number) => void,
  ) {
    this.#book = book
    this.#measurement = measurement
    this.#logger = logger
    this.#collected = collected
  }

  /** Resolves once it has, and was measured, or has not answered within `patience` ms. */
  async collect(supervisor: Supervisor, patience: number, overrun: Overrun): Promise<void> {
    const { generation, name } = supervisor
    const target = this.#book.targetOf(supervisor)
    if (!generation || !target) return
    const account = this.#book.account(supervisor)
    this.#logger.info(
      { component: name, generation: generation.number, patience, ...overrun },
      'a memory limit is passed: the component that took most was asked to drop what it can and collect its garbage',
    )
    account.collectionBegan()
    const begun = monotonicNow()
    try {
      if (!(await generation.trim('critical', patience, true))) return
      const at = monotonicNow()
      account.collected()
      await this.#measurement.measureOne(target, ANSWER_TIME)
      if ((account.memory?.sampledAt ?? 0) >= at) this.#collected?.(supervisor, at - begun)
    } finally {
      account.collectionOver()
    }
  }

  /** Ends its worker now; once, however often it is asked for. */
  end(supervisor: Supervisor, overrun: Overrun, decision: AutomaticDecision): void {
    const { generation, name } = supervisor
    if (!generation || this.#ended.has(generation)) return
    this.#ended.add(generation)
    this.#book.condemned(supervisor)
    this.#logger.error(
      { component: name, generation: generation.number, ...overrun, why: whyOf(decision) },
      {
        own: 'worker ended: it has passed its memory limit',
        family: "worker ended: its family's memory limit is passed, and it holds more than its share",
        total: 'worker ended: the limit is passed, and nothing has taken more since',
      }[overrun.which],
    )
    if (isFragile(generation, supervisor.addons)) void this.#unload(supervisor, decision)
    else
      void supervisor.kill('memory-limit', {
        passed: { which: overrun.which, limit: overrun.limit, held: overrun.held },
        decision,
      })
  }

  /** One that would take the program along is given time to finish, and takes no new calls meanwhile. */
  async #unload(supervisor: Supervisor, decision: AutomaticDecision): Promise<void> {
    try {
      await supervisor.unload('pressure', defaultDrainDeadline, false, decision)
    } catch (error) {
      this.#logger.error(
        { component: supervisor.name, err: error },
        'a component beyond its limit could not be unloaded',
      )
    }
  }
}
