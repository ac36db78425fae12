import * as fc from 'fast-check'
import { MessageChannel } from 'node:worker_threads'
import { afterAll, describe, expect, it } from 'vitest'
import { abortReason } from '../../src/channel/abort-reason.ts'
import { decodeError, encodeError } from '../../src/channel/error-codec.ts'
import { describeValue, headlineOf, messageOf } from '../../src/contract/describe-value.ts'
import { isSpillwayError, isValueError, proxy, withCallOptions } from '../../src/index.ts'
import { hostile } from '../fixtures/hostile-values.ts'
import type hostileComponent from '../fixtures/hostile-values.ts'
import { fixture, rejection, sharedCoordinator } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()
const remote = coordinator.registerComponent<typeof hostileComponent>({
  name: 'hostile',
  module: fixture('hostile-values.ts'),
})
const kinds = Object.keys(hostile)
const { port1, port2 } = new MessageChannel()
port1.unref()
afterAll(() => port2.close())

/** Does `action` among calls that have nothing to do with it, which must all be answered by the same worker. */
async function besideOthers<T>(action: () => Promise<T>): Promise<T> {
  const before = remote.add(1, 1)
  const result = action()
  const after = remote.add(1, 2)
  expect(await Promise.all([before, after])).toEqual([2, 3])
  const outcome = await result
  expect(coordinator.info('hostile').crashes).toBe(0)
  return outcome
}

describe.each(kinds)('%s', (kind) => {
  it('thrown by a component rejects its call alone', async () => {
    const settled = await besideOthers(() => Promise.allSettled([remote.raise(kind), remote.raiseNow(kind)]))
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })

  it('thrown by a stream ends it with an error', async () => {
    await besideOthers(async () => {
      const values: unknown[] = []
      const read = async (): Promise<void> => {
        for await (const value of remote.raiseLater(kind)) values.push(value)
      }
      await rejection(read())
      expect(values).toEqual([1])
    })
  })

  it('thrown by a callback of the main thread rejects the call of it', async () => {
    const callback = proxy(() => {
      throw hostile[kind]?.()
    })
    expect(await besideOthers(() => remote.callBack(callback))).not.toBe('fulfilled')
  })

  it('as an abort reason rejects with itself', async () => {
    const abort = new AbortController()
    const reason = hostile[kind]?.()
    await besideOthers(async () => {
      const call = withCallOptions(remote, { signal: abort.signal }).untilAborted()
      queueMicrotask(() => abort.abort(reason))
      const [settled] = await Promise.allSettled([call])
      expect(settled.status === 'rejected' && settled.reason === reason).toBe(true)
    })
  })

  it('as an abort reason ends a stream that is waited for', async () => {
    const abort = new AbortController()
    const reason = hostile[kind]?.()
    await besideOthers(async () => {
      const stream = await withCallOptions(remote, { signal: abort.signal }).never()
      const next = stream.next()
      queueMicrotask(() => abort.abort(reason))
      const [settled] = await Promise.allSettled([next])
      expect(settled.status === 'rejected' && settled.reason === reason).toBe(true)
    })
  })

  it('is no error of this package', () => {
    const value = hostile[kind]?.()
    expect([isSpillwayError(value), isValueError(value)]).toEqual([false, false])
  })

  it('as an argument or an answer travels or is refused', async () => {
    const value = hostile[kind]?.()
    const read = async (): Promise<void> => {
      for await (const each of remote.stream(kind)) void each
    }
    const take = remote.take as (value: unknown) => Promise<string>
    const settled = await besideOthers(() => Promise.allSettled([remote.answer(kind), take(value), read()]))
    const reasons = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []))
    expect(reasons.filter((reason) => !(reason instanceof Error))).toEqual([])
  })
})

