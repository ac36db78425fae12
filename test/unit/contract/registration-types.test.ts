import { describe, expect, expectTypeOf, it } from 'vitest'
import type { ComponentCoordinator, ConfigOf } from '../../../src/index.ts'
import { defineComponent } from '../../../src/worker.ts'
import type { ComponentContext, Remote } from '../../../src/worker.ts'

const prices = defineComponent((config: { readonly days: number; readonly symbol?: string }) => ({
  highest: (from: number): number => from + config.days,
}))
const clock = defineComponent(() => ({ now: (): number => 0 }))
const optional = defineComponent((config?: { readonly path: string }) => ({ path: (): string => config?.path ?? '' }))

class Store {
  readonly path: string
  constructor(path: string, _context: ComponentContext) {
    this.path = path
  }
  read(): string {
    return this.path
  }
}

class Plain {
  read(): string {
    return ''
  }
}

class Rest {
  readonly numbers: number[]
  constructor(...numbers: number[]) {
    this.numbers = numbers
  }
}

class Overloaded {
  readonly value: unknown
  constructor(value: string)
  constructor(value: number)
  constructor(value: unknown) {
    this.value = value
  }
}

class Pair {
  readonly sum: number
  constructor(a: number, { b = 0 }: { readonly b?: number } = {}) {
    this.sum = a + b
  }
}

interface Options {
  readonly size: number
  readonly log?: (text: string) => void
}
const log = (): void => {}
const withLog = (options: Options) => ({ size: (): number => options.size })
const withKey = defineComponent((config: { readonly key: Buffer }) => ({ length: (): number => config.key.length }))
const byDefault = defineComponent(({ days = 3 }: { readonly days?: number } = {}) => ({ days: (): number => days }))
const typed = defineComponent((config: { a: number }, _context: ComponentContext<{ clock: typeof clock }>) => ({
  a: (): number => config.a,
}))

const create = (config: { readonly size: number }) => ({ size: (): number => config.size })

/** What is not a type is not run: the compiler is the test. */
const compiled = (...programs: readonly ((coordinator: ComponentCoordinator) => unknown)[]): number => programs.length
const where = { name: 'a', module: 'a' }

