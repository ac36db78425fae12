import { MessageChannel } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { activitySize } from '../../src/channel/activity.ts'
import { Callbacks } from '../../src/channel/callbacks.ts'
import { MethodTable } from '../../src/channel/method-table.ts'
import { ToCaller, ToServer } from '../../src/channel/protocol.ts'
import { ServedConnection } from '../../src/channel/served-connection.ts'
import { Generation } from '../../src/host/generation.ts'
import { WorkerHost } from '../../src/host/worker-host.ts'
import { endOf, portOf, threadChannels } from '../../src/transport/thread.ts'
import { fixture } from '../support/coordinator.ts'

type Entry = readonly [op: number, id: number, value?: { name: string; message: string; properties: object }]

/** A component's worker without a coordinator, so that frames reach it that no proxy would send. */
const host = new WorkerHost({})
const generation = new Generation(1, host, () => {})
afterAll(async () => {
  await host.terminate(2_000)
})

let port: MessagePort | undefined
afterEach(() => {
  port?.close()
  port = undefined
})

beforeAll(async () => {
  const init = {
    name: 'target',
    module: fixture('kitchen-sink.ts').href,
    export: 'default',
    config: undefined,
    dependencies: [],
    maxQueue: 100,
    snapshot: undefined,
    idempotent: new Set<string>(),
    refusesAddons: false,
    instance: 'test',
    hibernates: false,
    environment: {},
    logLevel: 'silent',
    dependencyOptions: {},
  }
  const { type } = await generation.load(init, 10_000)
  if (type !== 'ready') throw new Error(`The target was not loaded: ${type}`)
})

function connect(): MessagePort {
  port = portOf(generation.connectPeer('another'))
  return port
}

/** Posts a frame and collects the answers until that of a last, harmless call. */
async function answersTo(port: MessagePort, ...frames: unknown[]): Promise<Entry[]> {
  const { promise, resolve } = Promise.withResolvers<Entry[]>()
  const entries: Entry[] = []
  const receive = (frame: Entry[]): void => {
    entries.push(...frame)
    if (frame.some(([, id]) => id === 999)) {
      port.off('message', receive)
      resolve(entries.filter(([, id]) => id !== 999))
    }
  }
  port.on('message', receive)
  for (const frame of frames) port.postMessage(frame)
  port.postMessage([[ToServer.call, 999, 'add', [1, 1], 0]])
  return promise
}

const call = (id: number, method: unknown, args: unknown = []): unknown[] => [ToServer.call, id, method, args, 0]

