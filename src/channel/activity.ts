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
] as const
type Slot = (typeof slots)[number]

/**
 * A reading. `active`: calls being served and open streams; `lastAccess`: ms of the monotonic clock, 0 = never; `reported` and `uncounted`: bytes.
 * `deadline`: the earliest of the calls that have begun and are under way, ms of the monotonic clock, 0 = none; `heard`: the number of the last question
 * whether its event loop turns that it has come to answer, at `turnedAt`, ms of the monotonic clock.
 */
export type ActivityReading = Readonly<Record<Slot, number>>

export function createActivityBuffer(): SharedArrayBuffer {
  return new SharedArrayBuffer(slots.length * Float64Array.BYTES_PER_ELEMENT)
}

export function readActivity(buffer: SharedArrayBuffer): ActivityReading {
  const view = new Float64Array(buffer)
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
  }
}

/** The worker's side. */
export class ActivityMeter {
  readonly #view: Float64Array
  readonly #onIdle: () => void
  readonly #deadlines = new EarliestDeadline()
  #begunThisTurn = false
  /** Of streams, begun in this turn of the event loop and not settled: what ends each. */
  readonly #steps = new Set<() => void>()

  constructor(buffer: SharedArrayBuffer, onIdle: () => void) {
    this.#view = new Float64Array(buffer)
    this.#onIdle = onIdle
  }

  get active(): number {
    return this.#view[2] ?? 0
  }

  callStarted(): void {
    this.#add(0, 1)
    this.#add(2, 1)
    this.#view[4] = monotonicNow()
  }

  /** One unit of work is over: a call answered, or the stream it opened ended. */
  callEnded(failed: boolean): void {
    if (failed) this.#add(1, 1)
    this.#add(2, -1)
    this.#view[4] = monotonicNow()
    if (this.active === 0) this.#onIdle()
  }

  /** A call is about to be run, with a deadline (ms of the monotonic clock; 0: none). */
  callBegins(deadline: number): void {
    if (deadline === 0 && this.#deadlines.value === undefined) return
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
  }

  /** The event loop has turned. @param question whose answer that is. */
  turned(question: number): void {
    this.#view[8] = monotonicNow()
    this.#view[9] = question
  }

  subscriptionOpened(): void {
    this.#add(3, 1)
  }

  subscriptionClosed(): void {
    this.#add(3, -1)
  }

  report(bytes: number): void {
    this.#view[5] = bytes
  }

  /** What SharedArrayBuffers hold, and WebAssembly memories that V8 does not count. */
  reportUncounted(bytes: number): void {
    this.#view[6] = bytes
  }

  #noteDeadline(): void {
    this.#view[7] = this.#deadlines.value ?? 0
  }

  #add(slot: number, by: number): void {
    this.#view[slot] = (this.#view[slot] ?? 0) + by
  }
}
