import { monotonicNow } from '../base/monotonic.ts'
import { EarliestDeadline } from './earliest-deadline.ts'

/**
 * What a component is doing, in shared memory: written by its worker alone, read by the main thread at any time, also
 * when the worker is stuck. Each slot is a 64-bit float, written whole on every platform Node supports.
 */

const slots = [
  'calls',
  'errors',
  'active',
  'subscriptions',
  'lastAccess',
  'reported',
  'uncounted',
  'deadline',
  'turnedAt',
  'heard',
  'resident',
  'worked',
  'limited',
  'native',
] as const
type Slot = (typeof slots)[number]

/**
 * A reading. `active`: calls being served and open streams; `lastAccess`: ms of the monotonic clock, 0 = never; `reported`, `uncounted` and
 * `limited`, what of `reported` counts towards its own limit: bytes. `native`: 1 once native code has been loaded that may keep memory of its own.
 * `deadline`: the earliest of the calls that have begun and are under way, ms of the monotonic clock, 0 = none; `heard`: the number of the last question
 * whether its event loop turns that it has come to answer, at `turnedAt`, ms of the monotonic clock. `resident` (bytes) and `worked` (ms of processor time):
 * what a process says of itself where that cannot be measured from outside.
 */
export type ActivityReading = Readonly<Record<Slot, number>>

/** Bytes that a record of it takes. */
export const activitySize = slots.length * Float64Array.BYTES_PER_ELEMENT

export function createActivityBuffer(): SharedArrayBuffer {
  return new SharedArrayBuffer(activitySize)
}

export function readActivity(record: ArrayBufferLike): ActivityReading {
  const view = new Float64Array(record)
  const at = (slot: Slot): number => view[slots.indexOf(slot)] ?? 0
  return {
    calls: at('calls'),
    errors: at('errors'),
    active: at('active'),
    subscriptions: at('subscriptions'),
    lastAccess: at('lastAccess'),
    reported: at('reported'),
    uncounted: at('uncounted'),
    deadline: at('deadline'),
    turnedAt: at('turnedAt'),
    heard: at('heard'),
    resident: at('resident'),
    worked: at('worked'),
    limited: at('limited'),
    native: at('native'),
  }
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
  readonly #deadlines = new EarliestDeadline()
  #begunThisTurn = false
  /** Of streams, begun in this turn of the event loop and not settled: what ends each. */
  readonly #steps = new Set<() => void>()

  constructor(record: ActivityRecord, onIdle: () => void) {
    this.#view = new Float64Array(record.bytes)
    this.#record = record
    this.#onIdle = onIdle
  }

  get active(): number {
    return this.#view[2] ?? 0
  }

  get subscriptions(): number {
    return this.#view[3] ?? 0
  }

  callStarted(): void {
    this.#add(0, 1)
    this.#add(2, 1)
    this.#view[4] = monotonicNow()
    this.#record.changed()
  }

  /** One unit of work is over: a call answered, or the stream it opened ended. */
  callEnded(failed: boolean): void {
    if (failed) this.#add(1, 1)
    this.#add(2, -1)
    this.#view[4] = monotonicNow()
    this.#record.changed()
    if (this.active === 0) this.#onIdle()
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
    this.#view[8] = monotonicNow()
    this.#view[9] = question
    this.#record.publish()
  }

  subscriptionOpened(): void {
    this.#add(3, 1)
    this.#record.changed()
  }

  subscriptionClosed(): void {
    this.#add(3, -1)
    this.#record.changed()
  }

  /** @param limited what of the bytes counts towards its own limit. */
  report(bytes: number, limited: number): void {
    this.#view[5] = bytes
    this.#view[12] = limited
    this.#record.changed()
  }

  /** Native code that may keep memory of its own has been loaded. */
  nativeLoaded(): void {
    this.#view[13] = 1
    this.#record.changed()
  }

  /** What SharedArrayBuffers hold, and WebAssembly memories that V8 does not count. */
  reportUncounted(bytes: number): void {
    this.#view[6] = bytes
    this.#record.changed()
  }

  /** @param resident bytes. @param worked ms of processor time. */
  reportProcess(resident: number, worked: number): void {
    this.#view[10] = resident
    this.#view[11] = worked
    this.#record.publish()
  }

  #noteDeadline(): void {
    this.#view[7] = this.#deadlines.value ?? 0
  }

  #add(slot: number, by: number): void {
    this.#view[slot] = (this.#view[slot] ?? 0) + by
  }
}
