import { isPromise } from 'node:util/types'
import { disposeOf } from '../host/dispose-of.ts'

/**
 * An object that is as good as `api`, and has a way to be disposed of, which runs its dispose hook; `api` itself stays as it is. Its methods run on `api`:
 * private fields are there. What they return of it is this object.
 *
 * @param unloading called before the hook; both once, however often and in whichever way it is disposed of.
 */
export function withDispose<Api extends object>(api: Api, unloading: () => void): Api & AsyncDisposable {
  const hooks: Partial<AsyncDisposable & Disposable> = api
  let disposed: Promise<void> | undefined
  const disposeOnce = async (): Promise<void> => {
    disposed ??= (async (): Promise<void> => {
      unloading()
      await disposeOf(hooks)
    })()
    return disposed
  }
  const disposeNow = (): void => {
    if (disposed) return
    disposed = Promise.resolve()
    unloading()
    hooks[Symbol.dispose]?.()
  }
  const methods = new WeakMap<object, object>()
  const methodOf = (fn: object): object => {
    const made =
      methods.get(fn) ??
      new Proxy(fn, {
        apply: (target, self, args: unknown[]) =>
          shown(Reflect.apply<unknown, unknown[], unknown>(target as () => unknown, self === outer ? api : self, args)),
      })
    methods.set(fn, made)
    return made
  }
  const shown = (value: unknown): unknown => {
    if (value === api) return outer
    return isPromise(value) ? value.then((result) => (result === api ? outer : result)) : value
  }
  const outer: Api = new Proxy(api, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key, target)
      // One that cannot be changed has to be shown as it is.
      const own = Reflect.getOwnPropertyDescriptor(target, key)
      const isFixed = own?.configurable === false && own.writable === false
      if (isFixed) return value
      if (key === Symbol.asyncDispose) return disposeOnce
      if (key === Symbol.dispose && value) return disposeNow
      return typeof value === 'function' && key !== 'constructor' ? methodOf(value) : value === api ? outer : value
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
    has: (target, key) => key === Symbol.asyncDispose || Reflect.has(target, key),
  })
  return outer as Api & AsyncDisposable
}
