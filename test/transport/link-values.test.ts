import { createSecretKey } from 'node:crypto'
import { open } from 'node:fs/promises'
import { BlockList } from 'node:net'
import { MessageChannel } from 'node:worker_threads'
import { transfer } from 'comlink'
import { expect, it } from 'vitest'
import { Caller } from '../../src/channel/caller.ts'
import { Callbacks } from '../../src/channel/callbacks.ts'
import { MethodTable } from '../../src/channel/method-table.ts'
import { ServedConnection } from '../../src/channel/served-connection.ts'
import type { Movable } from '../../src/channel/transport.ts'
import type { ProcessLinkOptions } from '../../src/transport/process/link.ts'
import { rejection } from '../support/coordinator.ts'
import { closed, Inlet, openLinks } from '../support/links.ts'

const { linked } = await openLinks(60)

async function sent<T>(value: T, moved?: readonly Movable[], options?: ProcessLinkOptions): Promise<T> {
  const [a, b] = linked(options)
  a.control.post(value, moved)
  return (await new Inlet(b.control).next()) as T
}

it('arrive as with structured clone', async () => {
  class Own {
    own = [1]
  }
  const value = {
    text: 'ä€😀',
    list: [1, -0, Number.NaN, 10n, null, undefined],
    // A hole is to arrive as one.
    holes: Object.assign(Array.from<number>({ length: 3 }), { 1: 1, named: 2 }),
    map: new Map([['k', new Set([{}])]]),
    date: new Date(7),
    pattern: /x/giu,
  }
  const boxed = [Object('x'), Object(1), Object(2n)]
  const error = new RangeError('far', { cause: new TypeError('inner') })
  expect(await sent([value, boxed, error, new Own()])).toEqual([value, boxed, error, { own: [1] }])
  const shared = { self: undefined as unknown }
  shared.self = shared
  const arrived = await sent(shared)
  expect(arrived.self).toBe(arrived)
})

it.each([4, 4_000, 4_000_000])('keep what shares a buffer of %i bytes together', async (size) => {
  const bytes = new Uint8Array(size).fill(3)
  const value = { bytes, tail: bytes.subarray(2), view: new DataView(bytes.buffer, 1, 3), buffer: bytes.buffer }
  const arrived = await sent(value)
  expect(arrived.buffer.byteLength).toBe(size)
  expect([arrived.bytes.buffer, arrived.tail.buffer, arrived.view.buffer]).toEqual(Array(3).fill(arrived.buffer))
  arrived.bytes[2] = 9
  expect([arrived.tail[0], arrived.view.getUint8(1), arrived.view.byteLength, arrived.tail.length]).toEqual([
    9,
    9,
    3,
    size - 2,
  ])
  expect(Buffer.compare(arrived.tail.subarray(1), value.tail.subarray(1))).toBe(0)
})

it('of every kind of view', async () => {
  const { Float16Array } = globalThis as unknown as { Float16Array: typeof Float32Array }
  for (const View of [
    Int8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    Float16Array,
  ]) {
    for (const length of [3, 10_000])
      expect(await sent(new View(length).fill(1.5))).toStrictEqual(new View(length).fill(1.5))
  }
  expect(await sent(new BigInt64Array([-1n]))).toStrictEqual(new BigInt64Array([-1n]))
  expect(await sent(new BigUint64Array([1n]))).toStrictEqual(new BigUint64Array([1n]))
  const resizable = new ArrayBuffer(4, { maxByteLength: 8 })
  const arrived = await sent({ all: new Uint8Array(resizable), some: new Uint8Array(resizable, 1, 2) })
  arrived.all.buffer.resize(8)
  expect([arrived.all.length, arrived.some.length]).toEqual([8, 2])
  resizable.resize(0)
  expect((await sent(new Uint8Array(resizable))).length).toBe(0)
})

it('of a Buffer are its bytes, and nothing else of the pool that it is in', async () => {
  const arrived = await sent(Buffer.from('secret').subarray(2))
  expect(arrived).toStrictEqual(new Uint8Array(Buffer.from('cret')))
  expect(arrived.buffer.byteLength).toBe(4)
})

