import { proxyMarker } from 'comlink'
import { expect, it } from 'vitest'
import { isInvalidOptionsError, proxy } from '../../../src/index.ts'

it('marks what it is given', () => {
  const callback = (): number => 1
  expect(proxy(callback)).toBe(callback)
  expect(proxy(callback)[proxyMarker]).toBe(true)
})

it.each([
  ['a function', Object.freeze(() => 1)],
  ['an object', Object.freeze({ on: () => 1 })],
  ['an object', Object.preventExtensions({ on: () => 1 })],
])('says what to do about %s that is frozen', (what, frozen) => {
  expect(() => proxy(frozen)).toThrow(
    expect.toSatisfy((error) => isInvalidOptionsError(error) && error.message.includes(`${what} that can be marked`)),
  )
  expect(() => proxy(frozen)).toThrow(/mark it before it is frozen/)
})

it('takes what was marked before it was frozen', () => {
  const marked = Object.preventExtensions(proxy({ on: () => 1 }))
  expect(proxy(marked)).toBe(marked)
  const frozen = Object.freeze(proxy({ on: () => 1 }))
  expect(proxy(frozen)).toBe(frozen)
})