describe('the config of a component', () => {
  it('is what its own type says', () => {
    expectTypeOf<ConfigOf<typeof prices>>().toEqualTypeOf<{ readonly days: number; readonly symbol?: string }>()
    expectTypeOf<ConfigOf<typeof clock>>().toEqualTypeOf<undefined>()
    expectTypeOf<ConfigOf<typeof optional>>().toEqualTypeOf<{ readonly path: string } | undefined>()
    expectTypeOf<ConfigOf<typeof Store>>().toEqualTypeOf<string>()
    expectTypeOf<ConfigOf<typeof Plain>>().toEqualTypeOf<undefined>()
    expectTypeOf<ConfigOf<typeof byDefault>>().toEqualTypeOf<{ readonly days?: number } | undefined>()
    expectTypeOf<ConfigOf<typeof Overloaded>>().toEqualTypeOf<string | number>()
    expectTypeOf<ConfigOf<typeof typed>>().toEqualTypeOf<{ a: number }>()
    expectTypeOf<ConfigOf<typeof create>>().toEqualTypeOf<{ readonly size: number }>()
    expectTypeOf<ConfigOf<{ readonly twice: (value: number) => number }>>().toEqualTypeOf<unknown>()
  })

  it('is compared when it is registered', () => {
    expect(
      compiled(
        (coordinator) => coordinator.registerComponent<typeof prices>({ ...where, config: { days: 1 } }),
        (coordinator) => coordinator.registerComponent<typeof clock>(where),
        (coordinator) => coordinator.registerComponent<typeof optional>(where),
        (coordinator) => coordinator.registerComponent<typeof Store>({ ...where, config: 'a.db' }),
        (coordinator) => coordinator.registerComponent<typeof Plain>(where),
        (coordinator) => coordinator.registerComponent<{ a(): number }>({ ...where, config: { any: 1 } }),
        (coordinator) => coordinator.registerComponent({ ...where, config: { any: 1 } }),
        // @ts-expect-error -- missing
        (coordinator) => coordinator.registerComponent<typeof prices>(where),
        // @ts-expect-error -- misspelt
        (coordinator) => coordinator.registerComponent<typeof prices>({ ...where, config: { days: 1, symbl: 'a' } }),
        // @ts-expect-error -- of another type
        (coordinator) => coordinator.registerComponent<typeof prices>({ ...where, config: { days: '1' } }),
        // @ts-expect-error -- it takes none
        (coordinator) => coordinator.registerComponent<typeof clock>({ ...where, config: { days: 1 } }),
        // @ts-expect-error -- of another type
        (coordinator) => coordinator.registerComponent<typeof Store>({ ...where, config: { path: 'a.db' } }),
        // @ts-expect-error -- missing
        (coordinator) => coordinator.registerComponent<typeof create>(where),
      ),
    ).toBeGreaterThan(0)
  })

  it('is not there where it need not be, and is refused where it cannot travel', () => {
    expect(
      compiled(
        (coordinator) => coordinator.registerComponent<typeof byDefault>(where),
        (coordinator) => coordinator.registerFamily<typeof byDefault>(where),
        (coordinator) => coordinator.registerComponent<typeof Overloaded>({ ...where, config: 'a' }),
        (coordinator) => coordinator.registerComponent<typeof Overloaded>({ ...where, config: 1 }),
        (coordinator) => coordinator.registerComponent<typeof withLog>({ ...where, config: { size: 1 } }),
        (coordinator) => coordinator.registerComponent<typeof typed>({ ...where, config: { a: 1 } }),
        // @ts-expect-error -- a function
        (coordinator) => coordinator.registerComponent<typeof withLog>({ ...where, config: { size: 1, log } }),
        // @ts-expect-error -- it would arrive as a Uint8Array
        (coordinator) => coordinator.registerComponent<typeof withKey>({ ...where, config: { key: Buffer.from('a') } }),
      ),
    ).toBeGreaterThan(0)
  })

  it('is all that is given: a class or factory that takes more is not given the context in its place', () => {
    expect(
      compiled(
        // @ts-expect-error -- its second parameter is not the context
        (coordinator) => coordinator.registerComponent<typeof Pair>({ ...where, config: 1 }),
        // @ts-expect-error -- nor is another number
        (coordinator) => coordinator.registerComponent<typeof Rest>({ ...where, config: 1 }),
        // @ts-expect-error -- nor in a family
        (coordinator) => coordinator.registerFamily<typeof Pair>({ ...where, config: () => 1 }),
      ),
    ).toBeGreaterThan(0)
  })

  it('is compared in families, where it is made by key', () => {
    expect(
      compiled(
        (coordinator) =>
          coordinator.registerFamily<typeof prices>({ ...where, config: (symbol) => ({ days: 1, symbol }) }),
        (coordinator) => coordinator.registerFamily<typeof clock>(where),
        // @ts-expect-error -- missing
        (coordinator) => coordinator.registerFamily<typeof prices>(where),
        // @ts-expect-error -- of another type
        (coordinator) => coordinator.registerFamily<typeof prices>({ ...where, config: (days) => ({ days }) }),
        // @ts-expect-error -- the same for all
        (coordinator) => coordinator.registerFamily<typeof prices>({ ...where, config: { days: 1 } }),
      ),
    ).toBeGreaterThan(0)
  })
})

describe('the dependencies of a component', () => {
  it('are typed by its context, however that is said', () => {
    interface Dependencies {
      readonly prices: typeof prices
      readonly clock: typeof clock
    }
    const annotated = defineComponent((_: { a: number }, { dependencies }: ComponentContext<Dependencies>) => {
      expectTypeOf(dependencies.prices).toEqualTypeOf<Remote<typeof prices>>()
      return { highest: async (): Promise<number> => dependencies.prices.highest(await dependencies.clock.now()) }
    })
    const inSteps = defineComponent<Dependencies>()((_: { a: number }, { dependencies }) => {
      expectTypeOf(dependencies.clock.now).toEqualTypeOf<() => Promise<number>>()
      // @ts-expect-error -- there is no such dependency
      void dependencies.nobody
      return { highest: async (): Promise<number> => dependencies.prices.highest(1) }
    })
    for (const _ of [annotated, inSteps]) {
      expectTypeOf<ConfigOf<typeof _>>().toEqualTypeOf<{ a: number }>()
      expectTypeOf<Remote<typeof _>>().toEqualTypeOf<{ readonly highest: () => Promise<number> }>()
    }
    expect(Object.getOwnPropertySymbols(inSteps)).toEqual(Object.getOwnPropertySymbols(annotated))
  })

  it('are unknown where nothing is said of them', () => {
    defineComponent((_, { dependencies }) => {
      expectTypeOf(dependencies).toEqualTypeOf<Readonly<Record<string, unknown>>>()
      return {}
    })
    expect(() => defineComponent(1 as never)).toThrow('defineComponent expects a function, got number')
  })
})
