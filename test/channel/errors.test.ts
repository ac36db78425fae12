import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { decodeError, encodeError } from '../../src/channel/error-codec.ts'
import {
  CallTimeoutError,
  isCallTimeoutError,
  isSpillwayError,
  OverloadedError,
  registerErrorClass,
  SpillwayError,
} from '../../src/index.ts'
import { rejection, sharedCoordinator, sink } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()
const remote = coordinator.registerComponent<KitchenSink>(sink('errors'))

/** As it crosses a thread. */
function across(thrown: unknown): unknown {
  return decodeError(structuredClone(encodeError(thrown, 'c')))
}

describe('what a component throws', () => {
  it('arrives with class name, message, code, cause and own properties', async () => {
    const error = (await rejection(remote.throwError())) as Error & Record<string, unknown>
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ name: 'OrderError', message: 'no such order', code: 'E_ORDER' })
    expect(error['detail']).toEqual({ order: 7, tags: new Set(['a']) })
    expect(error['callback']).toBeUndefined()
    expect(error.cause).toBeInstanceOf(RangeError)
    expect(error.cause).toMatchObject({ message: 'out of range' })
  })

  it('has a stack that joins both sides', async () => {
    const error = (await rejection(remote.throwError())) as Error
    const lines = error.stack?.split('\n') ?? []
    const at = (part: string): number => lines.findIndex((line) => line.includes(part))
    expect(lines[0]).toBe('OrderError: no such order')
    expect(at('kitchen-sink.ts')).toBe(1)
    expect(at('at throwError() of component "errors" (generation 1)')).toBeGreaterThan(at('kitchen-sink.ts'))
    expect(at('errors.test.ts')).toBeGreaterThan(at('at throwError()'))
  })

  it('keeps both errors of a SuppressedError, whatever it is caused by', () => {
    const real = Object.assign(new TypeError('the real failure'), { code: 'E_REAL' })
    const error = across(new Error('outer', { cause: new SuppressedError(new RangeError('closing'), real, 'both') }))
    const inner = (error as Error).cause as SuppressedError
    expect(inner).toBeInstanceOf(SuppressedError)
    expect(inner.error).toBeInstanceOf(RangeError)
    expect(inner.suppressed).toBeInstanceOf(TypeError)
    expect(inner.suppressed).toMatchObject({ message: 'the real failure', code: 'E_REAL' })
    expect(across(new SuppressedError('text', 0))).toMatchObject({ error: 'text', suppressed: 0 })
  })

  it('keeps own properties that are not enumerable as such', () => {
    const error = across(Object.defineProperty(new Error('text'), 'own', { value: { a: [5] } }))
    expect(Object.getOwnPropertyDescriptor(error, 'own')).toMatchObject({ value: { a: [5] }, enumerable: false })
  })

  it.runIf('QuotaExceededError' in globalThis)('keeps the numbers of a QuotaExceededError', () => {
    const { QuotaExceededError } = globalThis as unknown as {
      QuotaExceededError: new (message: string, options: object) => DOMException
    }
    const error = across(new QuotaExceededError('full', { quota: 5, requested: 7 }))
    expect(error).toBeInstanceOf(QuotaExceededError)
    expect(error).toMatchObject({ quota: 5, requested: 7, message: 'full' })
  })

  it('may be null', async () => {
    expect(await rejection(remote.throwThis('null'))).toBeNull()
  })

  it('may be undefined', async () => {
    expect(await rejection(remote.throwThis('undefined'))).toBeUndefined()
  })

  it('may be text', async () => {
    expect(await rejection(remote.throwThis('string'))).toBe('a string')
  })

  it('may be an AggregateError', async () => {
    const error = (await rejection(remote.throwThis('aggregate'))) as AggregateError
    expect(error).toBeInstanceOf(AggregateError)
    expect(error).toMatchObject({
      message: 'both',
      errors: [{ name: 'TypeError', message: 'one' }, { message: 'two' }],
    })
    expect(error.errors[0]).toBeInstanceOf(TypeError)
  })

  it('may have a getter that throws', async () => {
    expect(await rejection(remote.throwThis('getter'))).toMatchObject({ message: 'with a getter' })
  })

  it('may be a hostile proxy', async () => {
    expect(await rejection(remote.throwThis('hostile'))).toBeInstanceOf(Error)
  })

  it('may be what cannot be cloned', async () => {
    expect(await rejection(remote.throwThis('function'))).toMatchObject({
      message: expect.stringContaining('cannot be cloned') as string,
    })
  })

  it('may be its own cause', async () => {
    expect(await rejection(remote.throwThis('cyclic'))).toMatchObject({ message: 'cyclic' })
  })

  it('never ends the worker', async () => {
    expect(await remote.generation()).toBe(1)
    expect(coordinator.info('errors')).toMatchObject({ inUse: 0, crashes: 0 })
  })
})

