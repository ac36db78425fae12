import type { ProxyMarked } from 'comlink'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { proxy, transfer, withCallOptions } from '../../../src/index.ts'
import type {
  ApiOf,
  ComponentCoordinator,
  ComponentFamily,
  ComponentModule,
  Lease,
  Remote,
} from '../../../src/index.ts'
import { defineComponent } from '../../../src/worker.ts'
import type wrappedDefault from '../../fixtures/wrapped.ts'
import type * as wrapped from '../../fixtures/wrapped.ts'
import type { KitchenSink } from '../../support/coordinator.ts'

type Sink = Remote<KitchenSink>

/** What is not a type is not run: the compiler is the test. */
const compiled = (...programs: readonly ((sink: Sink, coordinator: ComponentCoordinator) => unknown)[]): void =>
  expect(programs.length).toBeGreaterThan(0)

describe('Remote', () => {
  it('makes every method asynchronous, once', () => {
    expectTypeOf<Sink['add']>().toEqualTypeOf<(a: number, b: number) => Promise<number>>()
    expectTypeOf<Sink['greet']>().returns.toEqualTypeOf<Promise<string>>()
    expectTypeOf<Sink['undef']>().returns.toEqualTypeOf<Promise<undefined>>()
    expectTypeOf<Sink['spin']>().returns.toEqualTypeOf<Promise<void>>()
    expectTypeOf<Sink['uncloneable']>().returns.toEqualTypeOf<Promise<unknown>>()
    expectTypeOf<Sink['never']>().returns.toEqualTypeOf<Promise<never>>()
    expectTypeOf<Sink['throwError']>().returns.toEqualTypeOf<Promise<never>>()
    compiled(
      // @ts-expect-error -- too few arguments
      async (sink) => sink.add(1),
      // @ts-expect-error -- the wrong type
      async (sink) => sink.add('1', 2),
    )
  })

  it('keeps nested objects of functions, and nothing that is no function', () => {
    expectTypeOf<Sink['nested']['deep']['hi']>().toEqualTypeOf<() => Promise<string>>()
    compiled(
      // @ts-expect-error -- data does not cross
      (sink) => sink.data,
      // @ts-expect-error -- hooks do not cross
      (sink) => sink[Symbol.asyncDispose],
      // @ts-expect-error -- no such method
      (sink) => sink.nobody,
    )
  })

  it('is no thenable, and offers no way to a constructor', () => {
    interface Api {
      then(): void
      toJSON(): string
      prototype(): void
      fine(): void
    }
    type Keys = keyof Remote<ComponentModule<Api>>
    expectTypeOf<Keys>().toEqualTypeOf<'fine'>()
    expectTypeOf<Awaited<Sink>>().toEqualTypeOf<Sink>()
  })

  it('has streams that may be awaited first, or read at once', () => {
    type Numbers = ReturnType<Sink['numbers']>
    expectTypeOf<Numbers>().toExtend<Promise<AsyncGenerator<number, string>>>()
    expectTypeOf<Numbers>().toExtend<AsyncIterable<number>>()
    expectTypeOf<Awaited<Numbers>>().toEqualTypeOf<AsyncGenerator<number, string>>()
  })

  it('takes callbacks that are marked with proxy(), and only those', () => {
    const ofText = proxy((value: string) => value.length)
    type Callback = Parameters<Sink['callBack']>[0]
    expectTypeOf<Callback>().toExtend<ProxyMarked>()
    compiled(
      async (sink) =>
        sink.callBack(
          proxy((value: number) => value),
          1,
        ),
      async (sink) =>
        sink.callBack(
          proxy(async (value: number) => value),
          1,
        ),
      // @ts-expect-error -- a bare function cannot be cloned
      async (sink) => sink.callBack((value: number) => value, 1),
      // @ts-expect-error -- the wrong parameter
      async (sink) => sink.callBack(ofText, 1),
    )
  })

  it('gives callbacks that the component marked', () => {
    expectTypeOf<Awaited<ReturnType<Sink['makeAdder']>>>().toBeCallableWith(1)
    type Counter = Awaited<ReturnType<Sink['makeCounter']>>
    expectTypeOf<Counter['up']>().toEqualTypeOf<(by: number) => Promise<number>>()
    expectTypeOf<ReturnType<Awaited<ReturnType<Sink['makeAdder']>>>>().toEqualTypeOf<Promise<number>>()
  })

  it('takes what is transferred', () => {
    const buffer = new ArrayBuffer(1)
    expectTypeOf<Sink['byteLength']>().toBeCallableWith(transfer(buffer, [buffer]))
    expectTypeOf<Sink['floats']>().returns.toEqualTypeOf<Promise<Float64Array>>()
  })

  it('is made of a defineComponent result, a class, a factory, a plain object', () => {
    type Quotes = Remote<typeof wrapped.QuoteService>
    expectTypeOf<Quotes['quote']>().toEqualTypeOf<(symbol: string) => Promise<string>>()
    expectTypeOf<Quotes['inherited']>().toEqualTypeOf<() => Promise<string>>()
    expectTypeOf<Quotes['helper']['format']>().toEqualTypeOf<(text: string) => Promise<string>>()
    expectTypeOf<Quotes>().not.toHaveProperty('secret')
    expectTypeOf<Remote<typeof wrappedDefault>>().toEqualTypeOf<Quotes>()
    expectTypeOf<Remote<typeof wrapped.createService>['next']>().toEqualTypeOf<() => Promise<number>>()
    expectTypeOf<Remote<typeof wrapped.createLater>['ready']>().toEqualTypeOf<() => Promise<boolean>>()
    expectTypeOf<Remote<typeof wrapped.service>['tools']['half']>().toEqualTypeOf<(value: number) => Promise<number>>()
    expectTypeOf<Remote<typeof wrapped>['double']>().toEqualTypeOf<(value: number) => Promise<number>>()
    const defined = defineComponent(async (config: { a: number }) => ({ a: (): number => config.a }))
    expectTypeOf<ApiOf<typeof defined>>().toEqualTypeOf<{ a: () => number }>()
    expectTypeOf<Remote<typeof defined>>().toEqualTypeOf<{ readonly a: () => Promise<number> }>()
  })

  it('may be any', () => {
    const anything = defineComponent(() => ({ any: (value: unknown): unknown => value }))
    expectTypeOf<Remote<typeof anything>['any']>().returns.toEqualTypeOf<Promise<unknown>>()
  })

  it('keeps its type through withCallOptions', () => {
    expectTypeOf<ReturnType<typeof withCallOptions<Sink>>>().toEqualTypeOf<Sink>()
    expectTypeOf(withCallOptions<Sink>)
      .parameter(1)
      .toExtend<{ timeout?: number | undefined }>()
  })
})

