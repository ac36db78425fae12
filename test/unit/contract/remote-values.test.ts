import type * as paths from 'node:path'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { proxy } from '../../../src/index.ts'
import type { CannotTravel, ProxyMarked, Remote } from '../../../src/index.ts'

interface Candle {
  readonly time: number
  readonly close: number
}

class Cursor {
  readonly at = 0
  close(): void {}
}

class Builder {
  readonly #parts: string[] = []
  add(part: string): this {
    this.#parts.push(part)
    return this
  }
  async later(): Promise<this> {
    return this
  }
  text(): string {
    return this.#parts.join('')
  }
}

interface Node {
  readonly parent: Node | null
  readonly self: Node
  depth(): number
}

interface Tree {
  readonly value: number
  readonly children: readonly Tree[]
}

interface Options {
  readonly depth?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (share: number) => void
}

interface Api {
  maybe?(a: number): string
  later?: (a: number) => string
  nested?: { deep?(): boolean }
  each(from: number, callback?: (candle: Candle, index: number) => void): number
  search(text: string, options?: Options): Promise<readonly Candle[]>
  cancel(signal: AbortSignal): void
  listen(listener: { onTick(value: number): void; readonly nested: { onEnd(): void } }): void
  total(values: Iterable<number>): number
  all(callbacks: readonly ((value: number) => void)[], byName: ReadonlyMap<string, () => void>): void
  later2(promise: Promise<number>): void
  write(bytes: Buffer, text: string | Buffer): void
  onBytes(callback: (bytes: Buffer) => void): void
  makes(make: () => () => void): void
  listeners(callbacks: Set<() => void>): void
  open2(url: URL): void
  letters(text: Iterable<string>): number
  entries(map: Iterable<[string, number]>): number
  buffer(): Buffer
  buffers(): { readonly parts: readonly Buffer[]; readonly name: string }
  candles(): readonly Candle[]
  tree(): Tree
  map(): Map<string, Set<Candle>>
  error(): RangeError
  dates(): { readonly at: Date; readonly pattern: RegExp; readonly floats: Float64Array }
  cursor(): Cursor
  open(): Promise<{ readonly id: number; close(): void }>
  deepClose(): { readonly list: readonly { readonly stop: () => void }[] }
  iterate(): Iterable<number>
  generate(): Generator<number>
  callback(): () => void
  pending(): { readonly value: Promise<number> }
  key(): symbol
  cursors(): AsyncIterable<Cursor>
  marked(): { readonly id: number; readonly close: (() => number) & ProxyMarked }
  parse(text: string): number
  parse(bytes: Uint8Array, strict: boolean): string
  identity<T>(value: T): T
  // oxlint-disable-next-line typescript/no-explicit-any -- as others write it
  anything(value: any): any
}

type Sink = Remote<Api>

/** What is not a type is not run: the compiler is the test. */
const compiled = (...programs: readonly ((api: Sink) => unknown)[]): number => programs.length

