import type { ComponentMemory } from '../../contract/ledger.ts'
import type { CallGaps } from '../../contract/unload-policy.ts'
import {
  addGrowthSample,
  confirmGrowthSample,
  emptyGrowth,
  lowest,
  peakGrowth,
  sustainedGrowth,
} from '../decide/growth.ts'
import type { GrowthWindow } from '../decide/growth.ts'
import { residencyAfterLoad, residencyAfterUnload } from '../decide/residency.ts'
import type { ResidencyState } from '../decide/residency.ts'
import { totalOf } from '../measure/worker-memory.ts'
import type { WorkerMemory } from '../../host/worker-memory.ts'
import type { SelfReported } from '../measure/worker-memory.ts'
import { noShare, sizeOf } from '../decide/native-shares.ts'
import type { NativeShare } from '../decide/native-shares.ts'
import { KEPT_SAMPLES } from '../tuning.ts'
import type { Learned } from './learned.ts'

/**
 * How a generation ended, as far as memory goes. 'evicted': for want of memory, so a reload soon would show that as a mistake. 'overgrown': it
 * passed its limit, or ran out of memory. 'leaked': it was known to grow, and to keep it.
 */
export type GenerationFate = 'ended' | 'evicted' | 'overgrown' | 'leaked'

/** What is known of the memory of one copy of a component: the last figures of its worker, and what all copies have learned. Outlives its workers. */
export class ComponentAccount {
  readonly #learned: Learned
  #memory: ComponentMemory | null = null
  #heap: WorkerMemory | undefined
  #self: SelfReported | undefined
  #growth: GrowthWindow = emptyGrowth
  #letIn: GrowthWindow[number] | undefined
  #native: NativeShare = noShare
  #limited = 0
  #stayed = false
  #busySince: number | undefined
  #collections = 0
  #wasCollected = false
  #collectedAt: number | undefined

  constructor(learned: Learned) {
    this.#learned = learned
  }

  get gaps(): CallGaps {
    return this.#learned.gaps
  }

  get residency(): ResidencyState {
    return this.#learned.residency
  }

  /** The last figures; null while nothing is loaded, and before the first sample. */
  get memory(): ComponentMemory | null {
    return this.#memory
  }

