import { describe, expect, it } from 'vitest'
import { MethodTable } from '../../src/channel/method-table.ts'
import { NoSuchMethodError, proxy } from '../../src/index.ts'
import type { QuoteService } from '../fixtures/wrapped.ts'
import { fixture, rejection, sharedCoordinator, sink } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

describe('the table of methods', () => {
  it('lists own functions, nested plain objects, and the methods of the class', () => {
    class Base {
      inherited(): void {}
    }
    class Service extends Base {
      own = (): void => {}
      nested = { deep: { method: (): void => {} } }
      method(): void {}
      static create(): void {}
      get accessor(): () => void {
        return () => {}
      }
    }
    expect(new MethodTable(new Service()).names().sort()).toEqual(['inherited', 'method', 'nested.deep.method', 'own'])
  })

  it('names the methods of a class before what is in its objects, which may be no more than its options', () => {
    class Wrapped {
      options = { extractField: (): void => {} }
      own = (): void => {}
      search(): void {}
    }
    expect(new MethodTable(new Wrapped()).names()).toEqual(['own', 'search', 'options.extractField'])
  })

  it('never runs a getter', () => {
    const api = Object.defineProperty({}, 'trap', {
      enumerable: true,
      get: () => {
        throw new Error('was run')
      },
    })
    expect(new MethodTable(api).names()).toEqual([])
  })

  it('leaves out what leads elsewhere', () => {
    const api = Object.assign(JSON.parse('{"__proto__": {"a": 1}}') as object, {
      constructor: () => {},
      prototype: () => {},
      // oxlint-disable-next-line unicorn/no-thenable -- what is tried
      then: () => {},
      toJSON: () => {},
      [Symbol.iterator]: () => {},
      date: new Date(),
      map: new Map(),
      list: [(): void => {}],
      value: 1,
    })
    expect(new MethodTable(api).names()).toEqual([])
  })

  it('ends on objects that hold each other, and lists one that is held twice under both names', () => {
    const shared = { method: (): void => {} }
    const api: Record<string, unknown> = { a: shared, b: { c: shared } }
    api['self'] = api
    expect(new MethodTable(api).names().sort()).toEqual(['a.method', 'b.c.method'])
  })

  it('takes a function for an API of one nameless method', () => {
    const table = new MethodTable((): string => 'called')
    expect(table.names()).toEqual([''])
    expect(table.lookup([])).toBe(table.lookup(''))
  })

  it.each([null, undefined, 1, 'text'])('has nothing of %s', (api) => {
    expect(new MethodTable(api).names()).toEqual([])
  })
})

const coordinator = sharedCoordinator()
/** What a caller without types can reach for. */
type Anything = { readonly [key: string]: Anything } & ((...args: readonly unknown[]) => Promise<unknown>)
const remote = coordinator.registerComponent(sink('sink')) as Anything

describe('a proxy', () => {
  it.each(['constructor', '__proto__', 'prototype'])('refuses %s by itself', async (key) => {
    const member = remote[key] as Anything
    const loads = coordinator.info('sink').loads
    await expect(member('return process')).rejects.toBeInstanceOf(NoSuchMethodError)
    await expect(member['constructor']?.('return process')).rejects.toBeInstanceOf(NoSuchMethodError)
    await expect(member['deep']?.['deeper']?.()).rejects.toMatchObject({
      component: 'sink',
      method: `${key}.deep.deeper`,
    })
    expect(() => Reflect.construct(member, [])).toThrow(NoSuchMethodError)
    expect(() => Object.assign(member, { a: 1 })).toThrow('read-only')
    expect(coordinator.info('sink').loads).toBe(loads)
  })

  it('has no symbols, and is no thenable', () => {
    for (const key of [Symbol.for('hidden'), Symbol.iterator, Symbol.asyncIterator, Symbol.toStringTag]) {
      expect(Reflect.get(remote, key)).toBeUndefined()
    }
    expect(remote['then']).toBeUndefined()
    expect(remote['nested']?.['then']).toBeUndefined()
    expect(remote['toJSON']).toBeUndefined()
    expect('add' in remote).toBe(false)
    expect(Object.keys(remote)).toEqual([])
  })
})

