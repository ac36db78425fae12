import { proxy } from 'comlink'
import { describe, expect, it } from 'vitest'
import { isReference, readAt, takeApart, writeAt } from '../../../src/channel/references.ts'

const reference = proxy(() => 1)
const there = 'stands for it'

/** Taken apart, cloned, and put together again with `put` where the reference was. */
function travelled(value: unknown, put: unknown = 'put back'): unknown {
  const { rest, references } = takeApart(value, () => there)
  const arrived: unknown = structuredClone(rest)
  for (const { places } of references) for (const place of places) writeAt(arrived, place, put)
  return arrived
}

describe('what is passed by reference', () => {
  it('is what was marked, and signals of any make', () => {
    expect([reference, proxy({}), new AbortController().signal].map(isReference)).toEqual([true, true, true])
    const polyfill = { [Symbol.toStringTag]: 'AbortSignal', aborted: false, addEventListener: () => {} }
    expect(isReference(polyfill)).toBe(true)
    expect([{}, () => {}, new AbortController(), { [Symbol.toStringTag]: 'AbortSignal' }].map(isReference)).toEqual([
      false,
      false,
      false,
      false,
    ])
  })

  it('is taken out of objects, arrays and Maps, and put back in its places', () => {
    class Options {
      readonly deep = {
        list: [1, [reference]],
        map: new Map<unknown, unknown>(
          [
            [reference, 2],
            ['key', { reference }],
          ].slice(1) as [unknown, unknown][],
        ),
      }
      readonly date = new Date(1)
    }
    expect(travelled(new Options())).toEqual({
      deep: { list: [1, ['put back']], map: new Map([['key', { reference: 'put back' }]]) },
      date: new Date(1),
    })
  })

  it('leaves all else as it is: shared, cyclic, sparse, with odd keys', () => {
    const shared = { a: 1 }
    const sparse: unknown[] = []
    sparse[1] = 1
    sparse[2] = reference
    const cyclic: Record<string, unknown> = { reference, one: shared, two: shared, sparse }
    cyclic['self'] = cyclic
    Object.defineProperty(cyclic, '__proto__', { value: { polluted: reference }, enumerable: true })
    const arrived = travelled(cyclic) as typeof cyclic & { sparse: unknown[] }
    expect(arrived['self']).toBe(arrived)
    expect(arrived['one']).toBe(arrived['two'])
    expect([0 in arrived.sparse, arrived.sparse.length, arrived.sparse[2]]).toEqual([false, 3, 'put back'])
    expect(Object.getPrototypeOf(arrived)).toBe(Object.prototype)
    expect(Object.getOwnPropertyDescriptor(arrived, '__proto__')?.value).toEqual({ polluted: 'put back' })
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  it('travels once, and is in all places where it was', () => {
    let standIns = 0
    const { rest, references } = takeApart({ a: reference, b: [reference] }, () => ++standIns)
    expect(standIns).toBe(1)
    expect(references.map(({ places }) => places)).toEqual([[['a'], ['b', '0']]])
    expect(readAt(rest, ['a'])).toBe(1)
  })

  it('is found as deep as it is', () => {
    let value: unknown = reference
    for (let depth = 0; depth < 20_000; depth++) value = [value]
    const { references } = takeApart(value, () => there)
    expect(references[0]?.places[0]).toHaveLength(20_000)
  })

  it('is nowhere else', () => {
    expect(() => readAt({}, ['toString'])).toThrow(TypeError)
    expect(() => writeAt({}, ['__proto__', 'polluted'], 1)).toThrow(TypeError)
    expect(() => writeAt(new Map(), [0], 1)).toThrow(TypeError)
    expect(() => writeAt('text', ['length'], 1)).toThrow(TypeError)
  })
})
