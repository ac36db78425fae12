import { transferHandlers } from 'comlink'
import { MessageChannel } from 'node:worker_threads'
import { describe, expect, it, vi } from 'vitest'
import { copyPlain, notPlain } from '../../src/channel/plain-copy.ts'
import { transfer, ValueError } from '../../src/index.ts'
import type { Remote } from '../../src/index.ts'
import { Money, registerMoney } from '../fixtures/kitchen-sink.ts'
import { rejection, sharedCoordinator, sink } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()
const remote = coordinator.registerComponent<KitchenSink>(sink('values'))
const waiting = coordinator.registerComponent<KitchenSink>(sink('waiting'))
/** A component that is not loaded: its first calls wait. */
async function unloaded(): Promise<Remote<KitchenSink>> {
  await coordinator.unloadComponent('waiting')
  return waiting
}
/** One whose calls are sent at once, and one whose calls wait. */
const both: [string, () => Promise<Remote<KitchenSink>>][] = [
  ['loaded', async () => remote],
  ['loading', unloaded],
]

describe.each(both)('values, while %s', (_, component) => {
  it('arrive as they are', async () => {
    const values: Record<string, unknown> = {
      undefined: undefined,
      null: null,
      NaN: Number.NaN,
      '-0': -0,
      'a bigint': 2n ** 70n,
      text: 'text',
      nothing: '',
      'a plain object': { a: 1, b: { c: [1, 2, { d: null }] }, e: undefined },
      'an object without prototype': Object.assign(Object.create(null) as object, { a: 1 }),
      // oxlint-disable-next-line no-sparse-arrays -- holes are what is tried
      'an array with holes': [1, , 3],
      'a long array': Array.from({ length: 1_000 }, (_, i) => i),
      'a map of sets': new Map([['a', new Set([1, 2])]]),
      'a date': new Date(0),
      'a regular expression': /a+/gi,
      'a typed array': new Float64Array([1, 2, 3]),
      'an error': new RangeError('as a value'),
      deep: Array.from({ length: 50 }).reduce<unknown>((inner) => ({ inner }), 'core'),
    }
    const target = await component()
    const back = Object.entries(values).map(async ([name, value]) => [name, await target.echo(value)])
    expect(await Promise.all(back)).toEqual(Object.entries(values))
  })

  it('what is shared or cyclic stays so, memory too', async () => {
    const target = await component()
    const buffer = new SharedArrayBuffer(1)
    const told = target.shared(buffer)
    const shared = { a: 1 }
    const cyclic: Record<string, unknown> = { left: shared, right: shared }
    cyclic['self'] = cyclic
    const back = (await target.echo(cyclic)) as typeof cyclic
    expect(back['left']).toBe(back['right'])
    expect(back['self']).toBe(back)
    await told
    expect(new Uint8Array(buffer)[0]).toBe(7)
  })

  it('huge arguments arrive whole', async () => {
    const target = await component()
    const [text, bytes] = [target.echo('x'.repeat(20_000_000)), target.byteLength(new Uint8Array(30_000_000))]
    expect(await text).toHaveLength(20_000_000)
    expect(await bytes).toBe(30_000_000)
  })

  it('what the caller changes after the call does not travel', async () => {
    const target = await component()
    const plain = { list: [1, 2], inner: { a: 1 } }
    const large = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`k${i}`, i]))
    const bytes = new Uint8Array([1, 2, 3])
    const answers = Promise.all([target.echo(plain), target.echo(large), target.echo(bytes)])
    plain.list.push(3)
    plain.inner.a = 2
    large['k0'] = -1
    bytes[0] = 99
    const [gotPlain, gotLarge, gotBytes] = await answers
    expect(gotPlain).toEqual({ list: [1, 2], inner: { a: 1 } })
    expect(gotLarge).toMatchObject({ k0: 0 })
    expect(gotBytes).toEqual(new Uint8Array([1, 2, 3]))
  })

  it('moves a buffer at the moment of the call, by itself and inside an argument, and a port', async () => {
    const target = await component()
    const alone = new Float64Array(1_000)
    const inside = new Float64Array(10).fill(2)
    const { port1, port2 } = new MessageChannel()
    const calls = Promise.all([
      target.byteLength(transfer(alone.buffer, [alone.buffer])),
      target.echo(transfer({ values: inside }, [inside.buffer])),
      target.typeOf(transfer(port2, [port2])),
    ])
    expect([alone.byteLength, inside.byteLength]).toEqual([0, 0])
    expect(await calls).toEqual([8_000, { values: new Float64Array(10).fill(2) }, '[object EventTarget]'])
    port1.close()
  })

  it('says where in an argument or a result that is what cannot be cloned', async () => {
    const target = await component()
    const onHit = (): void => {}
    const map = new Map([['a key', { onHit }]])
    const cyclic: Record<string, unknown> = { list: [1, { run: onHit }] }
    cyclic['self'] = cyclic
    const places: readonly (readonly [unknown, RegExp])[] = [
      [
        { options: { onHit } },
        /argument 1 of echo\(\) is an object with a function \(onHit\) at options\.onHit, which /,
      ],
      [cyclic, / with a function \(onHit\) at list\[1\]\.run, which /],
      [[map], /is an array of 1 with a function \(onHit\) at \[0\]\.get\("a key"\)\.onHit, which /],
      [{ 'odd key': { at: Symbol('s') } }, / with Symbol\(s\) at \["odd key"\]\.at, which /],
      [{ late: Promise.resolve() }, / with an object \(Promise\) at late, which /],
      [onHit, /argument 1 of echo\(\) is a function \(onHit\), which /],
    ]
    for (const [value, expected] of places)
      expect(((await rejection(target.echo(value))) as Error).message).toMatch(expected)
  })

  it('has no word of the list of arguments, which nobody wrote, when it is all of them that cannot be sent', async () => {
    const { port1, port2 } = new MessageChannel()
    port2.close()
    const { message } = (await rejection((await component()).echo(transfer({ port2, on: () => {} }, [port2])))) as Error
    expect(message).toContain('the arguments of echo() cannot be sent: ')
    port1.close()
  })

  it('rejects what cannot be cloned, and harms nothing beside it', async () => {
    const target = await component()
    const bad: unknown[] = [
      () => 1,
      Symbol('s'),
      { deep: { fn: (): void => {} } },
      [Symbol('t')],
      new WeakMap(),
      Promise.resolve(),
    ]
    const before = Array.from({ length: 5 }, async (_, i) => target.add(i, 1))
    const refused = bad.map(async (value) => rejection(target.echo(value)))
    const after = Array.from({ length: 5 }, async (_, i) => target.add(i, 2))
    for (const error of await Promise.all(refused)) {
      expect(error).toBeInstanceOf(ValueError)
      expect(error).toMatchObject({ what: 'argument 1 of echo()' })
    }
    expect(await Promise.all([...before, ...after])).toEqual([1, 2, 3, 4, 5, 2, 3, 4, 5, 6])
  })

  it('detaches nothing when the call cannot be made', async () => {
    const values = new Float64Array(10)
    const call = (await component()).arity(transfer({ values }, [values.buffer]), () => 1)
    expect(await rejection(call)).toMatchObject({ what: 'argument 2 of arity()' })
    expect(values.length).toBe(10)
  })

  it('rejects an argument whose getter throws', async () => {
    const hostile = {
      get bad(): never {
        throw new Error('from the getter')
      },
    }
    const target = await component()
    const proxied = new Proxy(
      {},
      {
        get: () => {
          throw new Error('from the trap')
        },
        ownKeys: () => {
          throw new Error('from the trap')
        },
      },
    )
    const refused = [rejection(target.echo(hostile)), rejection(target.echo(proxied))]
    expect(await refused[0]).toMatchObject({
      code: 'ERR_VALUE',
      message: expect.stringContaining('from the getter') as string,
    })
    expect(await refused[1]).toBeInstanceOf(ValueError)
  })

  it('a port is moved or refused, also a closed one, whose cloning would end the process', async () => {
    const { port1, port2 } = new MessageChannel()
    port1.close()
    await new Promise((resolve) => port2.once('close', resolve))
    const target = await component()
    const values = [port1, port2, { port: port2 }, [[port2]], { a: { b: [port1] } }]
    const refused = Promise.all(values.map(async (value) => rejection(target.echo(value))))
    const moved = rejection(target.echo(transfer({ port: port2 }, [port2])))
    for (const error of await refused) expect(error).toMatchObject({ what: 'argument 1 of echo()' })
    expect(await moved).toBeInstanceOf(ValueError)
  })

  it('a remote is refused: it would arrive as an empty object', async () => {
    const target = await component()
    const values = [remote, { remote }, [{ deep: remote }], remote.nested]
    const refused = Promise.all(values.map(async (value) => rejection(target.echo(value))))
    const second = rejection(target.arity(1, remote))
    for (const error of await refused) expect(error).toMatchObject({ what: 'argument 1 of echo()' })
    expect(await second).toMatchObject({
      what: 'argument 2 of arity()',
      message: expect.stringContaining('name the component as a dependency') as string,
    })
  })

  it('a buffer that is gone already is refused', async () => {
    const { buffer } = new Float64Array(1)
    structuredClone(buffer, { transfer: [buffer] })
    expect(await rejection((await component()).byteLength(transfer(buffer, [buffer])))).toBeInstanceOf(ValueError)
  })

  it('a transfer handler of both threads is used both ways', async () => {
    registerMoney()
    const more = await (await component()).money(new Money(41))
    expect(more).toBeInstanceOf(Money)
    expect(more.cents).toBe(42)
  })

  it('a foreign promise that settles more than once counts once', async () => {
    const target = await component()
    expect(await target.answerTwice()).toBe('first')
    await vi.waitFor(() => expect(coordinator.info('values').inUse).toBe(0))
    expect(await target.add(1, 1)).toBe(2)
    expect(coordinator.info('values').inUse).toBe(0)
  })

  it('a handler that the other side does not know is an error, and no death', async () => {
    transferHandlers.set('only-here', {
      canHandle: (value): value is URL => value instanceof URL,
      serialize: (url: URL) => [url.href, []],
      deserialize: (href: string) => new URL(href),
    })
    const target = await component()
    const { crashes } = coordinator.info('waiting')
    const error = await rejection(target.echo(new URL('https://example.com')))
    transferHandlers.delete('only-here')
    expect(error).toMatchObject({ name: 'ValueError', message: expect.stringContaining('"only-here"') as string })
    expect(await rejection(target.secret())).toMatchObject({
      name: 'ValueError',
      message: expect.stringContaining('"secret"') as string,
    })
    expect(await target.add(1, 1)).toBe(2)
    expect(coordinator.info('waiting').crashes + coordinator.info('values').crashes).toBe(crashes)
  })

  it('a handler that throws rejects the call', async () => {
    transferHandlers.set('throwing', {
      canHandle: (value): value is URL => value instanceof URL,
      serialize: () => {
        throw new Error('not today')
      },
      deserialize: () => undefined,
    })
    const error = await rejection((await component()).echo(new URL('https://example.com')))
    transferHandlers.delete('throwing')
    expect(error).toMatchObject({ code: 'ERR_VALUE', cause: { message: 'not today' } })
  })
})

