import type { ComponentMemory } from '../component/component-info.ts'
import { CallGaps } from './call-gaps.ts'
import { addGrowthSample, emptyGrowth, peakGrowth } from './growth.ts'
import type { GrowthWindow } from './growth.ts'
import { initialResidency, residencyAfterLoad, residencyAfterUnload } from './residency.ts'
import type { ResidencyState } from './residency.ts'
import { totalOf } from './worker-memory.ts'
import type { WorkerMemory } from './worker-memory.ts'

/** Peaks of the last generations that are remembered: enough to forget an odd one in time. */
const rememberedPeaks = 4
/** Bytes to expect of a component nobody has measured or estimated: a worker with a small module. */
export const unknownComponent = 16 * 1024 ** 2

/** What is known of one component's memory: the last figures of its worker, and what was learned over all its generations. Outlives its workers. */
export class ComponentAccount {
  readonly gaps = new CallGaps()
  residency: ResidencyState = initialResidency
  /** Bytes that a load under way, or one just finished, may still grow by. */
  reserved = 0
  #memory: ComponentMemory | null = null
  #growth: GrowthWindow = emptyGrowth
  #peaks: number[] = []
  #lastCall = 0

  /** The last figures; null while nothing is loaded, and before the first sample. */
  get memory(): ComponentMemory | null {
    return this.#memory
  }

  /** Bytes per ms, 0 or more: the steepest of late. */
  get growth(): number {
    return peakGrowth(this.#growth)
  }

  /** Largest total (bytes) of the last generations, this one included; undefined before the first. */
  get learnedPeak(): number | undefined {
    const current = this.#memory?.peak
    const peaks = current === undefined ? this.#peaks : [...this.#peaks, current]
    return peaks.length > 0 ? Math.max(...peaks) : undefined
  }

  /** What the next load should reserve (bytes): the learned peak, before the first load the estimate. */
  expected(estimate: number): number {
    return this.learnedPeak ?? (estimate > 0 ? estimate : unknownComponent)
  }

  /** Bytes still reserved beyond what was measured. */
  get outstanding(): number {
    return Math.max(0, this.reserved - (this.#memory?.total ?? 0))
  }

  /** @param time ms of a monotonic clock; `epoch` is the same moment as people read it. */
  measured(memory: WorkerMemory, reported: number, time: number, epoch: number): ComponentMemory {
    const total = totalOf(memory, reported)
    const { used, physical, external, malloced } = memory
    const peak = Math.max(this.#memory?.peak ?? 0, total)
    this.#growth = addGrowthSample(this.#growth, time, total)
    this.#memory = { used, physical, external, malloced, reported, total, peak, stale: false, sampledAt: epoch }
    return this.#memory
  }

  /** The worker did not answer in time: the last figures stand, and say so. */
  stale(): void {
    if (this.#memory && !this.#memory.stale) this.#memory = { ...this.#memory, stale: true }
  }

  /** A call came in (ms): the gaps between calls tell how soon it is needed again. */
  called(time: number): void {
    if (this.#lastCall > 0 && time > this.#lastCall) this.gaps.record(time - this.#lastCall)
    this.#lastCall = Math.max(this.#lastCall, time)
  }

  loaded(time: number): void {
    this.residency = residencyAfterLoad(this.residency, time)
  }

  /** The generation is over. `automatic`: it was ended for want of memory, so a reload soon would show that as a mistake. */
  ended(time: number, automatic: boolean): void {
    if (this.#memory) this.#peaks = [...this.#peaks.slice(1 - rememberedPeaks), this.#memory.peak]
    if (automatic) this.residency = residencyAfterUnload(this.residency, time)
    this.#memory = null
    this.#growth = emptyGrowth
  }
}
