import { monotonicNow } from '../monotonic.ts'

/**
 * What a component is doing, in shared memory: written by its worker alone, read by the main thread at any time, also
 * when the worker is stuck. Each slot is a 64-bit float, written whole on every platform Node supports.
 */

const slots = ['calls', 'errors', 'active', 'subscriptions', 'lastAccess', 'reported', 'wasm'] as const
type Slot = (typeof slots)[number]

/** A reading. `active`: calls being served and open streams; `lastAccess`: ms of the monotonic clock, 0 = never; `reported` and `wasm`: bytes. */
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
    wasm: at('wasm'),
  }
}

/** The worker's side. */
export class ActivityMeter {
  readonly #view: Float64Array
  readonly #onIdle: () => void

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

  subscriptionOpened(): void {
    this.#add(3, 1)
  }

  subscriptionClosed(): void {
    this.#add(3, -1)
  }

  report(bytes: number): void {
    this.#view[5] = bytes
  }

  /** What WebAssembly memories hold that V8 does not count. */
  reportWasm(bytes: number): void {
    this.#view[6] = bytes
  }

  #add(slot: number, by: number): void {
    this.#view[slot] = (this.#view[slot] ?? 0) + by
  }
}