describe('a frame that no proxy sends', () => {
  it.each([
    'constructor',
    '__proto__',
    'then',
    'toJSON',
    'prototype',
    'toString',
    'hasOwnProperty',
    '__defineSetter__',
    'accessor',
    'data',
    '',
    'nested.deep.hi',
  ])('cannot call %j', async (method) => {
    const [answer, ...rest] = await answersTo(connect(), [call(1, method, ['return process'])])
    expect(answer).toMatchObject([
      ToCaller.error,
      1,
      { properties: { code: 'ERR_NO_SUCH_METHOD', component: 'target' } },
    ])
    expect(rest).toEqual([])
  })

  it.each([
    [[]],
    [['constructor', 'constructor']],
    [['echo', 'constructor']],
    [['__proto__', 'toString']],
    [['nested', 'deep', 'hi', 'call', 'call']],
    [['nested', 'deep']],
    [['', 'echo']],
  ])('cannot reach %j', async (path) => {
    const [answer] = await answersTo(connect(), [call(1, path, ['return process'])])
    expect(answer).toMatchObject([ToCaller.error, 1, { properties: { code: 'ERR_NO_SUCH_METHOD' } }])
  })

  it.each([
    ['null', null],
    ['a number', 42],
    ['text', 'call'],
    ['an object', { 0: 1 }],
    ['an array of nothing', [null, undefined, 1, 'x', [], {}]],
    ['an unknown operation', [[77, 1, 'add']]],
    ['an id that is none', [call(Number.NaN, 'add'), [ToServer.call, 'one', 'add', [], 0], [ToServer.call, null]]],
    ['a method that is none', [call(1, 5), call(2, null), call(3, { toString: 'add' }), call(4, [1, ['add']])]],
    ['arguments that are none', [call(1, 'add', 'ab'), call(2, 'add', { length: 2 ** 31 }), call(3, 'add', null)]],
    ['a deadline that is none', [[ToServer.call, 1, 'add', [], 'soon']]],
    [
      'handlers that are none',
      [
        [ToServer.call, 1, 'add', [1, 2], 0, 'proxy'],
        [ToServer.call, 2, 'add', [], 0, [1, 2]],
        [ToServer.call, 3, 'add', [{}], 0, [[0, [['proxy']]]]],
        [ToServer.call, 4, 'add', [{}], 0, [[0, [['proxy', [[]]]]]]],
        [ToServer.call, 5, 'add', [{}], 0, [[0, [['proxy', [[{}]]]]]]],
      ],
    ],
    [
      'a signal that is not there',
      [
        [ToServer.signal, 5],
        [ToServer.signal, 6, 'reason'],
      ],
    ],
    [
      'credit that is none',
      [
        [ToServer.credit, 1, Number.NaN],
        [ToServer.credit, 1, '9'],
        [ToServer.credit, 1, -5],
      ],
    ],
    [
      'what belongs to no call',
      [
        [ToServer.abort, 5],
        [ToServer.cancel, 6],
        [ToServer.credit, 7, 1],
        [ToServer.fenced, -1],
      ],
    ],
  ])('is ignored when it is %s', async (_, frame) => {
    expect(await answersTo(connect(), frame)).toEqual([])
  })

  it('cannot use a transfer handler that is not there, nor comlink’s own for thrown values', async () => {
    const port = connect()
    const answers = await answersTo(port, [
      [ToServer.call, 1, 'echo', ['x'], 0, [[0, 'nobody']]],
      [ToServer.call, 2, 'echo', [{ isError: false, value: 1 }], 0, [[0, 'throw']]],
      [ToServer.call, 3, 'echo', ['no port'], 0, [[0, 'proxy']]],
      [ToServer.call, 4, 'echo', [], 0, [[-1, 'money']]],
    ])
    expect(answers.slice(0, 3)).toMatchObject([
      [ToCaller.error, 1, { message: expect.stringContaining('"nobody"') as string }],
      [ToCaller.error, 2, { message: expect.stringContaining('"throw"') as string }],
      [ToCaller.error, 3, { name: 'TypeError' }],
    ])
  })

  it('cannot reach, by a place in a value, what is not its own', async () => {
    const signal = 'spillway:signal'
    const at = (id: number, value: unknown, ...places: unknown[]): unknown[] => [
      ToServer.call,
      id,
      'echo',
      [value],
      0,
      [[0, [[signal, places]]]],
    ]
    const answers = await answersTo(connect(), [
      at(1, {}, ['__proto__', 'polluted']),
      at(2, {}, ['constructor', 'prototype', 'polluted']),
      at(3, { a: [1] }, ['a', 'push']),
      at(4, { a: [1] }, ['a', 0], ['__proto__', 'polluted']),
      at(5, new Map(), [0]),
      at(6, 'text', ['length']),
      [ToServer.call, 7, 'echo', ['no form'], 0, [[0, signal]]],
      [ToServer.call, 8, 'echo', [[Number.NaN]], 0, [[0, signal]]],
    ])
    expect(answers.map(([op, id]) => [op, id])).toEqual(Array.from({ length: 8 }, (_, i) => [ToCaller.error, i + 1]))
    for (const answer of answers)
      expect(answer).toMatchObject([ToCaller.error, expect.anything(), { name: 'TypeError' }])
  })

  it('cannot have more of a stream than it gave credit for', async () => {
    const port = connect()
    const answers = await answersTo(port, [call(1, 'numbers', [100]), [ToServer.credit, 1, 3]])
    await answersTo(port)
    expect(answers.filter(([op]) => op === ToCaller.chunk).length).toBeLessThanOrEqual(3)
  })

  it('does not end the worker', () => {
    expect(host.alive).toBe(true)
    expect(generation.ended).toBe(false)
  })
})

describe('a callback', () => {
  it('is as strict as a component', async () => {
    const calls: string[] = []
    const { port1, port2 } = new MessageChannel()
    const links = new Callbacks(threadChannels, 'test', () => 1, 100)
    ServedConnection.open(threadChannels.join(endOf(port1)), {
      component: 'cb',
      table: new MethodTable((x: string) => calls.push(x)),
      links,
    })
    const answers: Entry[] = []
    port2.on('message', (frame: Entry[]) => answers.push(...frame))
    port2.postMessage([
      call(1, ['call', 'call'], ['x']),
      call(2, ['constructor'], ['return process']),
      call(3, '', ['fine']),
    ])
    await expect.poll(() => answers.length).toBe(3)
    expect(answers).toMatchObject([
      [ToCaller.error, 1, { properties: { code: 'ERR_NO_SUCH_METHOD' } }],
      [ToCaller.error, 2, { properties: { code: 'ERR_NO_SUCH_METHOD' } }],
      [ToCaller.value, 3, 1],
    ])
    expect(calls).toEqual(['fine'])
    port2.close()
  })
})

it('the activity buffer starts at nothing', () => {
  expect([...new Float64Array(new SharedArrayBuffer(activitySize))].every((slot) => slot === 0)).toBe(true)
})
