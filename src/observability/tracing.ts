import { messageOf } from '../contract/describe-value.ts'
import { isInstance } from '../contract/is-instance.ts'
import type * as OpenTelemetry from '@opentelemetry/api'
import type { Attributes, Span, Tracer } from '@opentelemetry/api'
import type { CallSpan, CallTracer, CallWatch } from '../channel/call-watch.ts'
import type { LoadErrorEvent, LoadEvent } from '../contract/events.ts'
import type { UnloadReport } from '../contract/unload-report.ts'

type Api = typeof OpenTelemetry

/** Where `@opentelemetry/api` keeps what was registered with it: there as soon as a program has set up tracing, whichever copy it used. */
const registered = Symbol.for('opentelemetry.js.api.1')

/** Makes spans of calls, loads and unloads once the program has set up OpenTelemetry. Until then, and without it, nothing is paid. */
export class Tracing {
  readonly #calls: CallWatch
  #looking = false
  #tracer: { readonly api: Api; readonly tracer: Tracer } | undefined

  constructor(calls: CallWatch) {
    this.#calls = calls
    this.look()
  }

  /** Begins to trace if OpenTelemetry is there by now. */
  look(): void {
    if (this.#looking || !(registered in globalThis)) return
    this.#looking = true
    void this.#begin()
  }

  loaded({ name, generation, duration }: LoadEvent): void {
    this.#record('load', name, duration, { 'spillway.generation': generation })
  }

  loadFailed({ name, generation, error }: LoadErrorEvent): void {
    this.#record('load', name, 0, { 'spillway.generation': generation }, { error })
  }

  unloaded({ name, generation, reason, predicted, released, times }: UnloadReport): void {
    this.#record('unload', name, times.drain + times.dispose + times.terminate, {
      'spillway.generation': generation,
      'spillway.reason': reason,
      'spillway.predicted_bytes': predicted,
      'spillway.released_bytes': released,
    })
  }

  async #begin(): Promise<void> {
    try {
      const api = await import('@opentelemetry/api')
      const tracer = api.trace.getTracer('spillway')
      this.#tracer = { api, tracer }
      this.#calls.tracer = new SpanPerCall(api, tracer)
    } catch {
      // Set up with a copy of the API that cannot be reached from here.
    }
  }

  /** A span of what has just ended. */
  #record(what: string, name: string, duration: number, attributes: Attributes, failure?: { error: unknown }): void {
    if (!this.#tracer) return
    const { api, tracer } = this.#tracer
    const now = Date.now()
    const options = { startTime: now - duration, attributes: { 'spillway.component': name, ...attributes } }
    // It was nobody's call in particular that made it happen.
    const span = tracer.startSpan(`${what} ${name}`, options, api.ROOT_CONTEXT)
    if (failure) fail(api, span, failure.error)
    span.end(now)
  }
}

class SpanPerCall implements CallTracer {
  readonly #api: Api
  readonly #tracer: Tracer

  constructor(api: Api, tracer: Tracer) {
    this.#api = api
    this.#tracer = tracer
  }

  start(component: string, method: string): CallSpan {
    const api = this.#api
    const span = this.#tracer.startSpan(`${component}/${method}`, {
      kind: api.SpanKind.CLIENT,
      attributes: { 'rpc.system': 'spillway', 'rpc.service': component, 'rpc.method': method },
    })
    const context = span.spanContext()
    return {
      traceparent: api.isSpanContextValid(context)
        ? `00-${context.traceId}-${context.spanId}-${context.traceFlags.toString(16).padStart(2, '0')}`
        : undefined,
      end: (failed, error) => {
        if (failed) fail(api, span, error)
        span.end()
      },
    }
  }
}

function fail(api: Api, span: Span, error: unknown): void {
  span.recordException(isInstance(error, Error) ? error : messageOf(error))
  span.setStatus({ code: api.SpanStatusCode.ERROR, message: messageOf(error) })
}
