import { afterDeadline } from '../base/deadline.ts'
import { isSnapshotError } from '../contract/errors.ts'
import type { Generation } from '../host/generation.ts'
import { keepsState } from './hibernation.ts'
import type { UnloadReason, UnloadReport } from '../contract/unload-report.ts'
import type { Supervisor } from './supervisor.ts'
import { endGeneration, reclaimAfter } from './unload.ts'
import type { UnloadOrder } from './unload.ts'

/** An unload from its beginning to its report, which others can join. */
export class UnloadUnderWay {
  /** Resolves when the component has left `draining` and `unloading`. */
  readonly over: Promise<void>
  /** Undefined when it was called off. */
  readonly report: Promise<UnloadReport | undefined>
  readonly #hurry = new AbortController()

  constructor(supervisor: Supervisor, generation: Generation, order: Omit<UnloadOrder, 'hurry'>) {
    const ending = endGeneration(supervisor, generation, { ...order, hurry: this.#hurry.signal })
    this.over = ending.then(
      () => supervisor.wake(),
      () => supervisor.wake(),
    )
    this.report = ending.then(async (ended) => (ended ? reclaimAfter(supervisor, ended) : undefined))
  }

  /**
   * @param deadline ms after which what is under way is given no more time; undefined: as long as whoever began it gives.
   * @returns undefined when it was called off, and that is no reason for one with this reason not to go on, or nobody's concern.
   */
  async join(reason: UnloadReason, deadline: number | undefined): Promise<UnloadReport | undefined> {
    const cancel = deadline === undefined ? undefined : afterDeadline(deadline, () => this.#hurry.abort())
    try {
      return await this.report
    } catch (error) {
      if (isSnapshotError(error) && (deadline === undefined || !keepsState(reason))) return undefined
      throw error
    } finally {
      cancel?.()
    }
  }
}
