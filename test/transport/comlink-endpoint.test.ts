import * as Comlink from 'comlink'
import { once } from 'node:events'
import { MessageChannel, Worker } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import type handingOn from '../fixtures/handing-on.ts'
import { afterEach, describe, expect, it } from 'vitest'
import { fixture, rejection, sharedCoordinator, sink, until } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()
const remote = coordinator.registerComponent<KitchenSink>(sink('endpoint'))
coordinator.registerComponent<KitchenSink>(sink('hurried', { callTimeout: 30 }))
const ports: MessagePort[] = []
afterEach(() => {
  for (const port of ports.splice(0)) port.close()
})

interface Api {
  echo(value: unknown): unknown
  add(a: number, b: number): number
  throwError(): never
  throwThis(what: string): never
  callBack(callback: (value: number) => number | Promise<number>, times: number): number
  makeAdder(first: number): ((second: number) => number) & Comlink.ProxyMarked
  makeCounter(): { up(by: number): number } & Comlink.ProxyMarked
  numbers(to: number): unknown
  noteAbort(): void
  never(): never
  floats(length: number): Float64Array
  byteLength(buffer: ArrayBuffer): number
  generation(): number
  exit(code: number): void
}

function wrap(name = 'endpoint'): Comlink.Remote<Api> {
  const port = coordinator.createEndpoint(name)
  ports.push(port)
  return Comlink.wrap<Api>(port)
}
function handing(name: string): Record<string, (...args: unknown[]) => Promise<unknown>> {
  coordinator.registerComponent<typeof handingOn>({ name, module: fixture('handing-on.ts') })
  return wrap(name) as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>
}
/** What comlink lets anybody reach for. */
type Anything = { [key: string]: Anything } & ((...args: unknown[]) => Promise<unknown>)

