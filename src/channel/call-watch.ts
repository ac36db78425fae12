import { methodName } from './protocol.ts'
import type { MethodPath } from './protocol.ts'

/** One settled call of the main thread. */
export interface CallRecord {
  readonly component: string
  /** ms from the call to its answer, waiting for the component to be loaded included; of a stream, until it was opened. */
  readonly duration: number
  readonly failed: boolean
  /** What it rejected with. */
  readonly error: unknown
}

export type CallListener = (call: CallRecord) => void

/** Makes a span of each call. */
export interface CallTracer {
  start(component: string, method: string): CallSpan
}

export interface CallSpan {
  /** W3C Trace Context: what the call's own calls are children of. Undefined when the call is not recorded. */
  readonly traceparent: string | undefined
  end(failed: boolean, error: unknown): void
}

/** Tells listeners and a tracer of every call that settles. Without any a call pays a property read for it. */
export class CallWatch {
  /** Undefined while nothing is traced. */
  tracer: CallTracer | undefined
  #listeners: readonly CallListener[] = []

  /** True while somebody wants to know. */
  get on(): boolean {
    return this.#listeners.length > 0 || this.tracer !== undefined
  }

  /** What a listener throws is dropped: it must not settle a caller's promise wrongly. Disposing of the result ends it. */
  add(listener: CallListener): Disposable {
    const own: CallListener = (call) => listener(call)
    this.#listeners = [...this.#listeners, own]
    return { [Symbol.dispose]: () => (this.#listeners = this.#listeners.filter((other) => other !== own)) }
  }

  begin(component: string, method: MethodPath): WatchedCall {
    return new WatchedCall(this, component, this.tracer?.start(component, methodName(method)))
  }

  /** For WatchedCall. */
  tell(call: CallRecord): void {
    for (const listener of this.#listeners) {
      try {
        listener(call)
      } catch {
        // The listener's own mistake.
      }
    }
  }
}

/** A call that somebody wants to know of. Told of once. */
export class WatchedCall {
  readonly #watch: CallWatch
  readonly #component: string
  readonly #span: CallSpan | undefined
  readonly #start = performance.now()

  constructor(watch: CallWatch, component: string, span: CallSpan | undefined) {
    this.#watch = watch
    this.#component = component
    this.#span = span
  }

  get traceparent(): string | undefined {
    return this.#span?.traceparent
  }

  settled(failed: boolean, error?: unknown): void {
    this.#span?.end(failed, error)
    this.#watch.tell({ component: this.#component, duration: performance.now() - this.#start, failed, error })
  }
}
