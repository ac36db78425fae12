import { anything, assert, property } from 'fast-check'
import { isDeepStrictEqual } from 'node:util'
import { expect, it } from 'vitest'
import { textOf } from '../../../src/transport/frames/frame-text.ts'

it.each([
  [[0, 1, 'echo', ['text', -1.5, true, null, { a: { b: [] } }], 0]],
  ['ä€😀\ud800"\\\n'],
  [[Number.MAX_SAFE_INTEGER, Number.MIN_VALUE, 1e300]],
  [JSON.parse('{"__proto__":{"a":1},"constructor":2}') as unknown],
  [[]],
])('what is small and plain is text: %j', (value) => {
  expect(JSON.parse(textOf([[value]], true) ?? '')).toStrictEqual([[value]])
})

class Own {
  a = 1
}
const object = { a: 1 }
const list = [1]
const hole: number[] = []
hole[1] = 1
it.each([
  ['undefined', undefined],
  ['undefined in an object', { a: undefined }],
  ['NaN', Number.NaN],
  ['infinity', -Infinity],
  ['-0', -0],
  ['a bigint', 1n],
  ['a symbol', Symbol('x')],
  ['a function', { toJSON: () => 1 }],
  ['a date', new Date(0)],
  ['a map', new Map()],
  ['bytes', new Uint8Array(1)],
  ['an error', new Error('x')],
  ['an object of a class', new Own()],
  ['an object twice', [object, object]],
  ['a list twice', { list, again: [list] }],
  ['a list that holds itself', [list].map(() => (list.length === 1 ? [object, [object]] : list))],
  ['a hole', hole],
  ['a list with a name', Object.assign([1, 2], { name: 3 })],
  ['many members', Array.from({ length: 2_000 }, () => [1])],
  ['a long list', Array.from({ length: 1_000 }, () => 1)],
  ['a long string', 'x'.repeat(20_000)],
  ['long names', { ['x'.repeat(20_000)]: 1 }],
])('%s is not', (_, value) => {
  expect(textOf([[0, 1, value]], true)).toBeUndefined()
  expect(textOf(value, false)).toBeUndefined()
})

it('what is not ours is looked at from the outside in', () => {
  expect(textOf(Object.assign([1], { name: 3 }), false)).toBeUndefined()
  expect(textOf([list, list], false)).toBeUndefined()
})

it('whatever is text comes out as structured clone makes it', () => {
  const value = anything({
    withNullPrototype: true,
    withSparseArray: true,
    withBigInt: true,
    withDate: true,
    withMap: true,
    withTypedArray: true,
  })
  assert(
    property(value, (value) => {
      const text = textOf(value, false)
      return text === undefined || isDeepStrictEqual(JSON.parse(text), structuredClone(value))
    }),
    { numRuns: 2_000 },
  )
})
