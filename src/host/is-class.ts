import type { ComponentContext } from '../contract/component-context.ts'

/** What is constructed rather than called. */
export function isClass(value: unknown): value is new (config: unknown, context: ComponentContext) => object {
  if (typeof value !== 'function') return false
  if (/^class\b/.test(Function.prototype.toString.call(value))) return true
  // A constructor function of the time before classes: it has methods on its prototype.
  const prototype: unknown = value.prototype
  return typeof prototype === 'object' && prototype !== null && Object.getOwnPropertyNames(prototype).length > 1
}