describe('a call that waits', () => {
  it('rejects alone when a port among its arguments was closed meanwhile', async () => {
    const target = await unloaded()
    const { port1, port2 } = new MessageChannel()
    const closed = rejection(target.echo(transfer({ port: port2 }, [port2])))
    const other = target.add(1, 2)
    port1.close()
    expect(await closed).toBeInstanceOf(ValueError)
    expect(await other).toBe(3)
  })
})

describe('results', () => {
  it('that cannot be cloned are told to the caller, and the worker lives', async () => {
    const generation = await remote.generation()
    for (const call of [remote.uncloneable(), remote.uncloneableLater()]) {
      const error = await rejection(call)
      expect(error).toBeInstanceOf(ValueError)
      expect(error).toMatchObject({ what: expect.stringMatching(/^result of uncloneable/) as string })
    }
    expect(await rejection(remote.hostileResult())).toMatchObject({ message: 'no' })
    expect(await rejection(remote.hostileResultLater())).toMatchObject({ message: 'no' })
    expect(await remote.generation()).toBe(generation)
    expect(coordinator.info('values').inUse).toBe(0)
  })

  it('can be moved', async () => {
    const floats = await remote.floats(100_000)
    expect(floats.length).toBe(100_000)
    expect(floats[99_999]).toBe(1.5)
    const { a, b } = await remote.buffers2(10)
    expect([a.length, b.length]).toEqual([10, 10])
  })

  it('may be nothing', async () => {
    expect(await remote.undef()).toBeUndefined()
    expect(await remote.arity()).toBe(0)
    expect(await remote.arity(undefined, undefined)).toBe(2)
  })

  it('lose their class, as clones do', async () => {
    const value = await remote.classInstance()
    expect(value).toBeInstanceOf(Error)
    class Point {
      readonly x = 1
    }
    expect(await remote.echo(new Point())).toEqual({ x: 1 })
  })
})

describe('a snapshot', () => {
  it('is taken of what is small and plain only', () => {
    const value = { a: [1, { b: 'x' }], c: null, d: undefined }
    const copy = copyPlain(value)
    expect(copy).toStrictEqual(value)
    expect(copy).not.toBe(value)
    const cyclic: { self?: unknown } = {}
    cyclic.self = cyclic
    const notSmallOrPlain: unknown[] = [
      cyclic,
      // oxlint-disable-next-line no-sparse-arrays -- holes are what is tried
      [1, , 2],
      Object.assign([1], { named: true }),
      new Date(),
      new Map(),
      new Money(1),
      () => {},
      Symbol('s'),
      { fn: (): void => {} },
      Array.from({ length: 100 }, () => ({})),
      Array.from({ length: 1_000 }, () => 0),
      JSON.parse('{"__proto__":1}'),
    ]
    for (const each of notSmallOrPlain) expect(copyPlain(each)).toBe(notPlain)
  })

  it('reads each property once', () => {
    let reads = 0
    const value = {
      get once(): number {
        return ++reads
      },
    }
    expect(copyPlain(value)).toEqual({ once: 1 })
  })
})