describe('a worker', () => {
  it.each([
    'toString',
    'valueOf',
    'hasOwnProperty',
    '__defineGetter__',
    '__lookupGetter__',
    'isPrototypeOf',
    'accessor',
    'data',
    'nobody',
    'nested',
  ])('refuses %s', async (method) => {
    const error = await rejection(remote[method]?.('x') ?? Promise.resolve())
    expect(error).toBeInstanceOf(NoSuchMethodError)
    expect(error).toMatchObject({
      component: 'sink',
      method,
      message: expect.stringContaining('it offers: ') as string,
    })
  })

  it.each([
    ['nested', 'deep', 'constructor'],
    ['nested', 'deep', 'toString'],
    ['nested', 'deep', 'hi', 'constructor'],
    ['nested', '__proto__', 'toString'],
    ['nosuch', 'call'],
    ['nested', 'apply'],
    ['data', 'toFixed'],
  ])('refuses %s.%s', async (...path) => {
    let member = remote
    for (const key of path) member = member[key] as Anything
    await expect(member()).rejects.toBeInstanceOf(NoSuchMethodError)
  })

  it('calls a method by its own call, apply and bind', async () => {
    const typed = coordinator.component<KitchenSink>('sink')
    expect(await typed.add.call(undefined, 1, 2)).toBe(3)
    expect(await typed.add.call(typed, 1, 2)).toBe(3)
    expect(await typed.add.apply(typed, [1, 2])).toBe(3)
    expect(await typed.add.bind(typed, 1)(2)).toBe(3)
    expect(await typed.nested.deep.hi.call(undefined)).toBe('deep')
    expect(await typed.thread.apply(undefined)).toBeGreaterThan(0)
    function forwarded(..._numbers: number[]): Promise<number> {
      // oxlint-disable-next-line prefer-rest-params -- an array-like, as older code has it
      return typed.add.apply({ socket: () => {} }, arguments as never)
    }
    expect(await forwarded(3, 4)).toBe(7)
    expect(await typed.add.apply(null, { length: 2, 0: 1, 1: 5 } as never)).toBe(6)
    const values: unknown[] = []
    const take = proxy((value: number) => values.push(value))
    await typed.callBack.apply(undefined, [take as never, 2])
    expect(values).toEqual([0, 1])
    const counted: number[] = []
    for await (const value of typed.numbers.call(undefined, 3)) counted.push(value)
    expect(counted).toEqual([0, 1, 2])
  })

  it('serves nested methods', async () => {
    expect(await remote['nested']?.['deep']?.['hi']?.()).toBe('deep')
  })
})

describe('an existing service', () => {
  const module = fixture('wrapped.ts')

  it('is wrapped as a class', async () => {
    const quotes = coordinator.registerComponent<typeof QuoteService>({
      name: 'quotes',
      module,
      export: 'QuoteService',
      config: { prefix: 'P' },
    })
    expect(await quotes.quote('ABC')).toBe('quotes/P:ABC')
    expect(await quotes.inherited()).toBe('inherited')
    expect(await quotes.overridden()).toBe('derived')
    expect(await quotes.bound()).toBe('quotes/P')
    expect(await quotes.helper.format('x')).toBe('<x>')
    const ticks: number[] = []
    for await (const tick of quotes.ticks(3)) ticks.push(tick)
    expect(ticks).toEqual([0, 1, 2])
    const anything = quotes as unknown as Anything
    for (const key of ['secret', 'accessor', 'create', 'hasOwnProperty']) {
      await expect(anything[key]?.()).rejects.toBeInstanceOf(NoSuchMethodError)
    }
  })

  it('is wrapped as a default export, a factory, a plain object, a constructor function, a whole module', async () => {
    const register = (name: string, more: object): Anything =>
      coordinator.registerComponent({ name, module, ...more }) as Anything
    const byDefault = register('by-default', { config: { prefix: 'D' } })
    expect(await byDefault['quote']?.('X')).toBe('by-default/D:X')
    const factory = register('factory', { export: 'createService', config: { start: 41 } })
    expect(await factory['next']?.()).toBe(42)
    expect(await factory['nested']?.['peek']?.()).toBe(42)
    expect(await register('later', { export: 'createLater' })['ready']?.()).toBe(true)
    const plain = register('plain', { export: 'service' })
    expect(await plain['double']?.(4)).toBe(8)
    expect(await plain['tools']?.['half']?.(4)).toBe(2)
    expect(await register('old', { export: 'OldService', config: { name: 'you' } })['hello']?.()).toBe('hello you')
    expect(await register('module', { export: '*' })['double']?.(21)).toBe(42)
  })
})
