import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { ComponentCoordinator, PressureLevel } from '../../src/index.ts'
import { until } from '../support/coordinator.ts'
import { bigCoordinator, gib, loaded, mib, registerHog } from '../support/hogs.ts'
import type { Hog } from '../support/hogs.ts'

/** Loads components of those sizes (GiB) one after the other; the one loaded first has been idle the longest. */
async function load(
  coordinator: ComponentCoordinator,
  sizes: Readonly<Record<string, number>>,
  more: Parameters<typeof registerHog>[3] = {},
): Promise<Record<string, Hog>> {
  const remotes: Record<string, Hog> = {}
  for (const [name, size] of Object.entries(sizes)) {
    remotes[name] = registerHog(coordinator, name, size * gib, more)
    await remotes[name].touch()
    await sleep(2)
  }
  await coordinator.memory.sample()
  return remotes
}

describe('the ledger', () => {
  test('adds up, and a component holds what it allocated', async () => {
    await using coordinator = bigCoordinator()
    const remotes = await load(coordinator, { objects: 0, buffer: 0, reported: 0 })
    const before = (await coordinator.memory.sample()).components
    await remotes['objects']?.hold(20 * mib)
    await remotes['buffer']?.holdBuffer(30 * mib)
    await remotes['reported']?.report(40 * mib)
    const { components, main, reservations, usage, rss, unattributed } = await coordinator.memory.sample()
    const grown = (name: string, figure: 'physical' | 'external' | 'reported' | 'total'): number =>
      ((components[name]?.[figure] ?? 0) - (before[name]?.[figure] ?? 0)) / mib
    expect(grown('objects', 'physical')).toBeGreaterThan(15)
    expect(grown('buffer', 'external')).toBeGreaterThanOrEqual(29)
    expect(grown('reported', 'reported')).toBe(40)
    expect(grown('reported', 'total')).toBeGreaterThanOrEqual(39)
    for (const row of Object.values(components)) {
      expect(row.total).toBe(row.physical + row.external + row.malloced + row.reported)
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
    await load(coordinator, { a: 5 })
    expect(coordinator.memory.usage).toBeGreaterThan(5 * gib)
    await coordinator.unloadComponent('a')
    const ledger = await coordinator.memory.sample()
    expect(ledger.components).toEqual({})
    expect(ledger.usage).toBeLessThan(gib)
    expect(coordinator.info('a').memory).toBeNull()
  })

  test('counts spare workers', async () => {
    await using coordinator = bigCoordinator()
    await using sparing = new (coordinator.constructor as new (o: object) => ComponentCoordinator)({ spareWorkers: 2 })
    await registerHog(sparing, 'a').touch()
    await until(async () => {
      const { extra } = await sparing.memory.sample()
      return extra.length === 2 && extra.every(({ kind, total }) => kind === 'spare' && total > mib)
    })
  })
})

describe('pressure', () => {
  test('is told with level, usage and limit, and unloads what is least important until enough is free', async () => {
    await using coordinator = bigCoordinator()
    const events: { level: PressureLevel; previous: PressureLevel }[] = []
    coordinator.on('pressure', ({ level, previous }) => events.push({ level, previous }))
    const important = registerHog(coordinator, 'important', 20 * gib, { priority: 20 })
    const usual = registerHog(coordinator, 'usual', 20 * gib)
    const luxury = registerHog(coordinator, 'luxury', 20 * gib, { priority: 90 })
    for (const remote of [luxury, important, usual]) await remote.touch()
    expect(coordinator.memory.pressureLevel).toBe('low')
    await important.report(47 * gib)
    await coordinator.memory.sample()
    expect(coordinator.memory.pressureLevel).toBe('high')
    await until(() => !loaded(coordinator).includes('luxury'))
    await until(() => coordinator.memory.usage < 80 * gib)
    await sleep(200)
    expect(loaded(coordinator)).toEqual(['important', 'usual'])
    expect(events).toEqual([{ level: 'high', previous: 'low' }])
    expect(coordinator.memory.isAtLeast('medium')).toBe(true)
    expect(coordinator.memory.isAtLeast('critical')).toBe(false)
  })

  test('takes the one that has been idle the longest first, among equals', async () => {
    await using coordinator = bigCoordinator()
    const { b } = await load(coordinator, { a: 20, b: 20, c: 20 })
    await b?.report(48 * gib)
    const unloaded: string[] = []
    coordinator.on('unload', ({ name, reason }) => unloaded.push(`${name}: ${reason}`))
    await coordinator.memory.sample()
    await until(() => unloaded.length > 0)
    await sleep(100)
    expect(unloaded).toEqual(['a: pressure'])
  })

  test('unloads nothing in use: calls, streams, leases; nothing pinned; nothing of priority 10 or less before critical', async () => {
    await using coordinator = bigCoordinator()
    const { busy } = await load(coordinator, { busy: 20 })
    await load(coordinator, { leased: 20 })
    await load(coordinator, { pinned: 20 }, { pinned: true })
    const protectedOne = registerHog(coordinator, 'protected', 10 * gib, { priority: 10 })
    await protectedOne.touch()
    using _lease = await coordinator.acquire('leased')
    const call = busy?.sleep(600)
    await protectedOne.report(30 * gib)
    await coordinator.memory.sample()
    expect(coordinator.memory.pressureLevel).toBe('high')
    const { victims, kept } = coordinator.memory.plan()
    expect(victims).toEqual([])
    expect(Object.fromEntries(kept.map(({ name, reason }) => [name, reason]))).toEqual({
      busy: 'in-use',
      leased: 'in-use',
      pinned: 'pinned',
      protected: 'protected',
    })
    await sleep(150)
    expect(loaded(coordinator)).toHaveLength(4)
    // At critical pressure the protected one goes, and nothing else.
    await protectedOne.report(38 * gib)
    await coordinator.memory.sample()
    expect(coordinator.memory.pressureLevel).toBe('critical')
    await until(() => loaded(coordinator).length === 3)
    expect(loaded(coordinator)).toEqual(['busy', 'leased', 'pinned'])
    await call
  })

  test('says once that nothing is left, with what would have to go and why it stays', async () => {
    await using coordinator = bigCoordinator()
    const exhausted: unknown[] = []
    coordinator.on('exhausted', (event) => exhausted.push(event))
    const { busy } = await load(coordinator, { busy: 96 })
    const call = busy?.sleep(1_600)
    await coordinator.memory.sample()
    await until(() => exhausted.length > 0)
    // More than the second after which it is tried again.
    await sleep(1_300)
    expect(exhausted).toHaveLength(1)
    expect(exhausted[0]).toMatchObject({ level: 'critical', kept: [{ name: 'busy', reason: 'in-use' }] })
    expect((exhausted[0] as { missing: number }).missing / gib).toBeCloseTo(6, 0)
    // What gets idle goes at once.
    await call
    await until(() => loaded(coordinator).length === 0)
  })

  test('dependents go before what they depend on', async () => {
    await using coordinator = bigCoordinator()
    const order: string[] = []
    coordinator.on('unload', ({ name }) => order.push(name))
    registerHog(coordinator, 'base', 40 * gib, { priority: 90 })
    registerHog(coordinator, 'middle', 10 * gib, { dependencies: ['base'], priority: 50 })
    const top = registerHog(coordinator, 'top', 10 * gib, { dependencies: ['middle'], priority: 20 })
    await top.touch()
    await coordinator.memory.sample()
    expect(coordinator.memory.plan('high').kept).toContainEqual({ name: 'base', reason: 'has-dependents' })
    await top.report(47 * gib)
    await coordinator.memory.sample()
    await until(() => order.length > 0)
    expect(order[0]).toBe('top')
    await coordinator.memory.freeMemory(100 * gib)
    expect(order).toEqual(['top', 'middle', 'base'])
  })

  test('waits for idle floors: minIdleTime at medium, a fifth of it at high, none at critical', async () => {
    await using coordinator = bigCoordinator({ minIdleTime: 2_000 })
    await load(coordinator, { a: 30 })
    await load(coordinator, { own: 30 }, { minIdleTime: 600_000 })
    const { c } = await load(coordinator, { c: 20 })
    const reasons = (level: PressureLevel): string[] => coordinator.memory.plan(level).kept.map(({ reason }) => reason)
    expect(reasons('high')).toContain('min-idle')
    await sleep(450)
    expect(coordinator.memory.plan('high').victims.map(({ name }) => name)).toContain('a')
    expect(coordinator.memory.plan('high').kept).toContainEqual({ name: 'own', reason: 'min-idle' })
    expect(coordinator.memory.plan('medium').kept).toContainEqual({ name: 'a', reason: 'min-idle' })
    expect(coordinator.memory.plan('critical').victims).not.toEqual([])
    expect(coordinator.memory.plan('low')).toMatchObject({ need: 0, victims: [] })
    expect(loaded(coordinator)).toEqual(['a', 'own', 'c'])
    expect(c).toBeDefined()
  })

  test('tries again by itself when an idle floor has passed', async () => {
    await using coordinator = bigCoordinator({ minIdleTime: 4_000 })
    const { a } = await load(coordinator, { a: 80 })
    await a?.report(88 * gib)
    await coordinator.memory.sample()
    await until(() => loaded(coordinator).length === 0)
    expect(coordinator.info('a').unloads).toBe(1)
  })

  test('asks for trims first, with the level, and unloads nothing when they are enough', async () => {
    await using coordinator = bigCoordinator()
    await load(coordinator, { keeps: 30 })
    await load(coordinator, { trims: 35 }, { config: { trims: true } })
    await until(() => coordinator.memory.usage < 40 * gib)
    const keeps = coordinator.component<Hog>('keeps') as unknown as Hog
    const trims = coordinator.component<Hog>('trims') as unknown as Hog
    expect(await keeps.pressures()).toEqual(['low'])
    await trims.report(57 * gib)
    await coordinator.memory.sample()
    await until(() => coordinator.memory.usage < 40 * gib)
    expect(await keeps.pressures()).toEqual(['low', 'high'])
    expect(coordinator.list().map(({ unloads }) => unloads)).toEqual([0, 0])
  })

  test('gives spare workers up above the low threshold, and has them back below', async () => {
    await using coordinator = bigCoordinator()
    await using sparing = new (coordinator.constructor as new (o: object) => ComponentCoordinator)({
      memory: { totalLimit: 100 * gib },
    })
    const a = registerHog(sparing, 'a', gib)
    await a.touch()
    await until(() => sparing.memory.ledger().extra.length === 1)
    await a.report(65 * gib)
    await until(() => sparing.memory.ledger().extra.length === 0)
    expect(sparing.memory.pressureLevel).toBe('low')
    expect(loaded(sparing)).toEqual(['a'])
  })

  test('measures and tells, and unloads nothing, when automatic unloading is off', async () => {
    await using coordinator = bigCoordinator({ autoUnloadEnabled: false })
    const levels: PressureLevel[] = []
    coordinator.on('pressure', ({ level }) => levels.push(level))
    const { a } = await load(coordinator, { a: 50, b: 20 })
    await a?.report(78 * gib)
    await until(() => levels.includes('critical'))
    await sleep(300)
    expect(loaded(coordinator)).toEqual(['a', 'b'])
    expect(await a?.pressures()).toContain('critical')
    // By name it still can be.
    await coordinator.unloadComponent('b')
    coordinator.memory.configure({ autoUnloadEnabled: true })
    await until(() => loaded(coordinator).length === 0)
  })

  test("follows a policy of the user's own, within what may be unloaded at all", async () => {
    const asked: string[][] = []
    await using coordinator = bigCoordinator({
      policy: (candidates) => {
        asked.push(candidates.map(({ name }) => name))
        return { victims: ['busy', 'nobody', 'c', 'a'] }
      },
    })
    const { busy } = await load(coordinator, { a: 20, b: 20, c: 20, busy: 20 })
    const call = busy?.sleep(500)
    await busy?.report(28 * gib)
    await coordinator.memory.sample()
    await until(() => loaded(coordinator).length === 3)
    await sleep(100)
    expect(loaded(coordinator)).toEqual(['a', 'b', 'busy'])
    expect(asked.at(-1)?.length).toBeGreaterThan(0)
    expect(coordinator.memory.plan('high').notes.join()).toContain('"nobody" was not taken')
    await call
  })
})

describe('configure', () => {
  test('changes the limit and the thresholds while running, and acts on them', async () => {
    await using coordinator = bigCoordinator()
    await load(coordinator, { a: 30, b: 30 })
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
    await using coordinator = bigCoordinator({ minIdleTime: 600_000 })
    await load(coordinator, { a: 10, b: 10, c: 10 })
    const result = await coordinator.memory.freeMemory(15 * gib)
    expect(result).toMatchObject({ satisfied: true, shortfall: 0, unloaded: ['a', 'b'] })
    expect(result.freed).toBeGreaterThanOrEqual(20 * gib)
    expect(loaded(coordinator)).toEqual(['c'])
    expect(await coordinator.memory.freeMemory(0)).toEqual({ satisfied: true, freed: 0, shortfall: 0, unloaded: [] })
  })

  test('never takes what is in use, pinned or protected, and says what is missing', async () => {
    await using coordinator = bigCoordinator()
    const { busy } = await load(coordinator, { busy: 10, idle: 10 })
    await load(coordinator, { pinned: 10 }, { pinned: true })
    await load(coordinator, { protected: 10 }, { priority: 5 })
    const call = busy?.sleep(300)
    const { satisfied, freed, shortfall, unloaded } = await coordinator.memory.freeMemory(30 * gib)
    expect({ satisfied, unloaded }).toEqual({ satisfied: false, unloaded: ['idle'] })
    expect(freed + shortfall).toBe(30 * gib)
    await call
    expect(loaded(coordinator)).toEqual(['busy', 'pinned', 'protected'])
  })

  test('stops when aborted; what went is gone', async () => {
    await using coordinator = bigCoordinator()
    await load(coordinator, { a: 10, b: 10 })
    const reason = new Error('enough')
    const controller = new AbortController()
    coordinator.once('unload', () => controller.abort(reason))
    const freeing = coordinator.memory.freeMemory(100 * gib, { signal: controller.signal })
    await expect(freeing.catch((error: unknown) => error)).resolves.toSatisfy(
      (outcome) => outcome === reason || (outcome as { unloaded: string[] }).unloaded.length === 2,
    )
    await expect(coordinator.memory.freeMemory(1, { signal: controller.signal })).rejects.toBe(reason)
    await expect(coordinator.memory.freeMemory(-1)).rejects.toMatchObject({ code: 'ERR_INVALID_OPTIONS', option: 'bytes' })
  })
})

describe('a report of an unload', () => {
  test('says what the component was measured to hold, and where the time went', async () => {
    await using coordinator = bigCoordinator()
    const { a } = await load(coordinator, { a: 3 })
    await a?.hold(20 * mib)
    const report = await coordinator.unloadComponent('a')
    expect(report).toMatchObject({ name: 'a', generation: 1, reason: 'requested', zombie: false })
    expect(report.predicted).toBeGreaterThan(3 * gib + 15 * mib)
    expect(report.retained).toBe(Math.max(0, report.predicted - report.released))
    for (const time of Object.values(report.times)) expect(time).toBeGreaterThanOrEqual(0)
    expect(coordinator.info('a').learnedPeak).toBeGreaterThanOrEqual(report.predicted)
  })
})

describe('load', () => {
  test('tells how busy a worker is, between two readings', async () => {
    await using coordinator = bigCoordinator()
    const { spins, idles } = await load(coordinator, { spins: 0, idles: 0 })
    expect(coordinator.memory.load('spins')).toBeNull()
    expect(coordinator.memory.load('idles')).toBeNull()
    await spins?.spin(1_100)
    coordinator.memory.load('spins')
    coordinator.memory.load('idles')
    await until(() => coordinator.memory.load('spins') !== null && coordinator.memory.load('idles') !== null)
    const spinning = coordinator.memory.load('spins')
    const idling = coordinator.memory.load('idles')
    expect(spinning?.eventLoop).toBeGreaterThan(0.5)
    expect(spinning?.cpu).toBeGreaterThan(idling?.cpu ?? 1)
    expect(idling?.eventLoop).toBeLessThan(0.5)
    for (const share of [spinning?.cpu, spinning?.eventLoop, idling?.cpu, idling?.eventLoop]) {
      expect(share).toBeGreaterThanOrEqual(0)
      expect(share).toBeLessThanOrEqual(1)
    }
    expect(idles).toBeDefined()
    await coordinator.unloadComponent('idles')
    expect(coordinator.memory.load('idles')).toBeNull()
    expect(() => coordinator.memory.load('nobody')).toThrow(expect.objectContaining({ code: 'ERR_COMPONENT_NOT_FOUND' }))
  })
})
