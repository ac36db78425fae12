import { afterAll, describe, expect, test } from 'vitest'
import { collectGarbage } from '../../src/host/collect-garbage.ts'
import { countsAsExternal } from '../../src/host/wasm-memory.ts'
import type wasm from '../fixtures/wasm.ts'
import { fixture, quietCoordinator, until } from '../support/coordinator.ts'

const mib = 1024 ** 2
const page = 65_536

describe('WebAssembly memories count as external memory of their component', () => {
  const coordinator = quietCoordinator({ spareWorkers: 0 })
  afterAll(async () => {
    await coordinator.shutdown()
  })
  const remote = coordinator.registerComponent<typeof wasm>({ name: 'wasm', module: fixture('wasm.ts') })
  const external = async (): Promise<number> =>
    (await coordinator.memory.sample()).components['wasm']?.external ?? Number.NaN
  /** By how much a call makes it larger (MiB); what else is external moves by less than one. */
  const added = async (call: () => Promise<unknown>): Promise<number> => {
    await remote.collect()
    const before = await external()
    await call()
    return ((await external()) - before) / mib
  }

  test('made, and grown, by JavaScript', async () => {
    await remote.drop()
    expect(await added(async () => remote.make((10 * mib) / page))).toBeCloseTo(10, 0)
    expect(await added(async () => remote.grow((6 * mib) / page))).toBeCloseTo(6, 0)
  })

  test.for(['instance', 'instantiateBytes', 'instantiateModule'] as const)('exported by an %s', async (way) => {
    expect(await added(async () => remote[way]())).toBeCloseTo(1, 0)
    expect(await added(async () => remote.grow((8 * mib) / page))).toBeCloseTo(8, 0)
  })

  test('that grow from inside', async () => {
    await remote.instance()
    const before = await external()
    await remote.growFromInside((12 * mib) / page)
    await until(async () => (await external()) - before > 11 * mib)
    expect((await external()) - before).toBeLessThan(13 * mib)
  })

  test('no longer, once they are collected', async () => {
    await remote.make((20 * mib) / page)
    const before = await external()
    await remote.drop()
    // Enough to be asked to trim, which collects garbage, and not enough to be unloaded.
    coordinator.memory.configure({ totalLimit: 2 * coordinator.memory.usage, lowThreshold: 0.1 })
    await until(async () => before - (await external()) > 19 * mib)
    expect(coordinator.info('wasm').loads).toBe(1)
  })

  test('and look and fail as they always do', async () => {
    expect(await remote.looks()).toEqual([true, true, true, true])
    expect(await remote.fails()).toEqual(['RangeError', 'RangeError', 'CompileError'])
  })
})

test('Node 24 counts them itself, which is found out beside garbage too', () => {
  // Node's types do not have this global.
  const { WebAssembly } = globalThis as unknown as { WebAssembly: { Memory: Parameters<typeof countsAsExternal>[0] } }
  const answers = Array.from({ length: 10 }, () => {
    // Garbage that has been swept, but not yet taken off what counts as external: the next allocation does that.
    for (let i = 0; i < 400; i++) void new ArrayBuffer(200_000)
    collectGarbage('minor')
    return countsAsExternal(WebAssembly.Memory)
  })
  expect(new Set(answers)).toEqual(new Set([process.versions.node.startsWith('24.')]))
})
