/**
 * An object that is as good as `api`, and has a way to be disposed of; `api` itself stays as it is. Its methods run on `api`: private fields are there.
 *
 * @param dispose called once, however often it is disposed of.
 */
export function withDispose<Api extends object>(api: Api, dispose: () => Promise<void>): Api & AsyncDisposable {
  let disposed: Promise<void> | undefined
  const disposeOnce = async (): Promise<void> => (disposed ??= dispose())
  const methods = new WeakMap<object, object>()
  const methodOf = (fn: object): object => {
    const made =
      methods.get(fn) ??
      new Proxy(fn, {
        apply: (target, self, args: unknown[]) =>
          Reflect.apply<unknown, unknown[], unknown>(target as () => unknown, self === outer ? api : self, args),
      })
    methods.set(fn, made)
    return made
  }
  const outer: Api = new Proxy(api, {
    get: (target, key) => {
      if (key === Symbol.asyncDispose) return disposeOnce
      const value: unknown = Reflect.get(target, key, target)
      // One that cannot be changed has to be shown as it is.
      const own = Reflect.getOwnPropertyDescriptor(target, key)
      const isFixed = own?.configurable === false && own.writable === false
      return typeof value === 'function' && key !== 'constructor' && !isFixed ? methodOf(value) : value
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
    has: (target, key) => key === Symbol.asyncDispose || Reflect.has(target, key),
  })
  return outer as Api & AsyncDisposable
}