describe('methods of a remote', () => {
  it('are there when they are optional, in what is optional too', () => {
    expectTypeOf<Sink['maybe']>().toEqualTypeOf<(a: number) => Promise<string>>()
    expectTypeOf<Sink['later']>().toEqualTypeOf<(a: number) => Promise<string>>()
    expectTypeOf<Sink['nested']['deep']>().toEqualTypeOf<() => Promise<boolean>>()
  })

  it('are there by any name where the type says so; a name that may be anything hides no misspelling', () => {
    interface Exchange {
      // oxlint-disable-next-line typescript/no-explicit-any -- as others write it
      readonly [key: string]: any
      fetchTicker(symbol: string): number
    }
    expectTypeOf<keyof Remote<Exchange>>().toEqualTypeOf<'fetchTicker'>()
    type Commands = Remote<Record<string, (value: number) => boolean>>
    expectTypeOf<Commands[string]>().toEqualTypeOf<(value: number) => Promise<boolean>>()
    // oxlint-disable-next-line typescript/no-explicit-any -- as others write it
    expectTypeOf<Remote<any>>().toBeAny()
  })

  it('of objects that refer to themselves are there', () => {
    expectTypeOf<Remote<Node>['depth']>().toEqualTypeOf<() => Promise<number>>()
    expectTypeOf<Remote<Node>['self']['self']['depth']>().toEqualTypeOf<() => Promise<number>>()
    expectTypeOf<Remote<typeof paths>['posix']['join']>().returns.toEqualTypeOf<Promise<string>>()
  })

  it('that return the object itself have nothing to tell', () => {
    expectTypeOf<Remote<typeof Builder>['add']>().toEqualTypeOf<(part: string) => Promise<void>>()
    expectTypeOf<Remote<typeof Builder>['later']>().toEqualTypeOf<() => Promise<void>>()
    expectTypeOf<Remote<typeof Builder>['text']>().toEqualTypeOf<() => Promise<string>>()
  })

  it('keep their overloads', () => {
    expect(
      compiled((api) => {
        expectTypeOf(api.parse('1')).toEqualTypeOf<Promise<number>>()
        expectTypeOf(api.parse(new Uint8Array(), true)).toEqualTypeOf<Promise<string>>()
        // @ts-expect-error -- of neither
        void api.parse(new Uint8Array())
      }),
    ).toBeGreaterThan(0)
  })

  it('have what a type parameter extends in its place', () => {
    expectTypeOf<Sink['identity']>().toEqualTypeOf<(value: unknown) => Promise<unknown>>()
    expectTypeOf<Awaited<ReturnType<Sink['anything']>>>().toBeAny()
  })
})

describe('arguments', () => {
  it('that are callbacks are marked, keep the types of their parameters, and may be optional', () => {
    expect(
      compiled(
        async (api) =>
          api.each(
            0,
            proxy((candle, index) => {
              expectTypeOf(candle).toEqualTypeOf<Candle>()
              expectTypeOf(index).toEqualTypeOf<number>()
            }),
          ),
        async (api) => api.each(0),
        // @ts-expect-error -- a bare function cannot be cloned
        async (api) => api.each(0, () => {}),
      ),
    ).toBeGreaterThan(0)
  })

  it('may have callbacks and signals in them', () => {
    expect(
      compiled(
        async (api) =>
          api.search('a', {
            depth: 1,
            signal: AbortSignal.timeout(1),
            onProgress: proxy((share) => expectTypeOf(share).toEqualTypeOf<number>()),
          }),
        async (api) => api.search('a', { depth: 1 }),
        async (api) => api.cancel(new AbortController().signal),
        async (api) =>
          api.all([proxy((value) => expectTypeOf(value).toEqualTypeOf<number>())], new Map([['a', proxy(() => {})]])),
        // @ts-expect-error -- a bare function cannot be cloned
        async (api) => api.search('a', { onProgress: (share: number) => void share }),
        // @ts-expect-error -- nor in an array
        async (api) => api.all([(value: number) => void value], new Map()),
      ),
    ).toBeGreaterThan(0)
  })

  it('may be objects that are called back, as a whole or function by function', () => {
    expect(
      compiled(
        async (api) => api.listen(proxy({ onTick: (value: number) => void value, nested: { onEnd: () => {} } })),
        async (api) => api.listen({ onTick: proxy((value: number) => void value), nested: { onEnd: proxy(() => {}) } }),
        // @ts-expect-error -- neither
        async (api) => api.listen({ onTick: (value: number) => void value, nested: { onEnd: () => {} } }),
      ),
    ).toBeGreaterThan(0)
  })

  it('that arrive as something else do not compile', () => {
    expect(
      compiled(
        async (api) => api.write('' as never, 'text'),
        async (api) => api.onBytes(proxy((bytes) => expectTypeOf(bytes).toEqualTypeOf<Uint8Array>())),
        // @ts-expect-error -- it arrives as a Uint8Array
        async (api) => api.write(Buffer.from('a'), 'a'),
        // @ts-expect-error -- so it does here
        async (api) => api.write('' as never, Buffer.from('a')),
        // @ts-expect-error -- what a callback returns travels as well
        async (api) => api.makes(proxy(() => () => {})),
        // @ts-expect-error -- nothing can be taken out of a Set, and put back
        async (api) => api.listeners(new Set([proxy(() => {})])),
        // @ts-expect-error -- nor is an array a Set
        async (api) => api.listeners([proxy(() => {})]),
        // @ts-expect-error -- its href can
        async (api) => api.open2(new URL('http://localhost')),
      ),
    ).toBeGreaterThan(0)
  })

  it('that are iterated over are what can be, and can travel', () => {
    expect(
      compiled(
        async (api) => api.total([1, 2]),
        async (api) => api.total(new Set([1])),
        async (api) => api.total(new Float64Array(1)),
        async (api) => api.letters('abc'),
        async (api) => api.entries(new Map([['a', 1]])),
        // @ts-expect-error -- a generator cannot be cloned
        async (api) => api.total([1].values()),
        // @ts-expect-error -- nor can a promise
        async (api) => api.later2(Promise.resolve(1)),
      ),
    ).toBeGreaterThan(0)
  })
})

