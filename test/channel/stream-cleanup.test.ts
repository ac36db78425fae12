import { beforeEach, describe, expect, it } from 'vitest'
import { withCallOptions } from '../../src/index.ts'
import type cleaningUp from '../fixtures/cleaning-up.ts'
import { gates, steps } from '../fixtures/cleaning-up.ts'
import type { reader } from '../fixtures/cleaning-up.ts'
import { fixture, rejection, sharedCoordinator } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()
const cells = new Int32Array(new SharedArrayBuffer(5 * Int32Array.BYTES_PER_ELEMENT))
const module = fixture('cleaning-up.ts')
const remote = coordinator.registerComponent<typeof cleaningUp>({ name: 'cleaning', module, config: { cells } })
const inUse = (): number => coordinator.info('cleaning').inUse
const begun = (): number => Atomics.load(cells, steps.begun)
const done = (): number => Atomics.load(cells, steps.done)
const open = (gate: number): void => void Atomics.store(cells, gate, 1)

beforeEach(async () => {
  cells.fill(0)
  await remote.ping()
})

/** The ways to leave a stream, after which its cleanup begins. */
const ways: Record<string, () => Promise<unknown>> = {
  break: async () => {
    for await (const _ of remote.generator()) break
  },
  'an abort': async () => {
    const abort = new AbortController()
    const stream = await withCallOptions(remote, { signal: abort.signal }).generator()
    await stream.next()
    abort.abort(new Error('enough'))
    await rejection(stream.next())
  },
  "return() of an iterator that is no generator's": async () => {
    for await (const _ of remote.iterator()) break
  },
  'a value that cannot be sent': async () => {
    await rejection(
      (async () => {
        for await (const _ of remote.uncloneable());
      })(),
    )
  },
  'the death of its reader': async () => {
    const dependent = coordinator.registerComponent<typeof reader>({
      name: 'reader',
      module,
      export: 'reader',
      dependencies: ['cleaning'],
    })
    await dependent.read()
    await rejection(dependent.die())
    await coordinator.unregisterComponent('reader')
  },
}

describe('the cleanup of a stream', () => {
  it.each(Object.keys(ways))('keeps its component in use until it is done, after %s', async (way) => {
    await ways[way]?.()
    await expect.poll(begun).toBe(1)
    expect(inUse()).toBe(1)
    expect((await coordinator.memory.freeMemory(2 ** 40)).unloaded).toEqual([])
    const unloading = coordinator.unloadComponent('cleaning', { deadline: 60_000 })
    await expect.poll(() => coordinator.info('cleaning').state).toBe('draining')
    expect(done()).toBe(0)
    open(gates.cleanup)
    await unloading
    expect(done()).toBe(1)
  })

  it('comes after the step that is under way, which keeps the component in use as well', async () => {
    const stream = await remote.waiting()
    await stream.next()
    const next = stream.next()
    await stream.return(undefined)
    expect(await next).toEqual({ value: undefined, done: true })
    await remote.ping()
    expect(inUse()).toBe(1)
    open(gates.step)
    await expect.poll(begun).toBe(1)
    expect(inUse()).toBe(1)
    open(gates.cleanup)
    await expect.poll(inUse).toBe(0)
    expect(done()).toBe(1)
  })

  it('runs in its call: the signal of the call is aborted', async () => {
    await ways['break']?.()
    await expect.poll(begun).toBe(1)
    expect(Atomics.load(cells, steps.aborted)).toBe(1)
    open(gates.cleanup)
    await expect.poll(inUse).toBe(0)
  })

  it('is given no more time than an unload by name has', async () => {
    await ways['break']?.()
    await expect.poll(begun).toBe(1)
    expect(await coordinator.unloadComponent('cleaning', { deadline: 20 })).toMatchObject({ zombie: false })
    expect(coordinator.info('cleaning')).toMatchObject({ state: 'unloaded', inUse: 0 })
    expect(done()).toBe(0)
  })
})
