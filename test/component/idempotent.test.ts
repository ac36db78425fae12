import { describe, expect, it } from 'vitest'
import { proxy, transfer, withCallOptions } from '../../src/index.ts'
import type { DefinitionOf, Remote } from '../../src/index.ts'
import { fixture, rejection, sharedCoordinator, until } from '../support/coordinator.ts'
import type crashingModule from '../fixtures/crashing.ts'
import type { Crash } from '../fixtures/crashing.ts'

const coordinator = sharedCoordinator()

interface Crashing {
  readonly remote: Remote<typeof crashingModule>
  readonly name: string
  /** How often its methods have begun. */
  readonly begun: () => number
}

let components = 0

function crashing(crashes: number, more: Partial<DefinitionOf<typeof crashingModule>> = {}): Crashing {
  const counters = new Int32Array(new SharedArrayBuffer(8))
  counters[1] = crashes
  const name = more.name ?? `crashing-${++components}`
  const remote = coordinator.registerComponent<typeof crashingModule>({
    module: fixture('crashing.ts'),
    config: { counters },
    idempotent: ['work', 'nested.work', 'stream'],
    restart: { intensity: 100 },
    ...more,
    name,
  })
  return { remote, name, begun: () => Atomics.load(counters, 0) }
}

describe('a call of an idempotent method', () => {
  const crashes: readonly (readonly [Crash, Partial<DefinitionOf<typeof crashingModule>>])[] = [
    ['exit', {}],
    ['error', {}],
    ['memory-limit', { memoryLimit: '64mb' }],
    ['stuck', { watchdog: 300 }],
  ]
  it.each(crashes)('is sent again when its worker crashes: %s', async (crash, more) => {
    const { remote, name, begun } = crashing(1, more)
    await remote.touch()
    expect(await remote.work(crash, { n: 5 })).toEqual({ n: 5 })
    expect(begun()).toBe(2)
    expect(coordinator.info(name)).toMatchObject({ crashes: 1, generation: 2, calls: 3 })
  })

  it('is sent again once, and then rejects as any other', async () => {
    const { remote, begun } = crashing(100)
    await remote.touch()
    expect(await rejection(remote.work('exit'))).toMatchObject({
      code: 'ERR_COMPONENT_CRASHED',
      reason: 'exit',
      generation: 2,
      outcome: 'unknown',
    })
    expect(begun()).toBe(2)
  })

  it('is sent again before what was called after it, and what was answered is not', async () => {
    const { remote, begun } = crashing(0)
    await remote.work('exit')
    const { remote: other, begun: begunThere } = crashing(1)
    await other.touch()
    const results = await Promise.all([other.work('exit', 1), other.work('exit', 2), other.nested.work('exit', 3)])
    expect(results).toEqual([1, 2, 3])
    expect([begun(), begunThere()]).toEqual([1, 4])
  })

  it.each([
    ['that crossed with the load', false],
    ['that was sent at once', true],
  ])('%s has the arguments that it was made with', async (_, loaded) => {
    const { remote, name } = crashing(1)
    if (loaded) await remote.touch()
    const small = { list: [1, 2] }
    const large = { bytes: new Uint8Array(100_000).fill(7), map: new Map([[1, { a: 1 }]]) }
    const calls = [remote.work('exit', small), remote.work('exit', large)] as const
    small.list.push(3)
    large.bytes.fill(0)
    large.map.clear()
    expect(await calls[0]).toEqual({ list: [1, 2] })
    expect(await calls[1]).toEqual({ bytes: new Uint8Array(100_000).fill(7), map: new Map([[1, { a: 1 }]]) })
    expect(coordinator.info(name).crashes).toBe(1)
  })

  it('is that also by apply', async () => {
    const { remote, begun } = crashing(1)
    await remote.touch()
    expect(await remote.nested.work.apply(undefined, ['exit', 'applied'])).toBe('applied')
    expect(begun()).toBe(2)
  })

  it('is sent again for another component that made it, as soon as that is said of it', async () => {
    const { remote: caller } = crashing(0, { optionalDependencies: ['other'] })
    const register = (idempotent: string[]): Crashing => crashing(1, { name: 'other', idempotent })
    const before = register([])
    expect(await rejection(caller.relay('exit', 1))).toMatchObject({
      code: 'ERR_COMPONENT_CRASHED',
      outcome: 'unknown',
    })
    await coordinator.unregisterComponent('other')
    const after = register(['work'])
    expect(await caller.relay('exit', new Map([[1, 2]]))).toEqual(new Map([[1, 2]]))
    expect([before.begun(), after.begun()]).toEqual([1, 2])
  })
})

describe('what is not sent again', () => {
  it.each([
    ['another method', async ({ remote }: Crashing) => remote.once('exit')],
    ['arguments that moved', async ({ remote }: Crashing) => remote.work('exit', movedBytes())],
    [
      'a callback',
      async ({ remote }: Crashing) =>
        remote.work(
          'exit',
          proxy(() => {}),
        ),
    ],
    [
      'a call that is to leave the component unloaded',
      async ({ remote }: Crashing) => withCallOptions(remote, { ifLoaded: true }).work('exit'),
    ],
    [
      'a stream that was opened',
      async ({ remote }: Crashing) => {
        for await (const value of remote.stream()) expect(value).toBe(1)
      },
    ],
  ])('%s', async (_, call) => {
    const component = crashing(1)
    await component.remote.touch()
    expect(await rejection(call(component))).toMatchObject({
      code: 'ERR_COMPONENT_CRASHED',
      generation: 1,
      outcome: 'unknown',
    })
    expect(component.begun()).toBe(1)
  })

  it('what an unload broke off by its deadline', async () => {
    const { remote, name, begun } = crashing(1)
    const call = rejection(remote.work('never'))
    await until(() => begun() === 1)
    await coordinator.unloadComponent(name, { deadline: 0 })
    expect(await call).toMatchObject({ reason: 'terminated', outcome: 'unknown' })
    expect(begun()).toBe(1)
  })

  it('what cannot be loaded again: it says that it may have run, and why it was not', async () => {
    const { remote, begun } = crashing(1, { restart: { intensity: 0, backoff: 20_000 } })
    await remote.touch()
    expect(await rejection(remote.work('exit'))).toMatchObject({
      code: 'ERR_COMPONENT_CRASHED',
      generation: 1,
      outcome: 'unknown',
      cause: { code: 'ERR_COMPONENT_FAILED' },
    })
    expect(begun()).toBe(1)
  })
})

describe('while it waits to be sent again', () => {
  it('its abort holds', async () => {
    const { remote, begun } = crashing(1)
    await remote.touch()
    const controller = new AbortController()
    coordinator.once('crash', () => controller.abort(new Error('enough')))
    expect(await rejection(withCallOptions(remote, { signal: controller.signal }).work('exit'))).toMatchObject({
      message: 'enough',
    })
    await remote.touch()
    expect(begun()).toBe(1)
  })
})

it('a method that the component does not offer makes its load fail', async () => {
  const { remote } = crashing(0, { idempotent: ['work', 'wrok'] })
  expect(await rejection(remote.touch())).toMatchObject({
    code: 'ERR_COMPONENT_LOAD',
    cause: { code: 'ERR_INVALID_OPTIONS', option: 'idempotent', received: '"wrok"' },
  })
})

function movedBytes(): Uint8Array {
  const bytes = new Uint8Array(8)
  return transfer(bytes, [bytes.buffer])
}
