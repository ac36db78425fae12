import { proxy as mark } from 'comlink'
import type { ProxyMarked } from 'comlink'
import { InvalidOptionsError } from '../contract/errors.ts'
import { isProxyMarked } from './references.ts'

/**
 * comlink's own: marks a function, or an object with functions, to be passed by reference, as an argument, a result, or anywhere in one. Its type lets the
 * compiler know what a callback is called with, an optional one too, which that of comlink does not.
 *
 * @throws InvalidOptionsError for what is frozen, and cannot be marked.
 */
export const proxy: {
  <Args extends unknown[], R>(value: (...args: Args) => R): ((...args: Args) => R) & ProxyMarked
  <T extends object>(value: T): T & ProxyMarked
} = <T extends object>(value: T): T & ProxyMarked => {
  if (Object.isExtensible(value)) return mark(value)
  if (isProxyMarked(value)) return value as T & ProxyMarked
  const expected = `${typeof value === 'function' ? 'a function' : 'an object'} that can be marked`
  throw new InvalidOptionsError(
    'value',
    `${expected}, and this one is frozen: give it another one that calls it, or mark it before it is frozen`,
    value,
  )
}
