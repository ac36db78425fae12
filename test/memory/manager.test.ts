import { describe, expect, test } from 'vitest'
import type { ComponentCoordinator, Ledger } from '../../src/index.ts'
import { quietCoordinator, until } from '../support/coordinator.ts'
import { bigCoordinator, gib, loaded, loadHogs, mib, registerHog } from '../support/hogs.ts'

/** A sample in which everybody has answered: on a busy machine one may be late, and its figures are those of before. */
async function fresh(coordinator: ComponentCoordinator): Promise<Ledger> {
  const asked = Date.now()
  for (;;) {
    const ledger = await coordinator.memory.sample()
    if (Object.values(ledger.components).every(({ stale, sampledAt }) => !stale && sampledAt >= asked)) return ledger
  }
}

describe('the ledger', () => {
  test('adds up, and a component holds what it allocated', async () => {
    await using coordinator = bigCoordinator()
    const remotes = await loadHogs(coordinator, { objects: 0, buffer: 0, reported: 0 })
    const before = (await fresh(coordinator)).components
    await remotes['objects']?.hold(20 * mib)
    await remotes['buffer']?.holdBuffer(30 * mib)
    await remotes['reported']?.report('40mb')
    const { components, main, reservations, usage, rss, unattributed } = await fresh(coordinator)
    const grown = (name: string, figure: 'physical' | 'external' | 'reported' | 'total'): number =>
      ((components[name]?.[figure] ?? 0) - (before[name]?.[figure] ?? 0)) / mib
    expect(grown('objects', 'physical')).toBeGreaterThan(15)
    expect(grown('buffer', 'external')).toBeGreaterThan(25)
    expect(grown('reported', 'reported')).toBe(40)
    expect(grown('reported', 'total')).toBeGreaterThanOrEqual(39)
    for (const row of Object.values(components)) {
      expect(row.total).toBe(row.physical + row.external + row.malloced + row.reported + row.native)
      expect(row.peak).toBeGreaterThanOrEqual(row.total)
      expect(row.stale).toBe(false)
      expect(Date.now() - row.sampledAt).toBeLessThan(5_000)
    }
    const measured = Object.values(components).reduce((sum, { total }) => sum + total, main)
    expect(usage).toBeCloseTo(measured + reservations, -1)
    expect(unattributed).toBeCloseTo(rss - measured, -1)
  })

  test('has what an unloaded component held no longer, and knows no memory of it', async () => {
    await using coordinator = bigCoordinator()
    await loadHogs(coordinator, { a: 5 })
    expect(coordinator.memory.usage).toBeGreaterThan(5 * gib)
    await coordinator.unloadComponent('a')
    const ledger = await coordinator.memory.sample()
    expect(ledger.components).toEqual({})
    expect(ledger.usage).toBeLessThan(gib)
    expect(coordinator.info('a').memory).toBeNull()
  })

  test('counts spare workers', async () => {
    await using sparing = quietCoordinator({ spareWorkers: 2 })
    await registerHog(sparing, 'a').touch()
    await until(async () => {
      const { extra } = await sparing.memory.sample()
      return extra.length === 2 && extra.every(({ total }) => total > mib)
    })
    expect(sparing.memory.ledger().extra.map(({ kind }) => kind)).toEqual(['spare', 'spare'])
  })
})

describe('configure', () => {
  test('changes the limit and the thresholds while running, and acts on them', async () => {
    await using coordinator = bigCoordinator({ policy: 'priority-idle' })
    await loadHogs(coordinator, { a: 30, b: 30 })
    expect(coordinator.memory.limit).toBe(100 * gib)
    coordinator.memory.configure({ totalLimit: 65 * gib })
    expect(coordinator.memory.limit).toBe(65 * gib)
    await until(() => loaded(coordinator).length === 1)
    expect(loaded(coordinator)).toEqual(['b'])
  })

  test('is validated as a whole: what would not fit together changes nothing', async () => {
    await using coordinator = bigCoordinator()
    const before = coordinator.memory.options
    expect(() => coordinator.memory.configure({ totalLimit: 50 * gib, mediumThreshold: 0.9 })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTIONS', option: 'memory.highThreshold' }),
    )
    expect(coordinator.memory.options).toBe(before)
    coordinator.memory.configure({ mediumThreshold: 0.9, highThreshold: 0.95, criticalThreshold: 0.99 })
    expect(coordinator.memory.options).toMatchObject({ totalLimit: 100 * gib, highThreshold: 0.95, minIdleTime: 0 })
  })
})

