import { isProxyMarked } from './references.ts'
import { transferListOf } from './transfer-list.ts'

/** A promise, or what may be awaited like one. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  )
}

/** Of an answer that is a stream, opened; undefined for any other. What was marked with `proxy()` or `transfer()` arrives as its maker said, also when it could be iterated over. */
export function openIterator(value: unknown): AsyncIterator<unknown> | undefined {
  if (typeof value !== 'object' || value === null || !(Symbol.asyncIterator in value)) return undefined
  if (isProxyMarked(value) || transferListOf(value).length > 0) return undefined
  const open = value[Symbol.asyncIterator]
  return typeof open === 'function' ? (Reflect.apply(open, value, []) as AsyncIterator<unknown>) : undefined
}
