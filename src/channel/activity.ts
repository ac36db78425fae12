import { monotonicNow } from '../base/monotonic.ts'
import { EarliestDeadline } from './earliest-deadline.ts'
import { setImmediate } from '../base/timers.ts'

/**
 * What a component is doing, in shared memory: written by its worker alone, read by the main thread at any time, also
 * when the worker is stuck. Each slot is a 64-bit float, written whole on every platform Node supports.
 */

const slot = {
  calls: 0,
  errors: 1,
  active: 2,
  subscriptions: 3,
  lastAccess: 4,
  reported: 5,
  uncounted: 6,
  deadline: 7,
  turnedAt: 8,
  heard: 9,
  resident: 10,
  worked: 11,
  limited: 12,
  native: 13,
  inspected: 14,
} as const
type Slot = keyof typeof slot
const slots = Object.keys(slot).length

/**
 * A reading. `active`: calls being served and open streams; `lastAccess`: ms of the monotonic clock, 0 = never; `reported`, `uncounted` and
 * `limited`, what of `reported` counts towards its own limit: bytes. `native`: 1 once native code has been loaded that may keep memory of its own.
 * `deadline`: the earliest of the calls that have begun and are under way, ms of the monotonic clock, 0 = none; `heard`: the number of the last question
 * whether its event loop turns that it has come to answer, at `turnedAt`, ms of the monotonic clock. `resident` (bytes) and `worked` (ms of processor time):
 * what a process says of itself where that cannot be measured from outside. `inspected`: 1 while the inspector of its own process is open.
 */
export type ActivityReading = Readonly<Record<Slot, number>>

/** Bytes that a record of it takes. */
export const activitySize = slots * Float64Array.BYTES_PER_ELEMENT

export function readActivity(record: ArrayBufferLike): ActivityReading {
  return readingOf(new Float64Array(record, 0, slots))
}

/** @param view of the record, for those who read it often. */
export function readingOf(view: Float64Array): ActivityReading {
  return {
    calls: view[slot.calls] ?? 0,
    errors: view[slot.errors] ?? 0,
    active: view[slot.active] ?? 0,
    subscriptions: view[slot.subscriptions] ?? 0,
    lastAccess: view[slot.lastAccess] ?? 0,
    reported: view[slot.reported] ?? 0,
    uncounted: view[slot.uncounted] ?? 0,
    deadline: view[slot.deadline] ?? 0,
    turnedAt: view[slot.turnedAt] ?? 0,
    heard: view[slot.heard] ?? 0,
    resident: view[slot.resident] ?? 0,
    worked: view[slot.worked] ?? 0,
    limited: view[slot.limited] ?? 0,
    native: view[slot.native] ?? 0,
    inspected: view[slot.inspected] ?? 0,
  }
}

/** Whether the inspector of the process that the record is of is open. */
export function noteInspected(view: Float64Array, isOpen: boolean): void {
  view[slot.inspected] = isOpen ? 1 : 0
}

/** Where a worker keeps the record of what it is doing. */
export interface ActivityRecord {
  readonly bytes: ArrayBufferLike
  /** The record has changed; whoever reads it from outside need see that only once something is waited for. */
  changed(): void
  /** The component is about to run something, which may take any time: what has changed is seen from outside from now on. */
  begins(): void
  /** What has changed is seen from outside from now on. */
  publish(): void
}

/** A record that the main thread sees as it is written. */
export function sharedRecord(bytes: SharedArrayBuffer): ActivityRecord {
  return { bytes, changed: () => {}, begins: () => {}, publish: () => {} }
}

/** The worker's side. */
export class ActivityMeter {
  readonly #view: Float64Array
  readonly #record: ActivityRecord
  readonly #onIdle: () => void
  readonly #onWork: (since: number, now: number) => void
  readonly #deadlines = new EarliestDeadline()
  /** When the first of those under way came, or the last of them ended. */
  #since = 0
  #begunThisTurn = false
  /** Of streams, begun in this turn of the event loop and not settled: what ends each. */
  readonly #steps = new Set<() => void>()