describe('results', () => {
  it('have the types they arrive as', () => {
    expectTypeOf<ReturnType<Sink['candles']>>().toEqualTypeOf<Promise<readonly Candle[]>>()
    expectTypeOf<ReturnType<Sink['tree']>>().toEqualTypeOf<Promise<Tree>>()
    expectTypeOf<ReturnType<Sink['map']>>().toEqualTypeOf<Promise<Map<string, Set<Candle>>>>()
    expectTypeOf<ReturnType<Sink['error']>>().toEqualTypeOf<Promise<RangeError>>()
    expectTypeOf<Awaited<ReturnType<Sink['dates']>>['at']>().toEqualTypeOf<Date>()
    expectTypeOf<ReturnType<Sink['buffer']>>().toEqualTypeOf<Promise<Uint8Array>>()
    expectTypeOf<Awaited<ReturnType<Sink['buffers']>>['parts']>().toEqualTypeOf<readonly Uint8Array[]>()
    expectTypeOf<Awaited<ReturnType<Sink['marked']>>['close']>().toBeCallableWith()
    expectTypeOf<ReturnType<Awaited<ReturnType<Sink['marked']>>['close']>>().toEqualTypeOf<Promise<number>>()
  })

  it('that cannot travel make it impossible to call the method, and say why', () => {
    type OfFunction = CannotTravel<'of what it returns: a function travels where it is marked with proxy()'>
    expectTypeOf<Sink['cursor']>().toEqualTypeOf<OfFunction>()
    expectTypeOf<Sink['open']>().toEqualTypeOf<OfFunction>()
    expectTypeOf<Sink['deepClose']>().toEqualTypeOf<OfFunction>()
    expectTypeOf<Sink['callback']>().toEqualTypeOf<OfFunction>()
    expectTypeOf<Sink['cursors']>().toEqualTypeOf<OfFunction>()
    type OfIterable = CannotTravel<'of what it returns: an Iterable cannot travel: an array, or a Set, can'>
    expectTypeOf<Sink['iterate']>().toEqualTypeOf<OfIterable>()
    expectTypeOf<Sink['generate']>().toEqualTypeOf<OfIterable>()
    expectTypeOf<Sink['pending']>().toEqualTypeOf<
      CannotTravel<'of what it returns: a promise cannot travel in a value'>
    >()
    expectTypeOf<Sink['key']>().toEqualTypeOf<CannotTravel<'of what it returns: a symbol cannot travel'>>()
    expect(
      compiled(
        // @ts-expect-error -- it has a close()
        async (api) => api.open(),
      ),
    ).toBeGreaterThan(0)
  })
})
