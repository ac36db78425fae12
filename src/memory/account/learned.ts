import { RecordedGaps } from '../decide/call-gaps.ts'
import { initialResidency } from '../decide/residency.ts'
import type { ResidencyState } from '../decide/residency.ts'
import { REMEMBERED_PEAKS } from '../tuning.ts'

/** What was learned of a component over all generations of all its copies. */
export class Learned {
  readonly gaps = new RecordedGaps()
  residency: ResidencyState = initialResidency
  /** Largest totals (bytes) of the last generations that are over, the oldest first. */
  peaks: readonly number[] = []
  /** Of the generations that are there, by whose account it is. */
  readonly current = new Map<object, number>()
  #idleSince: number

  /** @param time ms of a monotonic clock: the first gap runs from here. */
  constructor(time: number) {
    this.#idleSince = time
  }

  reached(peak: number): void {
    this.peaks = [...this.peaks.slice(1 - REMEMBERED_PEAKS), peak]
  }

  /** A call came in (ms): the gaps between idle and called tell how soon it is needed again. */
  called(time: number): void {
    if (time > this.#idleSince) this.gaps.record(time - this.#idleSince)
    this.#idleSince = Math.max(this.#idleSince, time)
  }

  /** No call is under way any more. */
  idle(time: number): void {
    this.#idleSince = Math.max(this.#idleSince, time)
  }
}
