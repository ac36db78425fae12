import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import type { PressureLevel } from '../../src/index.ts'
import { LONGEST_LOOK, RETRY } from '../../src/memory/tuning.ts'
import type garbage from '../fixtures/garbage.ts'
import type hog from '../fixtures/hog.ts'
import { fixture, quietCoordinator, until } from '../support/coordinator.ts'
import { bigCoordinator, gib, loaded, loadHogs, registerHog } from '../support/hogs.ts'

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
    await coordinator.memory.sample()
    expect(loaded(coordinator)).toEqual(['important', 'usual'])
    expect(events).toEqual([{ level: 'high', previous: 'low' }])
    expect(coordinator.memory.isAtLeast('medium')).toBe(true)
    expect(coordinator.memory.isAtLeast('critical')).toBe(false)
  })

  test('takes the one that has been idle the longest first, among equals', async () => {
    await using coordinator = bigCoordinator({ policy: 'priority-idle' })
    const { b } = await loadHogs(coordinator, { a: 20, b: 20, c: 20 })
    await b?.report(48 * gib)
    const unloaded: string[] = []
    coordinator.on('unload', ({ name, reason }) => unloaded.push(`${name}: ${reason}`))
    await coordinator.memory.sample()
    await until(() => unloaded.length > 0)
    await coordinator.memory.sample()
    expect(unloaded).toEqual(['a: pressure'])
  })

  test('unloads nothing in use: calls, streams, leases; nothing pinned; nothing of priority 10 or less before critical', async () => {
    await using coordinator = bigCoordinator()
    const { busy } = await loadHogs(coordinator, { busy: 20 })
    await loadHogs(coordinator, { leased: 20 })
    await loadHogs(coordinator, { pinned: 20 }, { pinned: true })
    const protectedOne = registerHog(coordinator, 'protected', 10 * gib, { priority: 10 })
    await protectedOne.touch()
    using _lease = await coordinator.acquire('leased')
    const call = busy?.wait()
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
    expect(loaded(coordinator)).toHaveLength(4)
    // At critical pressure the protected one goes, and nothing else.
    await protectedOne.report(38 * gib)
    await coordinator.memory.sample()
    expect(coordinator.memory.pressureLevel).toBe('critical')
    await until(() => loaded(coordinator).length === 3)
    expect(loaded(coordinator)).toEqual(['busy', 'leased', 'pinned'])
    await busy?.go()
    await call
  })

  test('says once that nothing is left, with what would have to go and why it stays', async () => {
    await using coordinator = bigCoordinator()
    const exhausted: unknown[] = []
    coordinator.on('exhausted', (event) => exhausted.push(event))
    const { kept } = await loadHogs(coordinator, { kept: 10 }, { pinned: true })
    await kept?.report(96 * gib)
    await coordinator.memory.sample()
    await until(() => exhausted.length > 0)
    // It is tried again after that long, and nothing may come of it.
    await sleep(RETRY + LONGEST_LOOK)
    expect(exhausted).toHaveLength(1)
    expect(exhausted[0]).toMatchObject({ level: 'critical', kept: [{ name: 'kept', reason: 'pinned' }] })
    expect((exhausted[0] as { missing: number }).missing / gib).toBeCloseTo(6, 0)
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
    await using coordinator = bigCoordinator({ minIdleTime: 600_000 })
    await loadHogs(coordinator, { a: 20 })
    await loadHogs(coordinator, { own: 20 }, { minIdleTime: 6_000_000 })
    await loadHogs(coordinator, { c: 10 })
    const reasons = (level: PressureLevel): string[] => coordinator.memory.plan(level).kept.map(({ reason }) => reason)
    expect(reasons('high')).toContain('min-idle')
    // However long the loads took: the floor of medium is not reached, that of high is.
    coordinator.memory.configure({ minIdleTime: coordinator.info('a').idleTime * 3 })
    expect(coordinator.memory.plan('high').victims.map(({ name }) => name)).toContain('a')
    expect(coordinator.memory.plan('high').kept).toContainEqual({ name: 'own', reason: 'min-idle' })
    expect(coordinator.memory.plan('medium').kept).toContainEqual({ name: 'a', reason: 'min-idle' })
    expect(coordinator.memory.plan('critical').victims).not.toEqual([])
    expect(coordinator.memory.plan('low')).toMatchObject({ need: 0, victims: [] })
    expect(loaded(coordinator)).toEqual(['a', 'own', 'c'])
  })

  test('tries again by itself when an idle floor has passed', async () => {
    await using coordinator = bigCoordinator({ minIdleTime: 4_000 })
    const { a } = await loadHogs(coordinator, { a: 80 })
    await a?.report(88 * gib)
    await coordinator.memory.sample()
    await until(() => coordinator.info('a').unloads === 1)
    expect(coordinator.info('a').idleTime).toBeGreaterThanOrEqual(0)
  })

  test('asks for trims first, with the level, and unloads nothing when they are enough', async () => {
    await using coordinator = bigCoordinator()
    await loadHogs(coordinator, { keeps: 30 })
    await loadHogs(coordinator, { trims: 35 }, { config: { trims: true } })
    await until(() => coordinator.info('trims').memory?.reported === 0)
    const keeps = coordinator.component<typeof hog>('keeps')
    const trims = coordinator.component<typeof hog>('trims')
    expect(await keeps.pressures()).toEqual(['low'])
    expect(await trims.pressures()).toEqual(['low'])
    await trims.report(57 * gib)
    await coordinator.memory.sample()
    await until(() => coordinator.info('trims').memory?.reported === 0)
    expect(await keeps.pressures()).toEqual(['low', 'high'])
    expect(coordinator.list().map(({ unloads }) => unloads)).toEqual([0, 0])
  })

  test('collects the garbage of who is asked, but of one that drops nothing only where it has been called since', async () => {
    await using coordinator = bigCoordinator()
    const module = fixture('garbage.ts')
    const idle = coordinator.registerComponent<typeof garbage>({ name: 'idle', module, pinned: true })
    await idle.hasGarbage()
    const { hogs } = await loadHogs(coordinator, { hogs: 61 }, { pinned: true })
    const asked = async (...levels: string[]): Promise<void> =>
      until(async () => isDeepStrictEqual(await hogs?.pressures(), levels))
    await asked('low')
    await litter()
    await hogs?.report(86 * gib)
    await asked('low', 'high')
    // That is a call.
    expect(await idle.hasGarbage()).toBe(true)
    await hogs?.report(96 * gib)
    await asked('low', 'high', 'critical')
    await until(async () => !(await idle.hasGarbage()))
  })

  test('gives spare workers up above the low threshold, and has them back below', async () => {
    await using sparing = quietCoordinator({ memory: { totalLimit: 100 * gib } })
    const a = registerHog(sparing, 'a', gib)
    await a.touch()
    await until(() => sparing.memory.ledger().extra.length === 1)
    await a.report(65 * gib)
    await until(() => sparing.memory.ledger().extra.length === 0)
    expect(sparing.memory.pressureLevel).toBe('low')
    expect(loaded(sparing)).toEqual(['a'])
  })

  test('logs what it asked for: of whom, at what level, and what went', async () => {
    const lines: Record<string, unknown>[] = []
    const stream = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) }
    const logger = pino({ level: 'info' }, stream)
    await using coordinator = quietCoordinator({ logger, memory: { totalLimit: 100 * gib } })
    const a = registerHog(coordinator, 'a', gib)
    await a.touch()
    await until(() => coordinator.memory.ledger().extra.length === 1)
    await a.report(65 * gib)
    const lineOf = (msg: string): Record<string, unknown> | undefined => lines.find((line) => line['msg'] === msg)
    await until(() => lineOf('asked components to drop what they can') !== undefined)
    await until(() => lineOf('spare workers ended for want of memory') !== undefined)
    expect(lineOf('asked components to drop what they can')).toMatchObject({
      // Of the line, by pino: what Spillway says beside it has names of its own.
      level: 30,
      pressure: 'low',
      need: 0,
      asked: ['a'],
      // On a busy machine it may not answer in time.
      late: expect.any(Array) as unknown,
    })
    expect(lineOf('spare workers ended for want of memory')).toMatchObject({ level: 30, pressure: 'low', spares: 1 })
  })

  test('measures and tells, and unloads nothing, when automatic unloading is off', async () => {
    await using coordinator = bigCoordinator({ autoUnloadEnabled: false })
    const levels: PressureLevel[] = []
    coordinator.on('pressure', ({ level }) => levels.push(level))
    const { a } = await loadHogs(coordinator, { a: 50, b: 20 })
    await a?.report(76 * gib)
    await until(() => levels.includes('critical'))
    await coordinator.memory.sample()
    expect(loaded(coordinator)).toEqual(['a', 'b'])
    expect(await a?.pressures()).toContain('critical')
    // By name it still can be.
    await coordinator.unloadComponent('b')
    await a?.report(97 * gib)
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
    const { busy } = await loadHogs(coordinator, { a: 20, b: 20, c: 20, busy: 20 })
    const call = busy?.wait()
    await busy?.report(28 * gib)
    await coordinator.memory.sample()
    await until(() => loaded(coordinator).length === 3)
    await coordinator.memory.sample()
    expect(loaded(coordinator)).toEqual(['a', 'b', 'busy'])
    expect(asked.at(-1)?.length).toBeGreaterThan(0)
    expect(coordinator.memory.plan('high').notes.join()).toContain('"nobody" was not taken')
    await busy?.go()
    await call
  })
})

/** Without a call. */
async function litter(): Promise<void> {
  const channel = new BroadcastChannel('test/fixtures/garbage')
  const littered = once(channel, 'message')
  channel.postMessage('litter')
  await littered
  channel.close()
}
