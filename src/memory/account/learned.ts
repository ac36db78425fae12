import { RecordedGaps } from '../decide/call-gaps.ts'
import { initialResidency } from '../decide/residency.ts'
import type { ResidencyState } from '../decide/residency.ts'
import { REMEMBERED_PEAKS, WORTHWHILE } from '../tuning.ts'

/** What was learned of a component over all generations of all its copies. */
export class Learned {
  readonly gaps = new RecordedGaps()
  residency: ResidencyState = initialResidency
  /** Largest totals (bytes) of the last generations that are over, the oldest first. */
  peaks: readonly number[] = []
  /** Of the generations that are there, by whose account it is. */
  readonly current = new Map<object, number>()
  #idleSince: number
  #returned = 0

  /** @param time ms of a monotonic clock: the first gap runs from here. */
  constructor(time: number) {
    this.#idleSince = time
  }

  reached(peak: number): void {
    this.peaks = [...this.peaks.slice(1 - REMEMBERED_PEAKS), peak]
  }

  /** An unload was found to have given back so many bytes of the native memory (`expected`) that the component was taken to have. */
  nativeReturned(expected: number, bytes: number): void {
    this.#returned = bytes
    const last = this.peaks.at(-1)
    if (last !== undefined) this.peaks = [...this.peaks.slice(0, -1), Math.max(0, last - expected + bytes)]
  }

  /** What the last one gave back is worth the name. */
  get isProvenNative(): boolean {
    return this.#returned >= WORTHWHILE
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
