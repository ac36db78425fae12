import { once } from 'node:events'
import { afterAll, describe, expect, test } from 'vitest'
import type sharing from '../fixtures/sharing.ts'
import { fixture, quietCoordinator, until } from '../support/coordinator.ts'

const mib = 1024 ** 2
const page = 65_536

describe('SharedArrayBuffers count as external memory of the component that made them', () => {
  const coordinator = quietCoordinator({ spareWorkers: 0 })
  afterAll(async () => {
    await coordinator.shutdown()
  })
  const [maker, receiver] = ['maker', 'receiver'].map((name) =>
    coordinator.registerComponent<typeof sharing>({ name, module: fixture('sharing.ts') }),
  )
  if (!maker || !receiver) throw new Error('There are two')
  const external = async (name = 'maker'): Promise<number> =>
    (await coordinator.memory.sample()).components[name]?.external ?? Number.NaN
  /** By how much a call makes it larger (MiB); what else is external moves by less than one. */
  const added = async (call: () => Promise<unknown>): Promise<number> => {
    await maker.collect()
    const before = await external()
    await call()
    return ((await external()) - before) / mib
  }

  test('made, sliced and subclassed', async () => {
    await maker.drop()
    expect(await added(async () => maker.make(20 * mib))).toBeCloseTo(20, 0)
    expect(await added(async () => maker.slice(10 * mib))).toBeCloseTo(10, 0)
    expect(await added(async () => maker.subclass(5 * mib))).toBeCloseTo(5, 0)
  })

  test('as far as they have grown', async () => {
    expect(await added(async () => maker.makeGrowable(0, 50 * mib))).toBeCloseTo(0, 0)
    expect(await added(async () => maker.grow(15 * mib))).toBeCloseTo(15, 0)
  })

  test('as memory of WebAssembly', async () => {
    expect(await added(async () => maker.wasm((10 * mib) / page))).toBeCloseTo(10, 0)
  })

  test('once, however many threads have them', async () => {
    await receiver.collect()
    const before = await external('receiver')
    const buffer = await maker.make(30 * mib)
    expect(await receiver.receive(buffer)).toBe(30 * mib)
    expect(((await external('receiver')) - before) / mib).toBeCloseTo(0, 0)
  })

  test('no longer, once they are collected', async () => {
    await maker.make(20 * mib)
    const before = await external()
    await maker.drop()
    await maker.collect()
    await until(async () => before - (await external()) > 19 * mib)
    expect(coordinator.info('maker').loads).toBe(1)
  })

  test('and look and fail as they always do', async () => {
    expect(await maker.looks()).toEqual([true, true, true, true, true])
    expect(await maker.fails()).toBe('RangeError')
  })
})

test('a component that fills SharedArrayBuffers is held to its own limit', async () => {
  await using coordinator = quietCoordinator({ spareWorkers: 0 })
  const remote = coordinator.registerComponent<typeof sharing>({
    name: 'sharing',
    module: fixture('sharing.ts'),
    memoryLimit: 64 * mib,
  })
  await remote.collect()
  const crash = once(coordinator, 'crash')
  await remote.make(200 * mib).catch(() => undefined)
  expect(await crash).toMatchObject([{ name: 'sharing', reason: 'memory-limit' }])
})