describe('stock comlink at an endpoint', () => {
  it('loads the component and calls it', async () => {
    const wrapped = wrap()
    expect(coordinator.info('endpoint').state).toBe('unloaded')
    expect(await wrapped.add(1, 2)).toBe(3)
    expect(await (wrapped as unknown as Anything)['nested']?.['deep']?.['hi']?.()).toBe('deep')
    expect(await wrapped.echo({ a: [1, new Map([['k', 1]])] })).toEqual({ a: [1, new Map([['k', 1]])] })
    expect(await Promise.all(Array.from({ length: 100 }, async (_, i) => wrapped.add(i, 1)))).toHaveLength(100)
  })

  it('moves values both ways', async () => {
    const wrapped = wrap()
    const buffer = new ArrayBuffer(64)
    expect(await wrapped.byteLength(Comlink.transfer(buffer, [buffer]))).toBe(64)
    expect(buffer.byteLength).toBe(0)
    expect((await wrapped.floats(10)).length).toBe(10)
  })

  it('is left no port open by what was refused', async () => {
    const wrapped = wrap() as unknown as Anything
    let open = 0
    const argument = (): object => {
      const { port1, port2 } = new MessageChannel()
      open++
      port1.once('close', () => open--)
      port1.unref()
      return Comlink.transfer({ port: port2 }, [port2])
    }
    const Made = wrapped['echo'] as unknown as new (argument: object) => Promise<unknown>
    await rejection(new Made(argument()))
    expect(open).toBe(1)
    await until(() => open === 0)
  })

  it('gets errors', async () => {
    const wrapped = wrap()
    const error = await rejection(wrapped.throwError())
    expect(error).toMatchObject({ name: 'OrderError', message: 'no such order' })
    expect(await rejection(wrapped.throwThis('null'))).toBeNull()
    expect(await rejection(wrapped.throwThis('string'))).toBe('a string')
  })

  it('may pass callbacks, which are not touched', async () => {
    const values: number[] = []
    const callback = (value: number): number => {
      values.push(value)
      return value * 2
    }
    const before = Reflect.ownKeys(callback)
    expect(await wrap().callBack(Comlink.proxy(callback), 3)).toBe(6)
    expect(values).toEqual([0, 1, 2])
    expect(Reflect.ownKeys(callback)).toEqual([...before, Comlink.proxyMarker])
    const throwing = Comlink.proxy((): number => {
      throw new RangeError('from the callback')
    })
    expect(await rejection(wrap().callBack(throwing, 1))).toMatchObject({ message: 'from the callback' })
  })

  it('gets callbacks', async () => {
    const wrapped = wrap()
    const add = await wrapped.makeAdder(40)
    expect(await add(2)).toBe(42)
    const counter = (await wrapped.makeCounter()) as unknown as Comlink.Remote<{ up(by: number): number }>
    expect(await counter.up(5)).toBe(5)
    const anything = counter as unknown as Anything
    expect(await rejection(anything['constructor']?.('return process') ?? Promise.resolve())).toMatchObject({
      name: 'NoSuchMethodError',
    })
    expect(await rejection(anything['up']?.['constructor']?.('return process') ?? Promise.resolve())).toMatchObject({
      name: 'NoSuchMethodError',
    })
  })

  it('moves ports both ways', async () => {
    const moving = handing('moving')
    const { port1, port2 } = new MessageChannel()
    const arrived = once(port1, 'message')
    expect(await moving['portOf']?.(Comlink.transfer({ port: port2 }, [port2]))).toBe('posted')
    expect(await arrived).toEqual(['from the component'])
    const made = await moving['makePort']?.()
    expect(await once((made as { port: MessagePort }).port, 'message')).toEqual(['from the component'])
  })

  it('may pass objects by reference, which are finalized when they are released', async () => {
    const moving = handing('keeping')
    const seen: unknown[] = []
    const listener = Comlink.proxy({
      onTick: (value: number) => seen.push(value),
      nested: { onEnd: () => seen.push('end') },
      [Comlink.finalizer]: () => seen.push('finalized'),
    })
    await moving['keep']?.(listener)
    await moving['tick']?.(1)
    await moving['end']?.()
    await moving['release']?.()
    await expect.poll(() => seen).toEqual([1, 'end', 'finalized'])
    await expect.poll(() => coordinator.info('keeping').inUse).toBe(0)
  })

  it('may die: nothing of it stays in use, and calls of its callbacks settle', async () => {
    handing('surviving')
    const port = coordinator.createEndpoint('surviving')
    const comlink = import.meta.resolve('comlink')
    const peer = new Worker(
      `const { workerData, parentPort } = require('node:worker_threads')
      import(${JSON.stringify(comlink)}).then(async ({ wrap, proxy }) => {
        const remote = wrap(workerData)
        const given = await remote.give()
        await given.up(1)
        await remote.keep(proxy({ onTick: () => new Promise(() => {}) }))
        parentPort.postMessage('kept')
      })`,
      { eval: true, workerData: port, transferList: [port] },
    )
    await once(peer, 'message')
    const tick = rejection(coordinator.component<typeof handingOn>('surviving').tick(1))
    expect(coordinator.info('surviving').inUse).toBeGreaterThan(0)
    await peer.terminate()
    expect(await tick).toBeInstanceOf(Error)
    await expect.poll(() => coordinator.info('surviving').inUse).toBe(0)
  })

  it('may answer a callback with what cannot be read: that settles, and its component stays usable', async () => {
    handing('unreadable')
    const port = coordinator.createEndpoint('unreadable')
    const peer = new Worker(
      `const { workerData, parentPort } = require('node:worker_threads')
      import(${JSON.stringify(import.meta.resolve('comlink'))}).then(async ({ wrap, proxy }) => {
        const onTick = () => {
          let value = {}
          for (let i = 0; i < 4_000; i++) value = { inner: value }
          return value
        }
        await wrap(workerData).keep(proxy({ onTick }))
        parentPort.postMessage('kept')
      })`,
      { eval: true, workerData: port, transferList: [port] },
    )
    await once(peer, 'message')
    expect(await rejection(coordinator.component<typeof handingOn>('unreadable').tick(1))).toBeInstanceOf(Error)
    await expect.poll(() => coordinator.info('unreadable').inUse).toBe(0)
    await peer.terminate()
  })

  it('cannot reach what runs code', async () => {
    const anything = wrap() as unknown as Anything
    const attempts: Promise<unknown>[] = []
    for (const path of [
      ['constructor'],
      ['constructor', 'constructor'],
      ['echo', 'constructor'],
      ['__proto__', 'constructor'],
      ['nested', 'constructor', 'constructor'],
      ['toString'],
      ['accessor'],
    ]) {
      let member = anything
      for (const key of path) member = member[key] as Anything
      attempts.push(rejection(member('globalThis.broken = true')))
    }
    for (const error of await Promise.all(attempts)) expect(error).toMatchObject({ name: 'NoSuchMethodError' })
  })

  it('cannot read, set, construct or get another endpoint', async () => {
    const wrapped = wrap()
    const anything = wrapped as unknown as Anything
    const read = (async (): Promise<unknown> => anything['data'])()
    expect(await rejection(read)).toMatchObject({ name: 'NoSuchMethodError' })
    const Service = anything['add'] as unknown as new (...args: unknown[]) => Promise<unknown>
    expect(await rejection(new Service(1))).toMatchObject({ name: 'NoSuchMethodError' })
    expect(await rejection((wrapped as unknown as Comlink.Remote<object>)[Comlink.createEndpoint]())).toMatchObject({
      name: 'NoSuchMethodError',
    })
    expect(await rejection((wrapped as unknown as Anything)())).toMatchObject({ name: 'NoSuchMethodError' })
    const setting = raw(coordinator.createEndpoint('endpoint'), {
      type: 'SET',
      path: ['add'],
      value: { type: 'RAW', value: 1 },
    })
    expect(await setting).toMatchObject({
      type: 'HANDLER',
      name: 'throw',
      value: { value: { name: 'NoSuchMethodError' } },
    })
    expect(await remote.add(1, 1)).toBe(2)
  })

  it.each<[string, object]>([
    ['no path', { type: 'APPLY' }],
    ['an odd path', { type: 'APPLY', path: [{ a: 1 }, null, ['constructor']] }],
    ['arguments that are none', { type: 'APPLY', path: ['add'], argumentList: [1, null, 'x'] }],
    [
      'an unknown handler',
      { type: 'APPLY', path: ['echo'], argumentList: [{ type: 'HANDLER', name: 'nobody', value: 1 }] },
    ],
    [
      'a thrown value',
      { type: 'APPLY', path: ['echo'], argumentList: [{ type: 'HANDLER', name: 'throw', value: { isError: false } }] },
    ],
    [
      'a port that is none',
      { type: 'APPLY', path: ['echo'], argumentList: [{ type: 'HANDLER', name: 'proxy', value: 1 }] },
    ],
    ['an unknown type', { type: 'EVAL', path: ['add'] }],
    ['nothing', {}],
  ])('answers a request with %s by an error', async (_, request) => {
    expect(await raw(coordinator.createEndpoint('endpoint'), request)).toMatchObject({ name: 'throw' })
  })

  it('ignores what is no request', async () => {
    const port = coordinator.createEndpoint('endpoint')
    for (const message of [null, 1, 'text', undefined]) port.postMessage(message)
    expect(await raw(port, { type: 'APPLY', path: ['add'], argumentList: [one, one] })).toMatchObject({ value: 2 })
  })

  it('is told that a stream has no way to come', async () => {
    coordinator.registerComponent<KitchenSink>(sink('streaming'))
    expect(await rejection(Promise.resolve(wrap('streaming').numbers(5)))).toMatchObject({ name: 'TypeError' })
    await until(() => coordinator.info('streaming').inUse === 0)
  })

  it('has the component’s own call timeout', async () => {
    expect(await rejection(wrap('hurried').never())).toMatchObject({ name: 'CallTimeoutError' })
  })

  it('goes on over unloads and crashes', async () => {
    const wrapped = wrap()
    const before = await wrapped.generation()
    await coordinator.unloadComponent('endpoint')
    expect(await wrapped.generation()).toBe(before + 1)
    expect(await rejection(Promise.resolve(wrapped.exit(1)))).toMatchObject({ name: 'ComponentCrashedError' })
    expect(await wrapped.generation()).toBe(before + 2)
  })

  it('is answered by what a component gave it by reference also when that is gone', async () => {
    const wrapped = wrap()
    const counter = (await wrapped.makeCounter()) as unknown as { up(by: number): Promise<number> }
    expect(await counter.up(2)).toBe(2)
    await rejection(Promise.resolve(wrapped.exit(1)))
    expect(await rejection(counter.up(1))).toMatchObject({ name: 'ComponentCrashedError' })
    expect(await rejection(counter.up(1))).toMatchObject({ name: 'ComponentCrashedError' })
  })

  it('ends with its port: calls under way are aborted', async () => {
    const before = (await remote.abortReasons()).length
    const port = coordinator.createEndpoint('endpoint')
    port.postMessage({ id: '1', type: 'APPLY', path: ['noteAbort'], argumentList: [] })
    await until(() => coordinator.info('endpoint').inUse > 0)
    await remote.add(1, 1)
    port.close()
    await until(async () => (await remote.abortReasons()).length > before)
    expect((await remote.abortReasons()).at(-1)).toBe('AbortError: The caller is gone')
  })

  it('gets its answers also when its remote was collected meanwhile', async () => {
    coordinator.registerComponent<KitchenSink>(sink('collected'))
    const port = coordinator.createEndpoint('collected')
    ports.push(port)
    const replies: unknown[] = []
    port.on('message', (message: unknown) => replies.push(message))
    const closed = new Promise((resolve) => port.once('close', resolve))
    port.postMessage({ id: '1', type: 'APPLY', path: ['add'], argumentList: [one, one] })
    port.postMessage({ id: '2', type: 'RELEASE' })
    await closed
    expect(replies).toMatchObject([{ id: '1', value: 2 }, { id: '2' }])
  })

  it('may be released', async () => {
    const wrapped = wrap()
    await wrapped.add(1, 1)
    wrapped[Comlink.releaseProxy]()
    expect(() => wrapped.add(1, 1)).toThrow('released')
  })
})

const one = { type: 'RAW', value: 1 }

async function raw(port: MessagePort, request: object): Promise<unknown> {
  ports.push(port)
  const { promise, resolve } = Promise.withResolvers<unknown>()
  port.once('message', resolve)
  port.postMessage({ id: '1', ...request })
  return promise
}
