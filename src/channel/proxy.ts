import { proxy as mark } from 'comlink'
import type { ProxyMarked } from 'comlink'

/**
 * comlink's own: marks a function, or an object with functions, to be passed by reference, as an argument, a result, or anywhere in one. Its type lets the
 * compiler know what a callback is called with, an optional one too, which that of comlink does not.
 *
 * @throws TypeError for what is frozen, and cannot be marked.
 */
export const proxy: {
  <Args extends unknown[], R>(value: (...args: Args) => R): ((...args: Args) => R) & ProxyMarked
  <T extends object>(value: T): T & ProxyMarked
} = mark