  /** Bytes per ms, 0 or more: the steepest of late. */
  get peakGrowth(): number {
    return peakGrowth(this.#growth)
  }

  /** Bytes per ms, 0 or more: growth that has lasted. */
  get sustainedGrowth(): number {
    return sustainedGrowth(this.#growth)
  }

  /** The least it has been measured to hold of late, and when (ms): what its growth started from. */
  get leastLately(): { readonly time: number; readonly bytes: number } | undefined {
    const least = lowest(this.#growth)
    // Of one that has only just been loaded, what it was let in for is what it may have; the rest it took.
    const isNew = this.#letIn !== undefined && this.#growth.length < KEPT_SAMPLES
    return isNew && this.#letIn && (least?.bytes ?? 0) > this.#letIn.bytes ? this.#letIn : least
  }

  /** It was asked to collect its garbage, and may still answer. */
  get isCollecting(): boolean {
    return this.#collections > 0
  }

  /** When it was last measured after that (ms). */
  get collectedAt(): number | undefined {
    return this.#collectedAt
  }

  /** It is asked to collect its garbage. */
  collectionBegan(): void {
    this.#collections++
  }

  /** It has: how it grew before says nothing any more, and what it holds is known once it is measured anew. */
  collected(): void {
    this.#growth = emptyGrowth
    this.#wasCollected = true
  }

  /** It has answered, or has not in time. */
  collectionOver(): void {
    this.#collections--
  }

  /** Heap and external memory (bytes), which its own limit is held against. */
  get limited(): number {
    return this.#limited
  }

  /** Largest totals (bytes) of the last generations, the oldest first, and of those of other copies; without this one. */
  get peaks(): readonly number[] {
    const { peaks, current } = this.#learned
    return [...peaks, ...Array.from(current, ([whose, peak]) => (whose === this ? [] : [peak])).flat()]
  }

  /** Largest total (bytes) of the last generations, this one included; undefined before the first. */
  get learnedPeak(): number | undefined {
    const current = this.#memory?.peak
    const peaks = current === undefined ? this.peaks : [...this.peaks, current]
    return peaks.length > 0 ? Math.max(...peaks) : undefined
  }

  /** @param time ms of a monotonic clock, as is `sampledAt`, which is kept with the figures. */
  measured(heap: WorkerMemory, self: SelfReported, time: number, sampledAt: number): void {
    // Shares of native memory are worked out, and what a component reports is its own arithmetic: bytes are whole all the same.
    const native = Math.round(sizeOf(this.#native))
    const reported = Math.round(self.reported)
    const total = Math.round(totalOf(heap, self)) + native
    const { used, physical, malloced } = heap
    const external = heap.external + (heap.isAll === true ? 0 : self.uncounted)
    const peak = Math.max(this.#memory?.peak ?? 0, total)
    this.#learned.current.set(this, peak)
    this.#heap = heap
    this.#self = { reported: self.reported, uncounted: self.uncounted, limited: self.limited ?? 0 }
    this.#limited = Math.round(
      heap.heap + external + this.#native.certain + (heap.isAll === true ? 0 : (self.limited ?? 0)),
    )
    if (this.#wasCollected) this.#collectedAt = sampledAt
    this.#wasCollected = false
    this.#stayed = false
    this.#growth = addGrowthSample(this.#growth, time, total)
    this.#memory = {
      used,
      physical,
      external,
      malloced,
      reported,
      native,
      total,
      peak,
      stale: false,
      sampledAt,
    }
  }

  /** The worker has hardly done anything since it was measured: its heap is what it was, only what it says itself may be new. */
  unchanged(self: SelfReported, time: number, sampledAt: number): void {
    if (!this.#heap || !this.#memory) return
    const said = this.#self
    const isNew =
      said?.reported !== self.reported || said.uncounted !== self.uncounted || said.limited !== (self.limited ?? 0)
    if (isNew || this.#wasCollected) {
      this.measured(this.#heap, self, time, sampledAt)
      return
    }
    this.#stayed = false
    this.#growth = confirmGrowthSample(this.#growth, time)
    this.#memory = { ...this.#memory, stale: false, sampledAt }
  }

  /** The worker did not answer in time: the last figures of its heap stand, and say so. */
  late(self: SelfReported): void {
    if (!this.#heap || !this.#memory) return
    const reported = Math.round(self.reported)
    const total = Math.round(totalOf(this.#heap, self)) + this.#memory.native
    const peak = Math.max(this.#memory.peak, total)
    const external = this.#heap.external + (this.#heap.isAll === true ? 0 : self.uncounted)
    this.#memory = { ...this.#memory, external, reported, total, peak, stale: true }
  }

  /** So much of the process's native memory is taken to be its own now. @param time ms of a monotonic clock. */
  nativeIs(share: NativeShare, time: number): void {
    const before = this.#native
    this.#native = share
    const native = Math.round(sizeOf(share))
    const more = native - Math.round(sizeOf(before))
    this.#limited += Math.round(share.certain) - Math.round(before.certain)
    if (!this.#memory || more === 0) return
    const total = this.#memory.total + more
    const peak = Math.max(this.#memory.peak, total)
    this.#learned.current.set(this, peak)
    this.#memory = { ...this.#memory, native, total, peak }
    this.#growth = addGrowthSample(this.#growth, time, total)
  }

  /** An unload of the component has given back native memory that is worth the name. */
  get isProvenNative(): boolean {
    return this.#learned.isProvenNative
  }

  /** Native memory (bytes) of which it is certain that the component took it. */
  get certainNative(): number {
    return this.#native.certain
  }

  /** It did not let itself be unloaded, although nothing was known to be under way. */
  stayed(): void {
    this.#stayed = true
  }

  /** True for one that does not even answer, and has shown that it is not to be unloaded in that state. */
  get isStuck(): boolean {
    return this.#stayed && this.#memory?.stale === true
  }

  /**
   * A call came in: the gaps between idle and called tell how soon it is needed again.
   *
   * @param time ms of the clock that idle times go by.
   * @param moment ms of the monotonic clock. Default: the same.
   */
  called(time: number, moment = time): void {
    this.#learned.called(time)
    this.#busySince ??= moment
  }

  /** No call is under way any more. */
  idle(time: number): void {
    this.#learned.idle(time)
    this.#busySince = undefined
  }

  /** Since when calls have been under way in its worker without a break (ms of the monotonic clock); undefined: none is. */
  get busySince(): number | undefined {
    return this.#busySince
  }

  /**
   * @param promised bytes that it was let in for.
   * @param policyTime ms of the clock that residency goes by. Default: the same.
   */
  loaded(time: number, promised: number, policyTime = time): void {
    // What it took to load is no growth.
    this.#growth = emptyGrowth
    this.#letIn = { time, bytes: promised }
    // What had it loaded has only begun now.
    this.#busySince &&= time
    this.#learned.residency = residencyAfterLoad(this.residency, policyTime)
  }

  /** @param time ms of the clock that residency goes by. */
  ended(time: number, how: GenerationFate): void {
    // What a runaway or a leak has taken says nothing about what the next load needs; reserving that much could keep it out for good.
    if (this.#memory && how !== 'overgrown' && how !== 'leaked') this.#learned.reached(this.#memory.peak)
    if (how === 'evicted') this.#learned.residency = residencyAfterUnload(this.residency, time)
    this.#learned.current.delete(this)
    this.#memory = null
    this.#heap = undefined
    this.#limited = 0
    this.#native = noShare
    this.#letIn = undefined
    this.#collectedAt = undefined
    this.#wasCollected = false
    this.#growth = emptyGrowth
  }
}
