import { proxy, transfer } from 'comlink'
import { describe, expect, it, vi } from 'vitest'
import { ActivityMeter, activitySize, sharedRecord } from '../../../src/channel/activity.ts'
import { callSignal } from '../../../src/channel/call-context.ts'
import { Caller } from '../../../src/channel/caller.ts'
import { Callbacks } from '../../../src/channel/callbacks.ts'
import { MethodTable } from '../../../src/channel/method-table.ts'
import { createRemote, withCallOptions } from '../../../src/channel/remote.ts'
import { ServedConnection } from '../../../src/channel/served-connection.ts'
import { rejection } from '../../support/coordinator.ts'
import type { Transport } from '../../../src/channel/transport.ts'
import { media } from '../../support/media.ts'

type Callback = (...args: unknown[]) => Promise<unknown>
/** Whatever the tests serve. */
type Methods = Record<
  'echo' | 'fail' | 'numbers' | 'twice' | 'counter' | 'up' | 'use' | 'passOn' | 'sum' | 'wait',
  Callback
>

describe.each(media)('a caller and a component over %s', (_, { channels, connect }) => {
  /** A remote of `api`, which is there from `attach` on; that returns the end on which it is served. */
  function remoteOf(
    api: object,
    meter?: ActivityMeter,
  ): { readonly remote: Methods; readonly attach: () => Transport } {
    const caller = new Caller({
      component: 'api',
      links: new Callbacks(channels, 'caller', () => 1, 100),
      maxQueue: 100,
      endGrace: 0,
      onWaiting: () => {},
    })
    const attach = (): Transport => {
      const [ours, served] = connect()
      const links = new Callbacks(channels, 'api', () => 1, 100)
      ServedConnection.open(served, { component: 'api', table: new MethodTable(api), links, ...(meter && { meter }) })
      caller.attach(ours, 1)
      return served
    }
    return { remote: createRemote(caller, {}) as unknown as Methods, attach }
  }
  function attached(api: object): Methods {
    const { remote, attach } = remoteOf(api)
    attach()
    return remote
  }

  it('pass values both ways, and what moves', async () => {
    const { echo } = attached({ echo: (value: unknown) => value })
    for (const value of [1, { a: [1, 'x'] }, new Map([['k', new Date(0)]]), new Uint8Array(3)]) {
      expect(await echo(value)).toEqual(value)
    }
    const values = new Float64Array(4).fill(2)
    expect(await echo(transfer({ values }, [values.buffer]))).toEqual({ values: new Float64Array(4).fill(2) })
  })

  it('pass errors', async () => {
    const { fail } = attached({
      fail: () => {
        throw new RangeError('too far', { cause: new TypeError('inner') })
      },
    })
    const error = await rejection(fail())
    expect(error).toBeInstanceOf(RangeError)
    expect(error).toMatchObject({ message: 'too far', cause: { name: 'TypeError', message: 'inner' } })
  })

  it('refuse what cannot be cloned, and go on', async () => {
    const { echo } = attached({ echo: (value: unknown) => value })
    const refused = rejection(echo(new Map([['k', () => 1]])))
    expect(await echo('after')).toBe('after')
    expect(await refused).toMatchObject({ code: 'ERR_VALUE' })
  })

  it('count a call as over by the time its answer is on its way, whatever that is', async () => {
    const answers = [1, { a: [1] }, new Map([[1, 2]]), new Uint8Array(3), [[[{ deep: true }]]], () => 1]
    const meter = new ActivityMeter(sharedRecord(new SharedArrayBuffer(activitySize)), () => {})
    const { remote, attach } = remoteOf({ echo: (index: number) => answers[index] }, meter)
    const served = attach()
    const underWay: number[] = []
    const post = served.post.bind(served)
    vi.spyOn(served, 'post').mockImplementation((...given) => {
      underWay.push(meter.active)
      post(...given)
    })
    for (const [index, value] of answers.slice(0, -1).entries()) expect(await remote.echo(index)).toEqual(value)
    expect(await rejection(remote.echo(answers.length - 1))).toMatchObject({ code: 'ERR_VALUE' })
    expect(new Set(underWay)).toEqual(new Set([0]))
    expect(meter.calls).toBe(answers.length)
    served.close()
  })

  it('stream, until the reader has enough', async () => {
    const ended = Promise.withResolvers<void>()
    const { numbers } = attached({
      async *numbers() {
        try {
          for (let i = 0; ; i++) yield { i }
        } finally {
          ended.resolve()
        }
      },
    })
    const read: unknown[] = []
    for await (const value of (await numbers()) as AsyncIterable<unknown>) if (read.push(value) === 40) break
    expect(read.at(-1)).toEqual({ i: 39 })
    await ended.promise
  })

  it('call back, by what was given and by what was returned', async () => {
    const { twice, counter } = attached({
      twice: async (callback: Callback) => [await callback(1), await callback(2)],
      counter: (from: number) => proxy({ up: (by: number) => from + by }),
    })
    expect(await twice(proxy((x: number) => x * 10))).toEqual([10, 20])
    const { up } = (await counter(5)) as Methods
    expect(await up(2)).toBe(7)
  })

  it('hand callbacks on to a third', async () => {
    const { use } = attached({ use: (callback: Callback) => callback('third') })
    const { passOn } = attached({ passOn: (callback: Callback) => use(proxy(callback)) })
    expect(await passOn(proxy((name: string) => `called by the ${name}`))).toBe('called by the third')
  })

  it('keep a call that waits as it was made, with all that goes with it', async () => {
    const { remote, attach } = remoteOf({
      sum: async (values: Float64Array, add: Callback) => add(values.reduce((a, b) => a + b)),
    })
    const values = new Float64Array([1, 2, 3])
    const waiting = remote.sum(
      transfer(values, [values.buffer]),
      proxy((x: number) => x + 0.5),
    )
    attach()
    expect(await waiting).toBe(6.5)
  })

  /** A call that is under way until it is aborted; `aborted` is then the reason. */
  function waiting(): { readonly api: object; readonly begun: Promise<void>; readonly aborted: Promise<unknown> } {
    const begun = Promise.withResolvers<void>()
    const aborted = Promise.withResolvers<unknown>()
    const wait = (): Promise<never> => {
      const signal = callSignal()
      signal.addEventListener('abort', () => aborted.resolve(signal.reason))
      begun.resolve()
      return new Promise(() => {})
    }
    return { api: { wait }, begun: begun.promise, aborted: aborted.promise }
  }

  it('are told of each other’s end', async () => {
    const { api, begun, aborted } = waiting()
    const { remote, attach } = remoteOf(api)
    const served = attach()
    const call = rejection(remote.wait())
    await begun
    served.close()
    expect(await call).toMatchObject({ code: 'ERR_COMPONENT_CRASHED' })
    expect(await aborted).toMatchObject({ name: 'AbortError' })
  })

  it.each([
    ['an error', new RangeError('enough'), { name: 'RangeError', message: 'enough' }],
    ['a DOMException', new DOMException('too late', 'TimeoutError'), { name: 'TimeoutError', message: 'too late' }],
    ['something else', { code: 7, bytes: new Uint8Array([1]) }, { code: 7, bytes: new Uint8Array([1]) }],
  ])('pass the reason of an abort: %s', async (_, reason, expected) => {
    const { api, begun, aborted } = waiting()
    const controller = new AbortController()
    const { wait } = withCallOptions(attached(api), { signal: controller.signal })
    const call = rejection(wait())
    await begun
    controller.abort(reason)
    expect(await call).toBe(reason)
    expect(await aborted).toMatchObject(expected)
    expect(Object.prototype.toString.call(await aborted)).toBe(Object.prototype.toString.call(reason))
  })
})