describe('freeMemory', () => {
  test('unloads what is idle until so much is free, whatever the idle floor', async () => {
    await using coordinator = bigCoordinator({ minIdleTime: 600_000, policy: 'priority-idle' })
    await loadHogs(coordinator, { a: 10, b: 10, c: 10 })
    const result = await coordinator.memory.freeMemory(15 * gib)
    expect(result).toMatchObject({ satisfied: true, shortfall: 0, unloaded: ['a', 'b'] })
    expect(result.freed).toBeGreaterThanOrEqual(20 * gib)
    expect(loaded(coordinator)).toEqual(['c'])
    expect(await coordinator.memory.freeMemory(0)).toEqual({ satisfied: true, freed: 0, shortfall: 0, unloaded: [] })
  })

  test('never takes what is in use, pinned or protected, and says what is missing', async () => {
    await using coordinator = bigCoordinator()
    const { busy } = await loadHogs(coordinator, { busy: 10, idle: 10 })
    await loadHogs(coordinator, { pinned: 10 }, { pinned: true })
    await loadHogs(coordinator, { protected: 10 }, { priority: 5 })
    const call = busy?.wait()
    const { satisfied, freed, shortfall, unloaded } = await coordinator.memory.freeMemory(30 * gib)
    expect({ satisfied, unloaded }).toEqual({ satisfied: false, unloaded: ['idle'] })
    expect(freed + shortfall).toBe(30 * gib)
    await busy?.go()
    await call
    expect(loaded(coordinator)).toEqual(['busy', 'pinned', 'protected'])
  })

  test('frees nothing after a shutdown, nor waits for it', async () => {
    const coordinator = bigCoordinator()
    await loadHogs(coordinator, { a: 10 })
    const { memory } = coordinator
    await coordinator.shutdown()
    expect(await memory.freeMemory(1)).toEqual({ satisfied: false, freed: 0, shortfall: 1, unloaded: [] })
  })

  test('stops when aborted', async () => {
    await using coordinator = bigCoordinator()
    await loadHogs(coordinator, { a: 10, b: 10 })
    const reason = new Error('enough')
    const controller = new AbortController()
    const freeing = coordinator.memory.freeMemory(100 * gib, { signal: controller.signal })
    controller.abort(reason)
    await expect(freeing).rejects.toBe(reason)
    expect(loaded(coordinator)).toEqual(['a', 'b'])
    await expect(coordinator.memory.freeMemory(-1)).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTIONS',
      option: 'bytes',
    })
  })
})

describe('a report of an unload', () => {
  test('says what the component was measured to hold, and where the time went', async () => {
    await using coordinator = bigCoordinator()
    const { a } = await loadHogs(coordinator, { a: 3 })
    await a?.hold(20 * mib)
    await fresh(coordinator)
    const report = await coordinator.unloadComponent('a')
    expect(report).toMatchObject({ name: 'a', generation: 1, reason: 'requested', zombie: false })
    expect(report.predicted).toBeGreaterThan(3 * gib + 15 * mib)
    expect(report.retained).toBe(Math.max(0, report.predicted - report.released))
    for (const time of Object.values(report.times)) expect(time).toBeGreaterThanOrEqual(0)
    expect(coordinator.info('a').learnedPeak).toBeGreaterThanOrEqual(report.predicted)
  })
})

describe('processorUse', () => {
  test('tells how busy a worker is, between two readings', async () => {
    await using coordinator = bigCoordinator()
    const { spins, idles } = await loadHogs(coordinator, { spins: 0, idles: 0 })
    expect(coordinator.memory.processorUse('spins')).toBeNull()
    expect(coordinator.memory.processorUse('idles')).toBeNull()
    // All the time from the one reading to the next, whenever they are taken.
    await until(async () => {
      await spins?.spin(300)
      const uses = ['spins', 'idles'].map((name) => coordinator.memory.processorUse(name))
      return uses.every((use) => use !== null)
    })
    const spinning = coordinator.memory.processorUse('spins')
    const idling = coordinator.memory.processorUse('idles')
    expect(spinning?.eventLoop).toBeGreaterThan(0.5)
    expect(spinning?.cpu).toBeGreaterThan(idling?.cpu ?? 1)
    expect(idling?.eventLoop).toBeLessThan(0.5)
    for (const share of [spinning?.cpu, spinning?.eventLoop, idling?.cpu, idling?.eventLoop]) {
      expect(share).toBeGreaterThanOrEqual(0)
      expect(share).toBeLessThanOrEqual(1)
    }
    expect(idles).toBeDefined()
    await coordinator.unloadComponent('idles')
    expect(coordinator.memory.processorUse('idles')).toBeNull()
    expect(() => coordinator.memory.processorUse('nobody')).toThrow(
      expect.objectContaining({ code: 'ERR_COMPONENT_NOT_FOUND' }),
    )
  })
})
