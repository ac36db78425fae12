import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { Context, Span, SpanOptions, SpanStatus, Tracer } from '@opentelemetry/api'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { withCallOptions } from '../../src/index.ts'
import type tracing from '../fixtures/tracing.ts'
import { fixture, quietCoordinator, rejection, sink, until } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'

interface Recorded {
  readonly name: string
  readonly options: SpanOptions
  readonly context: Context | undefined
  readonly id: string
  status?: SpanStatus
  exception?: unknown
  ended: boolean
}

const spans: Recorded[] = []
const tracer = {
  startSpan(name: string, options: SpanOptions = {}, context?: Context): Span {
    const recorded: Recorded = {
      name,
      options,
      context,
      id: (spans.length + 1).toString(16).padStart(16, '0'),
      ended: false,
    }
    spans.push(recorded)
    const span = {
      spanContext: () => ({ traceId, spanId: recorded.id, traceFlags: 1 }),
      recordException: (exception: unknown) => (recorded.exception = exception),
      setStatus: (status: SpanStatus) => (recorded.status = status),
      end: () => (recorded.ended = true),
    }
    return span as unknown as Span
  },
} as Tracer

const named = (name: string): Recorded[] => spans.filter((span) => span.name === name)
const register = (coordinator: ReturnType<typeof quietCoordinator>, name: string, dependencies: string[] = []) =>
  coordinator.registerComponent<typeof tracing>({ name, module: fixture('tracing.ts'), dependencies })

beforeEach(() => {
  spans.length = 0
})
afterAll(() => trace.disable())

describe('without OpenTelemetry', () => {
  it('calls carry no trace context but one that was given', async () => {
    await using coordinator = quietCoordinator()
    const remote = register(coordinator, 'plain')
    expect(await remote.traceparent()).toBeUndefined()
    expect(await withCallOptions(remote, { traceparent: 'given' }).traceparent()).toBe('given')
    expect(() => withCallOptions(remote, { traceparent: 7 as never })).toThrow(/traceparent/)
  })

  it('a given trace context travels on to dependencies', async () => {
    await using coordinator = quietCoordinator()
    register(coordinator, 'below')
    const above = register(coordinator, 'above', ['below'])
    expect(await withCallOptions(above, { traceparent: 'given' }).ofDependency()).toBe('given')
    expect(await above.ofDependency()).toBeUndefined()
  })
})

describe('with OpenTelemetry set up', () => {
  it('each call is a span, whose context travels with it', async () => {
    trace.setGlobalTracerProvider({ getTracer: () => tracer })
    await using coordinator = quietCoordinator()
    register(coordinator, 'below')
    const above = register(coordinator, 'above', ['below'])
    // It is looked for when a worker starts, and loaded while that goes on.
    await above.traceparent()
    const traceparent = await above.traceparent()
    const [span] = named('above/traceparent').slice(-1)
    expect(traceparent).toBe(`00-${traceId}-${span?.id}-01`)
    expect(span).toMatchObject({
      ended: true,
      options: {
        kind: SpanKind.CLIENT,
        attributes: { 'rpc.system': 'spillway', 'rpc.service': 'above', 'rpc.method': 'traceparent' },
      },
    })
    expect(await above.ofDependency()).toBe(`00-${traceId}-${named('above/ofDependency')[0]?.id}-01`)
  })

  it('a call that fails is a failed span', async () => {
    await using coordinator = quietCoordinator()
    const remote = coordinator.registerComponent<KitchenSink>(sink('failing'))
    await remote.echo(1)
    const error = await rejection(remote.throwError())
    expect(named('failing/throwError')).toMatchObject([
      { ended: true, exception: error, status: { code: SpanStatusCode.ERROR, message: 'no such order' } },
    ])
  })

  it('loads and unloads are spans of their own', async () => {
    await using coordinator = quietCoordinator()
    const remote = coordinator.registerComponent<KitchenSink>(sink('passing'))
    await remote.echo(1)
    await coordinator.unloadComponent('passing')
    await rejection(coordinator.registerComponent<KitchenSink>({ name: 'no', module: 'file:///no.ts' }).echo(1))
    // Calls hear of it first.
    await until(() => named('unload passing').length > 0 && named('load no').length > 0)
    expect(named('load passing')).toMatchObject([
      { ended: true, context: ROOT_CONTEXT, options: { attributes: { 'spillway.component': 'passing' } } },
    ])
    expect(named('unload passing')).toMatchObject([{ options: { attributes: { 'spillway.reason': 'requested' } } }])
    expect(named('load no')).toMatchObject([{ ended: true, status: { code: SpanStatusCode.ERROR } }])
  })
})