describe('what a component threw', () => {
  it('is told when it cannot travel', async () => {
    const error = await rejection(remote.raise('a symbol'))
    expect(isValueError(error)).toBe(true)
    expect(error).toMatchObject({
      component: 'hostile',
      what: 'thrown value',
      message: expect.stringContaining('Symbol(thrown)') as string,
    })
    expect(await rejection(remote.raise('a weak map'))).toMatchObject({
      message: expect.stringContaining('WeakMap') as string,
    })
    expect(await rejection(remote.raise('a symbol as cause'))).toMatchObject({
      message: 'caused',
      cause: { code: 'ERR_VALUE', message: expect.stringContaining('Symbol(cause)') as string },
    })
  })

  it('keeps everything else when a part of it cannot travel', async () => {
    expect(await rejection(remote.raise('an error with a deep property'))).toMatchObject({ message: 'text' })
    expect(await rejection(remote.raise('a closed port in a property'))).toMatchObject({ message: 'text' })
    expect(await rejection(remote.raise('a class whose name is a method'))).toMatchObject({ message: 'named' })
  })
})

const across = (thrown: unknown): unknown => decodeError(structuredClone(encodeError(thrown, 'c')))

describe('something thrown that is no Error', () => {
  it('keeps all that can be cloned', () => {
    const thrown = {
      message: 'declined',
      code: 'E_DECLINED',
      retry: () => {},
      request: {
        id: 7,
        headers: new Map<string, unknown>([
          ['a', 1],
          ['b', () => {}],
        ]),
        on: [() => {}, 'end'],
      },
      at: new Date(0),
      [Symbol('hidden')]: 1,
    }
    expect(across(thrown)).toEqual({
      message: 'declined',
      code: 'E_DECLINED',
      request: { id: 7, headers: new Map([['a', 1]]), on: [undefined, 'end'] },
      at: new Date(0),
    })
  })

  it('keeps the properties of a class of its own', () => {
    class Failure {
      readonly message = 'declined'
      readonly code = 'E_DECLINED'
      readonly retry = (): void => {}
    }
    expect(across(new Failure())).toEqual({ message: 'declined', code: 'E_DECLINED' })
  })

  it('keeps its shape where it refers to itself', () => {
    const thrown: Record<string, unknown> = { code: 1, fn: () => {} }
    thrown['self'] = [thrown]
    const copy = across(thrown) as { code: number; self: unknown[] }
    expect(copy.code).toBe(1)
    expect(copy.self[0]).toBe(copy)
  })

  it('is treated alike inside an error', () => {
    const error = Object.assign(new Error('x'), { config: { url: '/a', transform: [() => {}], socket: new WeakMap() } })
    expect(across(error)).toMatchObject({ config: { url: '/a', transform: [undefined] } })
  })
})

/** Anything, with what cannot be cloned anywhere in it. */
const anything = fc.letrec<{ value: unknown; error: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withTypedArray: true,
    }),
    // fast-check asks the values what they are, which a revoked proxy answers by throwing.
    fc.constantFrom(...kinds.filter((kind) => !/a deep|endless|a revoked/.test(kind))).map((kind) => hostile[kind]?.()),
    fc.array(tie('value')),
    fc.dictionary(
      fc.oneof(fc.string(), fc.constantFrom('message', 'stack', 'code', 'cause', 'errors', 'toString', '__proto__')),
      tie('value'),
    ),
    tie('error'),
  ),
  error: fc
    .tuple(
      fc.constantFrom(Error, TypeError, DOMException),
      fc.dictionary(
        fc.constantFrom('message', 'name', 'stack', 'code', 'cause', 'errors', 'constructor', 'detail'),
        tie('value'),
      ),
    )
    .map(([Class, properties]) => {
      const error = new Class('text')
      for (const [key, value] of Object.entries(properties)) {
        Object.defineProperty(error, key, { value, enumerable: true, configurable: true })
      }
      return error
    }),
})).value

describe('whatever is thrown', () => {
  it('can be posted and read again, and put into words', () => {
    fc.assert(
      fc.property(anything, (thrown) => {
        const encoded = encodeError(thrown, 'c')
        port1.postMessage(encoded)
        port1.postMessage(abortReason(thrown, 'c'))
        decodeError(structuredClone(encoded))
        for (const words of [describeValue(thrown), messageOf(thrown), headlineOf(thrown)]) {
          expect(typeof words).toBe('string')
        }
      }),
      { numRuns: 200 },
    )
  })
})
