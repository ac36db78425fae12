import { describe, expect, it } from 'vitest'
import { collectGarbage } from '../../src/host/collect-garbage.ts'
import { isValueError, proxy } from '../../src/index.ts'
import type { DefinitionOf } from '../../src/index.ts'
import { fixture, rejection, sharedCoordinator, until } from '../support/coordinator.ts'
import type referring from '../fixtures/referring.ts'

type Referring = typeof referring

const coordinator = sharedCoordinator()
const define = (name: string, more: Partial<DefinitionOf<Referring>> = {}): DefinitionOf<Referring> => ({
  name,
  module: fixture('referring.ts'),
  ...more,
})

describe.each(['thread', 'process'] as const)('what is marked with proxy(), in a %s', (isolation) => {
  const name = `in-${isolation}`
  const remote = coordinator.registerComponent<Referring>(define(name, { isolation }))

  it('may be in an options object, however deep', async () => {
    const onHit = proxy((hit: number) => hit * 10)
    const nested = { list: [{ onHit }, {}, { onHit: proxy((hit: number) => hit + 1) }] }
    expect(await remote.search({ limit: 3, onHit, nested })).toEqual({
      limit: 3,
      hit: 10,
      nested: [20, undefined, 3],
      isSignal: false,
    })
  })

  it('may be in Maps and arrays, and twice', async () => {
    const one = proxy(() => 1)
    const callbacks = new Map([
      ['a', [one, proxy(() => 2)]],
      ['b', [one]],
    ])
    expect(await remote.callAll(callbacks)).toEqual([
      ['a', [1, 2]],
      ['b', [1]],
    ])
    expect(await remote.same({ a: one, b: one })).toBe(true)
    expect(await remote.same({ a: one, b: proxy(() => 1) })).toBe(false)
  })

  it('may be in what refers to itself', async () => {
    const value: { self?: unknown; readonly call: ReturnType<typeof proxy<[], string>> } = {
      call: proxy(() => 'called'),
    }
    value.self = value
    expect(await remote.cyclic(value)).toEqual([true, 'called'])
    expect(value.self).toBe(value)
  })

  it('leaves the value as it was, and moves what moves with it', async () => {
    const bytes = new Uint8Array(8)
    const options = { onHit: proxy(() => bytes.byteLength), bytes }
    expect(await remote.search(options)).toMatchObject({ hit: 8 })
    expect(options).toEqual({ onHit: expect.any(Function) as unknown, bytes })
  })

  it('may be in a result, and in what a stream yields', async () => {
    const given = await remote.give()
    expect([given.id, await given.close()]).toEqual([7, 'closed'])
    const called: number[] = []
    for await (const { at, call } of remote.gives(3)) called.push(at, await call())
    expect(called).toEqual([0, 0, 1, 10, 2, 20])
  })

  it('keeps the component in use, and no longer', async () => {
    await coordinator.unloadComponent(name)
    let given: Awaited<ReturnType<typeof remote.give>> | undefined = await remote.give()
    expect(coordinator.info(name).inUse).toBe(1)
    expect(await given.close()).toBe('closed')
    given = undefined
    await until(() => {
      collectGarbage('major')
      return coordinator.info(name).inUse === 0
    })
    expect(given).toBeUndefined()
  })

  it('is refused, with its reason, where it would be lost', async () => {
    const elsewhere = { limit: 1, in: new Set([proxy(() => 1)]) }
    const error = await rejection(remote.search(elsewhere))
    expect(isValueError(error)).toBe(true)
    expect((error as Error).message).toMatch(/argument 1 of search\(\).*objects, arrays and values of Maps/s)
    const bare = { onHit: (hit: number) => hit } as never
    expect(((await rejection(remote.search(bare))) as Error).message).toMatch(/argument 1 of search\(\).*proxy\(\)/s)
    const inside = { limit: 1, deep: { other: proxy(() => 1), bare: () => {} } }
    expect(((await rejection(remote.search(inside))) as Error).message).toMatch(/argument 1 of search\(\)/)
  })
})
