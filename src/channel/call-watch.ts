import type { InContext } from '../base/context.ts'
import { runUserCode } from '../base/user-code.ts'
import { methodName } from './protocol.ts'
import type { MethodPath } from './protocol.ts'
import { monotonicNow } from '../base/monotonic.ts'

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
  readonly #inContext: InContext
  readonly #failed: (error: unknown) => void
  #listeners: readonly CallListener[] = []
  /** Listeners and tracers that have failed: each is told of once, however many calls there are. */
  readonly #told = new WeakSet<object>()

  /**
   * @param inContext the context that listeners run in.
   * @param failed given what a listener or a tracer throws, or rejects with: it must not settle a caller's promise wrongly.
   */
  constructor(inContext: InContext, failed: (error: unknown) => void) {
    this.#inContext = inContext
    this.#failed = failed
  }

  /** True while somebody wants to know. */
  get on(): boolean {
    return this.#listeners.length > 0 || this.tracer !== undefined
  }

  /** Disposing of the result ends it. */
  add(listener: CallListener): Disposable {
    const own: CallListener = (call) => listener(call)
    this.#listeners = [...this.#listeners, own]
    return { [Symbol.dispose]: () => (this.#listeners = this.#listeners.filter((other) => other !== own)) }
  }

  /** In the context of the call: its span belongs to what is going on there. */
  begin(component: string, method: MethodPath): WatchedCall {
    const { tracer } = this
    let span: CallSpan | undefined
    try {
      span = tracer?.start(component, methodName(method))
    } catch (error) {
      if (tracer) this.#tellOnce(tracer, error)
    }
    return new WatchedCall(this, component, span)
  }

  /** For WatchedCall. */
  settled(call: CallRecord, span: CallSpan | undefined): void {
    const { tracer = this } = this
    if (span)
      runUserCode(
        this.#inContext,
        () => span.end(call.failed, call.error),
        (error) => this.#tellOnce(tracer, error),
      )
    for (const listener of this.#listeners) {
      runUserCode(
        this.#inContext,
        () => listener(call),
        (error) => this.#tellOnce(listener, error),
      )
    }
  }

  #tellOnce(whose: object, error: unknown): void {
    if (this.#told.has(whose)) return
    this.#told.add(whose)
    this.#failed(error)
  }
}

/** A call that somebody wants to know of. Told of once. */
export class WatchedCall {
  readonly #watch: CallWatch
  readonly #component: string
  readonly #span: CallSpan | undefined
  readonly #start = monotonicNow()

  constructor(watch: CallWatch, component: string, span: CallSpan | undefined) {
    this.#watch = watch
    this.#component = component
    this.#span = span
  }

  get traceparent(): string | undefined {
    return this.#span?.traceparent
  }

  settled(failed: boolean, error?: unknown): void {
    const duration = monotonicNow() - this.#start
    this.#watch.settled({ component: this.#component, duration, failed, error }, this.#span)
  }
}