it('that were named to be moved are copied, and that is told', async () => {
  let copied = 0
  const values = new Float64Array(100_000).fill(2)
  const arrived = await sent({ values }, [values.buffer], { onCopied: () => copied++ })
  expect(Buffer.compare(new Uint8Array(arrived.values.buffer), new Uint8Array(values.buffer))).toBe(0)
  expect([values.length, copied]).toEqual([100_000, 1])
})

it('are what they were when they were posted', async () => {
  const [a, b] = linked()
  const bytes = new Uint8Array(1_000_000).fill(1)
  a.control.post(bytes)
  bytes.fill(2)
  const arrived = (await new Inlet(b.control).next()) as Uint8Array
  expect(Buffer.compare(arrived, Buffer.alloc(1_000_000, 1))).toBe(0)
})

it('that are DOMExceptions arrive with name, message and cause, wherever they are', async () => {
  const cause = new Error('inner')
  const exception = new DOMException('enough', { name: 'DataError', cause })
  const value = [
    exception,
    { deep: new Map([[new Set([exception]), new Error('outer', { cause: exception })]]) },
  ] as const
  const [arrived, { deep }] = await sent(value)
  expect(arrived).toBeInstanceOf(DOMException)
  expect(arrived).toMatchObject({ name: 'DataError', message: 'enough', code: 0, cause: { message: 'inner' } })
  // As from a thread: its number is that of its class.
  expect(Object.keys(arrived)).toEqual([])
  const [set, outer] = [...deep][0] ?? []
  expect(set?.has(arrived)).toBe(true)
  expect(outer?.cause).toBe(arrived)
})

interface Wasm {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Memory: new (descriptor: object) => object
}
/** The library that the sources are compiled for has it only with the web's. */
const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: Wasm }

/** A view on a buffer that is made too small for it. */
function outside(viewOn: (buffer: ArrayBuffer) => ArrayBufferView): ArrayBufferView {
  const buffer = new ArrayBuffer(8, { maxByteLength: 8 })
  const view = viewOn(buffer)
  buffer.resize(2)
  return view
}

/** What cannot leave its process, and what is said of it. */
const refused: readonly (readonly [string, () => unknown])[] = [
  ['SharedArrayBuffer', () => new SharedArrayBuffer(4)],
  ['SharedArrayBuffer', () => new Uint8Array(new SharedArrayBuffer(4))],
  ['Module', () => new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))],
  ['Memory', () => new WebAssembly.Memory({ initial: 1 })],
  ['SharedArrayBuffer', () => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })],
  ['Blob', () => new Blob(['x'])],
  ['KeyObject', () => createSecretKey(Buffer.from('abc'))],
  ['ReadableStream', () => new ReadableStream()],
  ['URL', () => new URL('http://localhost/')],
  ['BlockList', () => new BlockList()],
  ['MessageEvent', () => new MessageEvent('message')],
  ['A Uint16Array lies outside of its buffer', () => outside((buffer) => new Uint16Array(buffer, 4, 2))],
  ['A Uint8Array lies outside of its buffer', () => outside((buffer) => new Uint8Array(buffer, 4))],
  ['DataView', () => outside((buffer) => new DataView(buffer, 4, 4))],
  ['could not be cloned', () => () => 1],
  ['could not be cloned', () => Symbol('x')],
  ['could not be cloned', () => Promise.resolve()],
  ['could not be cloned', () => new WeakMap()],
]

it.each(refused)('are refused, and nothing else is lost: %s', async (what, make) => {
  const [a, b] = linked()
  a.control.post('before')
  const { port1, port2 } = new MessageChannel()
  expect(() => a.control.post([{ deep: new Map([['k', make()]]) }, port1], [port1])).toThrow(what)
  a.control.post('after')
  const inlet = new Inlet(b.control)
  expect([await inlet.next(), await inlet.next()]).toEqual(['before', 'after'])
  // It has not moved.
  expect(a.openChannels).toBe(0)
  port1.postMessage('still here')
  port2.close()
})