describe('an error across threads', () => {
  it.each([
    new TypeError('t'),
    new RangeError('r'),
    new SyntaxError('s'),
    new EvalError('e'),
    new URIError('u'),
    new ReferenceError('f'),
    new DOMException('d', 'AbortError'),
    new AggregateError([], 'a'),
    new Error('plain'),
  ])('keeps its native class: $name', (error) => {
    const copy = across(error)
    expect(copy).toBeInstanceOf(error.constructor)
    expect(copy).toMatchObject({ name: error.name, message: error.message })
  })

  it('keeps the class of errors of this package', () => {
    const copy = across(new CallTimeoutError('c', 'm', 5)) as CallTimeoutError
    expect(copy).toBeInstanceOf(CallTimeoutError)
    expect(isCallTimeoutError(copy)).toBe(true)
    expect(isSpillwayError(copy)).toBe(true)
    expect(copy).toMatchObject({ component: 'c', method: 'm', timeout: 5, code: 'ERR_CALL_TIMEOUT' })
    expect(inspect(copy)).toContain('CallTimeoutError: Call of m()')
    expect(across(new OverloadedError('c', 1))).toBeInstanceOf(OverloadedError)
  })

  it('keeps a class of somebody else that is registered, and has a guard for it', () => {
    class QuotaError extends SpillwayError {
      readonly code = 'ERR_QUOTA'
      readonly left = 3
    }
    const isQuotaError = registerErrorClass('ERR_QUOTA', QuotaError)
    const arrived = across(new QuotaError('used up'))
    expect(arrived).toBeInstanceOf(QuotaError)
    expect(arrived).toMatchObject({ name: 'QuotaError', message: 'used up', left: 3 })
    expect(isSpillwayError({ code: 'ERR_QUOTA' })).toBe(true)
    expect([arrived, { code: 'ERR_QUOTA' }, new Error('used up'), null].map(isQuotaError)).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  it('keeps a chain of causes, whatever they are', () => {
    const copy = across(new Error('a', { cause: new TypeError('b', { cause: { reason: 'c' } }) })) as Error
    expect(copy.cause).toBeInstanceOf(TypeError)
    expect((copy.cause as Error).cause).toEqual({ reason: 'c' })
    expect((across(new Error('a', { cause: null })) as Error).cause).toBeNull()
  })

  it('keeps an own property named errors that is no list of errors', () => {
    const error = Object.assign(new Error('invalid'), { errors: { name: 'too short' } })
    expect(across(error)).toMatchObject({ message: 'invalid', errors: { name: 'too short' } })
  })

  it('is cut where a web of errors comes back to itself', () => {
    const web = new AggregateError([], 'web')
    for (let i = 0; i < 60; i++) web.errors.push(new Error(`${i}`, { cause: web }))
    const copy = across(web) as AggregateError
    expect(copy.errors).toHaveLength(60)
    expect((copy.errors[0] as Error).cause).toBeUndefined()
  })

  it('is not unrolled without end', () => {
    let error: Error = new Error('innermost')
    for (let i = 0; i < 12; i++) error = new AggregateError([error, error, error], `${i}`)
    let count = 0
    const walk = (each: unknown): void => {
      count++
      if (each instanceof AggregateError) for (const inner of each.errors) walk(inner)
    }
    walk(across(error))
    expect(count).toBeLessThanOrEqual(101)
  })

  it('names a class that does not set its name', () => {
    class PaymentError extends TypeError {}
    const copy = across(new PaymentError('declined')) as Error
    expect(copy).toBeInstanceOf(TypeError)
    expect(copy).toMatchObject({ name: expect.stringMatching(/PaymentError|TypeError/) as string, message: 'declined' })
    expect(copy.stack).toContain('declined')
  })

  it('survives what cannot be looked at', () => {
    const { proxy, revoke } = Proxy.revocable(new Error('x'), {})
    revoke()
    expect(across(proxy)).toBeInstanceOf(Error)
    const hostile = new Proxy(new Error('x'), {
      get: () => {
        throw new Error('get')
      },
      getPrototypeOf: () => {
        throw new Error('prototype')
      },
      ownKeys: () => {
        throw new Error('keys')
      },
      has: () => {
        throw new Error('has')
      },
    })
    expect(across(hostile)).toBeInstanceOf(Error)
    const revoked = Proxy.revocable([], {})
    const withErrors = Object.assign(new Error('list'), { errors: revoked.proxy })
    revoked.revoke()
    expect(across(withErrors)).toMatchObject({ message: 'list' })
  })

  it('does not set prototypes by its properties', () => {
    const error = Object.assign(new Error('x'), JSON.parse('{"__proto__": {"polluted": true}}'))
    Object.defineProperty(error, '__proto__', { value: { polluted: true }, enumerable: true })
    expect(Reflect.get(across(error) as object, 'polluted')).toBeUndefined()
  })
})
