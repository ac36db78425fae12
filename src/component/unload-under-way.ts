import { afterDeadline } from '../base/deadline.ts'
import { isSnapshotError } from '../contract/errors.ts'
import type { UnloadReason, UnloadReport } from '../contract/unload-report.ts'
import { keepsState } from './hibernation.ts'
import type { Ending } from './unload.ts'

export interface UnloadSteps {
  /**
   * From `draining` to the worker's end; undefined when it was called off.
   *
   * @param hurry aborted when somebody cannot wait any longer.
   */
  readonly end: (hurry: AbortSignal) => Promise<Ending | undefined>
  /** The component has left `draining` and `unloading`. */
  readonly over: () => void
  readonly reclaim: (ending: Ending) => Promise<UnloadReport>
}

/** An unload from its beginning to its report, which others can join. */
export class UnloadUnderWay {
  /** Resolves when the component has left `draining` and `unloading`. */
  readonly over: Promise<void>
  /** Undefined when it was called off. */
  readonly report: Promise<UnloadReport | undefined>
  readonly #hurry = new AbortController()

  constructor({ end, over, reclaim }: UnloadSteps) {
    const ending = end(this.#hurry.signal)
    this.over = ending.then(over, over)
    this.report = ending.then(async (ended) => (ended ? reclaim(ended) : undefined))
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
