import type * as V8 from 'node:v8'
import { activitySize } from '../channel/activity.ts'
import { monotonicNow } from '../base/monotonic.ts'
import { memoryOf } from './worker-memory.ts'
import type { WorkerMemory } from './worker-memory.ts'

/**
 * What a thread's isolate holds, told by its worker where it is at work anyway: to ask from outside wakes it, and costs 60 us of processor time where
 * this costs 1.5. It lies behind the record of what the component is doing: a number that is odd while the rest is being written, then 64-bit floats.
 */
const figures = ['at', 'active', 'used', 'physical', 'external', 'malloced', 'heap'] as const
const { BYTES_PER_ELEMENT } = Float64Array
/** Loaded, as `performance` is, by a worker that has something to tell: that takes 2 ms. */
let v8: typeof V8 | undefined

/** Bytes of both records. */
export const sharedRecordSize = activitySize + (1 + figures.length) * BYTES_PER_ELEMENT

/** ms of work after which it is told again: a heap can hardly have grown in less, and to tell takes a thousandth of that. */
const worthTelling = 1
/** ms that a call takes at least, with what the event loop does for it. */
const shortestCall = 0.1

export interface Telling {
  /** What was told before has a smaller one. */
  readonly number: number
  /** ms of the monotonic clock. */
  readonly at: number
  /** ms for which the worker's event loop had been active by then. */
  readonly active: number
  readonly memory: WorkerMemory
}

class TellingRecord {
  readonly #count: Int32Array
  readonly figures: Float64Array

  constructor(shared: SharedArrayBuffer) {
    this.#count = new Int32Array(shared, activitySize, 1)
    this.figures = new Float64Array(shared, activitySize + BYTES_PER_ELEMENT, figures.length)
  }

  get count(): number {
    return Atomics.load(this.#count, 0)
  }

  next(): void {
    Atomics.add(this.#count, 0, 1)
  }
}

/** The worker's side. */
export class HeapTeller {
  readonly #record: TellingRecord
  #worked = 0

  constructor(shared: SharedArrayBuffer) {
    this.#record = new TellingRecord(shared)
  }

  /** It has worked until now. @param since @param now ms of the monotonic clock. */
  worked(since: number, now: number): void {
    this.#worked += Math.max(shortestCall, now - since)
    if (this.#worked >= worthTelling) this.tell(now)
  }

  tell(now = monotonicNow()): void {
    this.#worked = 0
    v8 ??= process.getBuiltinModule('node:v8')
    const { used, physical, external, malloced, heap } = memoryOf(v8.getHeapStatistics())
    const { active } = performance.eventLoopUtilization()
    this.#record.next()
    this.#record.figures.set([now, active, used, physical, external, malloced, heap])
    this.#record.next()
  }
}

/** The main thread's side. */
export class ToldMemory {
  readonly #record: TellingRecord

  constructor(shared: SharedArrayBuffer) {
    this.#record = new TellingRecord(shared)
  }

  /** What was told last, unless that is no later than number `after`, or is being written just now. */
  read(after: number): Telling | undefined {
    const number = this.#record.count
    if (number <= after || number % 2 !== 0) return undefined
    const [at = 0, active = 0, used = 0, physical = 0, external = 0, malloced = 0, heap = 0] = this.#record.figures
    if (this.#record.count !== number) return undefined
    return { number, at, active, memory: { used, physical, external, malloced, heap } }
  }
}