it('that are ports are refused unless they are named to be moved, also a closed one', async () => {
  const [a] = linked()
  const { port1 } = new MessageChannel()
  expect(() => a.control.post({ port1 })).toThrow('A MessagePort can only be moved')
  port1.close()
  await new Promise((resolve) => port1.on('close', resolve))
  expect(() => a.control.post({ port1 })).toThrow('A MessagePort can only be moved')
})

it('that are file handles are refused', async () => {
  const [a] = linked()
  await using file = await open(import.meta.filename)
  expect(() => a.control.post(file)).toThrow('A FileHandle cannot leave its process')
  expect(() => a.control.post(file, [file as never])).toThrow('A FileHandle cannot leave its process')
})

it('of 2 GiB are refused', async () => {
  const [a, b] = linked()
  // Nothing is written to it, so that it takes no memory.
  expect(() => a.control.post([new Uint8Array(2 ** 31)])).toThrow('more than can go in one piece to another process')
  a.control.post('after')
  expect(await new Inlet(b.control).next()).toBe('after')
})

it('of any size and shape are looked through for what cannot go along', async () => {
  const [a] = linked()
  const around: { self?: unknown; list: unknown[] } = { list: Array.from({ length: 1_000 }, () => [{}]) }
  around.self = around
  let deep: unknown = new Blob()
  for (let i = 0; i < 100; i++) deep = { deep }
  for (const value of [
    deep,
    [around, new Blob()],
    Object.assign(Array.from({ length: 5 }), { length: 2 ** 31 }, [around, { blob: new Blob() }]),
  ]) {
    expect(() => a.control.post([value])).toThrow('A Blob cannot leave its process')
  }
})

it('of a user’s own class are plain objects, whatever it is called', async () => {
  class Headers {
    list = ['x']
  }
  expect(await sent(new Headers())).toEqual({ list: ['x'] })
})

it('deeper than the stack are refused where they are posted, or told of where they arrive', async () => {
  const [a, b] = linked()
  let value: unknown = 0
  for (let i = 0; i < 20_000; i++) value = [value]
  expect(() => a.control.post(value)).toThrow(RangeError)
  a.control.post('after')
  expect(await new Inlet(b.control).next()).toBe('after')
})

it('that a call cannot take along reject it with ERR_VALUE, and it goes on', async () => {
  const [a, b] = linked()
  const caller = new Caller({
    component: 'api',
    links: new Callbacks(a.channels, 'test', () => 1, 100),
    maxQueue: 100,
    onWaiting: () => {},
  })
  const api = {
    echo: (value: unknown) => value,
    shared: () => new SharedArrayBuffer(4),
    url: () => new URL('http://localhost/'),
  }
  ServedConnection.open(b.control, {
    component: 'api',
    table: new MethodTable(api),
    links: new Callbacks(b.channels, 'api', () => 1, 100),
  })
  const call = (method: string, ...args: unknown[]): Promise<unknown> => caller.call(method, args, {}, {})
  // Made while there is no connection.
  const waiting = rejection(call('echo', [1, new SharedArrayBuffer(4)]))
  caller.attach(a.control, 1)
  expect(await waiting).toMatchObject({
    code: 'ERR_VALUE',
    message: expect.stringContaining('A SharedArrayBuffer cannot leave its process') as string,
  })
  for (const what of ['SharedArrayBuffer', 'ReadableStream']) {
    const value = what === 'ReadableStream' ? transfer({ stream: new ReadableStream() }, []) : new SharedArrayBuffer(4)
    expect(await rejection(call('echo', value))).toMatchObject({
      code: 'ERR_VALUE',
      message: expect.stringContaining(what) as string,
    })
  }
  expect(await rejection(call('echo', 1, new Blob()))).toMatchObject({
    message: 'Component "api": the arguments of echo() cannot be sent: A Blob cannot leave its process',
  })
  expect(await rejection(call('shared'))).toMatchObject({
    code: 'ERR_VALUE',
    message: expect.stringContaining('SharedArrayBuffer') as string,
  })
  expect(await rejection(call('url'))).toMatchObject({
    code: 'ERR_VALUE',
    message: expect.stringContaining('URL') as string,
  })
  expect(await call('echo', 'goes on')).toBe('goes on')
  const over = closed(a.control)
  b.close()
  await over
})
