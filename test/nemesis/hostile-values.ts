/** Values that do not travel, or travel badly, by name: so that either thread can make them. */
import { Spiteful } from './faults/transfer-handlers.ts'

const nest = (depth: number): unknown => {
  let value: unknown = 1
  for (let i = 0; i < depth; i++) value = { value }
  return value
}

const makers = {
  symbol: () => Symbol('hostile'),
  function: () => () => {},
  'function inside': () => ({ inside: () => {} }),
  'symbol inside': () => [Symbol('inside')],
  'weak map': () => new WeakMap(),
  promise: () => Promise.resolve(1),
  'throwing getter': () =>
    Object.defineProperty({}, 'bad', {
      enumerable: true,
      get: () => {
        throw new Error('from the getter')
      },
    }),
  'throwing proxy': () =>
    new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no keys')
        },
        get: () => {
          throw new Error('no members')
        },
      },
    ),
  'no prototype': () => Object.create(null) as unknown,
  undefined: () => undefined,
  null: () => null,
  cyclic: () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    return cycle
  },
  'error with a function': () => Object.assign(new Error('with a function'), { callback: () => {}, code: 'E_ODD' }),
  'error caused by a symbol': () => new Error('odd cause', { cause: Symbol('cause') }),
  'error with an odd name': () => Object.assign(new Error('odd name'), { name: Symbol('name') }),
  'object with a function': () => ({ message: 'no Error', code: 'E_OBJECT', callback: () => {} }),
  'class with a static name': () => {
    class Odd extends Error {
      static override name = Symbol('Odd') as unknown as string
    }
    return new Odd('odd class')
  },
  'cyclic error': () => {
    const error = new Error('cyclic')
    error.cause = error
    return error
  },
  'detached buffer': () => {
    const buffer = new ArrayBuffer(8)
    structuredClone(buffer, { transfer: [buffer] })
    return buffer
  },
  'shared memory': () => new SharedArrayBuffer(8),
  'nested 1,000 deep': () => nest(1_000),
  'nested 2,600 deep': () => nest(2_600),
  'nested 20,000 deep': () => nest(20_000),
  'error 5,000 deep': () => Object.assign(new Error('deep'), { detail: nest(5_000) }),
  'handler that throws at the sender': () => new Spiteful('sender'),
  'handler that throws at the receiver': () => new Spiteful('receiver'),
} satisfies Record<string, () => unknown>

export type HostileValue = keyof typeof makers
export const hostileValues = Object.keys(makers) as HostileValue[]

/** @throws RangeError for a name it does not know. */
export function hostileValue(kind: string): unknown {
  const make = (makers as Record<string, () => unknown>)[kind]
  if (!make) throw new RangeError(`There is no hostile value "${kind}"`)
  return make()
}
