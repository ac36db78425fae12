/** The same class, with `made` told of every object it makes. `instanceof` and subclasses work as before. */
export function constructing<C extends new (...args: never) => object>(
  original: C,
  made: (object: InstanceType<C>) => void,
): C {
  return new Proxy(original, {
    construct: (target, args, newTarget) => {
      const object = Reflect.construct(target, args, newTarget) as InstanceType<C>
      made(object)
      return object
    },
  })
}