  /**
   * @param onIdle nothing is being served any more.
   * @param onWork something has been served, for so long (ms of the monotonic clock).
   */
  constructor(record: ActivityRecord, onIdle: () => void, onWork: (since: number, now: number) => void = () => {}) {
    this.#view = new Float64Array(record.bytes, 0, slots)
    this.#record = record
    this.#onIdle = onIdle
    this.#onWork = onWork
  }

  get calls(): number {
    return this.#view[slot.calls] ?? 0
  }

  get active(): number {
    return this.#view[slot.active] ?? 0
  }

  get subscriptions(): number {
    return this.#view[slot.subscriptions] ?? 0
  }

  /** @param now ms of the monotonic clock. */
  callStarted(now: number): void {
    this.#add(slot.calls, 1)
    this.#add(slot.active, 1)
    this.#view[slot.lastAccess] = now
    this.#record.changed()
    if (this.active === 1) this.#since = now
  }

  /** One unit of work is over: a call answered, or the stream it opened ended. */
  callEnded(failed: boolean): void {
    if (failed) this.#add(slot.errors, 1)
    this.#add(slot.active, -1)
    const now = monotonicNow()
    this.#view[slot.lastAccess] = now
    this.#record.changed()
    this.#onWork(this.#since, now)
    this.#since = now
    if (this.active === 0) this.#onIdle()
  }

  /** What a call that is over was to be answered with could not be sent. */
  answerFailed(): void {
    this.#add(slot.errors, 1)
    this.#record.changed()
  }

  /** A call is about to be run, with a deadline (ms of the monotonic clock; 0: none). */
  callBegins(deadline: number): void {
    if (deadline === 0 && this.#deadlines.value === undefined) {
      this.#record.begins()
      return
    }
    if (!this.#begunThisTurn) {
      // The event loop has turned since the call before: whose deadline has passed by now is heard.
      this.#deadlines.pass(monotonicNow())
      this.#begunThisTurn = true
      setImmediate(() => {
        this.#begunThisTurn = false
        for (const over of this.#steps) over()
      })
    }
    if (deadline !== 0) this.#deadlines.add(deadline)
    this.#noteDeadline()
    this.#record.publish()
  }

  /**
   * A step of a stream is about to be run. It may wait for ever, but has to let the event loop turn.
   *
   * @param timeout ms; 0: no matter when.
   * @returns what tells that it is settled.
   */
  stepBegins(timeout: number): () => void {
    if (timeout === 0) return () => {}
    const deadline = monotonicNow() + timeout
    const over = (): void => {
      if (this.#steps.delete(over)) this.deadlineOver(deadline)
    }
    this.callBegins(deadline)
    this.#steps.add(over)
    return over
  }

  /** The deadline of a call that has begun is over: it was answered, or has heard of it. */
  deadlineOver(deadline: number): void {
    this.#deadlines.delete(deadline)
    this.#noteDeadline()
    this.#record.changed()
  }

  /** The event loop has turned. @param question whose answer that is. */
  turned(question: number): void {
    this.#view[slot.turnedAt] = monotonicNow()
    this.#view[slot.heard] = question
    this.#record.publish()
  }

  subscriptionOpened(): void {
    this.#add(slot.subscriptions, 1)
    this.#record.changed()
  }

  subscriptionClosed(): void {
    this.#add(slot.subscriptions, -1)
    this.#record.changed()
  }

  /** @param limited what of the bytes counts towards its own limit. */
  report(bytes: number, limited: number): void {
    this.#view[slot.reported] = bytes
    this.#view[slot.limited] = limited
    this.#record.changed()
  }

  /** Native code that may keep memory of its own has been loaded. */
  nativeLoaded(): void {
    this.#view[slot.native] = 1
    this.#record.changed()
  }

  /** What SharedArrayBuffers hold, and WebAssembly memories that V8 does not count. */
  reportUncounted(bytes: number): void {
    this.#view[slot.uncounted] = bytes
    this.#record.changed()
  }

  /** @param resident bytes. @param worked ms of processor time. */
  reportProcess(resident: number, worked: number): void {
    this.#view[slot.resident] = resident
    this.#view[slot.worked] = worked
    this.#record.publish()
  }

  #noteDeadline(): void {
    this.#view[slot.deadline] = this.#deadlines.value ?? 0
  }

  #add(at: number, by: number): void {
    this.#view[at] = (this.#view[at] ?? 0) + by
  }
}