describe('a coordinator', () => {
  it('gives remotes of the component’s type', () => {
    compiled(async (_, coordinator) => {
      const definition = { name: 'a', module: 'a' }
      expectTypeOf(coordinator.registerComponent<KitchenSink>(definition)).toEqualTypeOf<Sink>()
      expectTypeOf(await coordinator.getComponent<KitchenSink>('a')).toEqualTypeOf<Sink>()
      expectTypeOf(coordinator.component<KitchenSink>('a')).toEqualTypeOf<Sink>()
      expectTypeOf(await coordinator.acquire<KitchenSink>('a')).toEqualTypeOf<Lease<KitchenSink>>()
      const family = coordinator.registerFamily<KitchenSink>({
        ...definition,
        config: (key) => ({ initDelay: key.length }),
      })
      expectTypeOf(family).toEqualTypeOf<ComponentFamily<KitchenSink>>()
      expectTypeOf(family.get('x')).toEqualTypeOf<Sink>()
      // @ts-expect-error -- the name of a component is not optional
      coordinator.registerComponent({ module: 'a' })
    })
  })

  it('types the payloads of its events', () => {
    compiled((_, coordinator) => {
      coordinator.on('load', (event) => expectTypeOf(event.duration).toEqualTypeOf<number>())
      coordinator.on('crash', (event) => expectTypeOf(event.reason).toExtend<string>())
      coordinator.on('unload', (report) => expectTypeOf(report.times.drain).toEqualTypeOf<number>())
      coordinator.on('zombie', (event) => expectTypeOf(event.generation).toEqualTypeOf<number>())
    })
  })
})
