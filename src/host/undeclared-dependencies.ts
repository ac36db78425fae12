import { inspect } from 'node:util'
import type { Logger } from '../contract/logger.ts'

/** What is read of any object, by the language and by those who only look at it. */
const ofAnyObject: ReadonlySet<string> = new Set(['then', 'toJSON', ...Object.getOwnPropertyNames(Object.prototype)])

/**
 * The same dependencies: what is none of them is undefined, as ever, but whoever reads it is told once that the definition does not name it. To throw
 * would break `dependencies.cache?.get()`, and whatever looks at the object.
 */
export function tellUndeclared<T extends object>(dependencies: T, component: string, logger: Pick<Logger, 'warn'>): T {
  const told = new Set<string>()
  // `console.log` shows what they are, and not what they are behind.
  const shown = Object.defineProperty({ __proto__: null, ...dependencies }, inspect.custom, {
    value: () => dependencies,
  })
  return new Proxy<T>(Object.freeze(shown) as T, {
    get(target, key) {
      if (typeof key === 'string' && !Object.hasOwn(target, key) && !ofAnyObject.has(key) && !told.has(key)) {
        told.add(key)
        logger.warn(
          { dependency: key },
          `"${component}" reads context.dependencies.${key}, which is undefined, as its definition does not name it: ` +
            `name it in "dependencies", or in "optionalDependencies" where it can be missing`,
        )
      }
      return Reflect.get(target, key) as unknown
    },
  })
}
