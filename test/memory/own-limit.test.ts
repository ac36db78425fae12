import { describe, expect, test } from 'vitest'
import type { ComponentCoordinator, ComponentDefinition } from '../../src/index.ts'
import type { HogConfig } from '../fixtures/hog.ts'
import { quietCoordinator, rejection, until } from '../support/coordinator.ts'
import { crashesOf, mib, registerHog } from '../support/hogs.ts'
import type { Hog } from '../support/hogs.ts'

const memoryLimit = 64 * mib

function open(more: Partial<ComponentDefinition<HogConfig>> = {}): {
  coordinator: ComponentCoordinator
  remote: Hog
  crashes: string[]
} {
  const coordinator = quietCoordinator({ spareWorkers: 0 })
  const crashes = crashesOf(coordinator)
  return { coordinator, remote: registerHog(coordinator, 'x', 0, { memoryLimit, ...more }), crashes }
}

describe('a memory limit', () => {
  test('below what an empty worker holds is told for what it is', async () => {
    const { coordinator, remote } = open({ memoryLimit: 4 * mib })
    await using _ = coordinator
    const error = (await rejection(remote.sleep(30_000))) as Error
    expect(error.message).toMatch(/memory limit of 4\.0 MiB.*an empty worker alone holds 7\.4 MiB to 9\.9 MiB/)
  })

  test('ends a worker that grows beyond it; its callers are told why, and the next call loads it again', async () => {
    const { coordinator, remote, crashes } = open()
    await using _ = coordinator
    const calls = await Promise.all([rejection(remote.grow(200 * mib, 1_000 * mib)), rejection(remote.sleep(60_000))])
    for (const error of calls) {
      expect(error).toMatchObject({
        code: 'ERR_COMPONENT_CRASHED',
        reason: 'memory-limit',
        component: 'x',
        generation: 1,
        outcome: 'unknown',
        passed: { which: 'own', limit: memoryLimit, held: expect.toSatisfy((held) => held > memoryLimit) as number },
        message: expect.stringMatching(
          /is gone: its worker passed its memory limit of 64\.0 MiB \(it held \d+\.\d MiB\) and was ended$/,
        ) as string,
      })
    }
    expect(crashes).toEqual(['x: memory-limit'])
    expect(await remote.touch()).toBe(2)
    expect(coordinator.info('x')).toMatchObject({ crashes: 1, loads: 2, state: 'ready' })
    // What it took as a runaway is not what it needs.
    expect(coordinator.info('x').learnedPeak).toBeLessThan(memoryLimit)
  })

  test('ends a load that passes it, and what that took is not taken for what the next one needs', async () => {
    const { coordinator, remote } = open({ config: { buffer: 100 * mib, initDelay: 60_000 } })
    await using _ = coordinator
    expect(await rejection(remote.touch())).toMatchObject({
      code: 'ERR_COMPONENT_LOAD',
      message: expect.stringMatching(
        /passed its memory limit of 64\.0 MiB while loading \(it held \d+\.\d MiB\) and was ended$/,
      ) as string,
      passed: { which: 'own', limit: memoryLimit, held: expect.toSatisfy((held) => held > memoryLimit) as number },
    })
    expect(coordinator.info('x').learnedPeak).toBeNull()
  })

  test('is held against buffers as well as objects', async () => {
    const { coordinator, remote } = open()
    await using _ = coordinator
    // Under way before it passes its limit: what is called after that loads it again.
    const call = rejection(remote.sleep(60_000))
    await remote.holdBuffer(100 * mib).catch(() => {})
    expect(await call).toMatchObject({ reason: 'memory-limit' })
  })

  test('ends a component that keeps too much, also when it is idle by then', async () => {
    const { coordinator, remote, crashes } = open()
    await using _ = coordinator
    // On a busy machine it may have to go before its answer is here.
    await remote.holdBuffer(70 * mib).catch(() => {})
    await until(() => crashes.length > 0)
    expect(crashes).toEqual(['x: memory-limit'])
  })

  test('does not end a component for garbage that it has not collected yet', async () => {
    const { coordinator, remote, crashes } = open()
    await using _ = coordinator
    // Under a limit of its own, V8 lets 64 MiB of buffers and more pile up.
    await remote.waste(250)
    expect(await remote.touch()).toBe(2)
    expect(crashes).toEqual([])
    expect(coordinator.info('x').loads).toBe(1)
  })

  test('asks a component to drop what it can before it ends it', async () => {
    const { coordinator, remote, crashes } = open({ config: { trims: true } })
    await using _ = coordinator
    await remote.holdBuffer(70 * mib)
    await until(() => (coordinator.info('x').memory?.total ?? 0) > memoryLimit)
    await until(() => (coordinator.info('x').memory?.total ?? 0) < memoryLimit)
    expect(await remote.pressures()).toEqual(['critical'])
    expect(crashes).toEqual([])
  })

  test('holds during the load as well', async () => {
    const { coordinator, remote } = open({ config: { buffer: 120 * mib, initDelay: 5_000 } })
    await using _ = coordinator
    expect(await rejection(remote.touch())).toMatchObject({
      code: 'ERR_COMPONENT_LOAD',
      message: expect.stringContaining('memory limit'),
    })
  })

  test('is the total limit where a component has none of its own', async () => {
    const coordinator = quietCoordinator({ spareWorkers: 0 })
    await using _ = coordinator
    const { usage } = await coordinator.memory.sample()
    const base = Math.max(usage, 100 * mib)
    coordinator.memory.configure({ totalLimit: base + 100 * mib })
    const remote = registerHog(coordinator, 'x', 0)
    expect(await rejection(remote.grow(300 * mib, 2_000 * mib))).toMatchObject({ reason: 'memory-limit' })
  })

  test('does not count what a component reports: that is held against the total limit only', async () => {
    const { coordinator, remote, crashes } = open()
    await using _ = coordinator
    await remote.report(300 * mib)
    await until(() => (coordinator.info('x').memory?.reported ?? 0) > 0)
    await coordinator.memory.sample()
    // It was not even asked to drop anything.
    expect(await remote.pressures()).toEqual([])
    expect(crashes).toEqual([])
  })
})

describe('a worker that does not die', () => {
  test('is a zombie: still in the ledger, still counted, until it is gone', async () => {
    const { coordinator, remote } = open()
    await using _ = coordinator
    await remote.holdBuffer(30 * mib)
    // What it held before it stopped answering.
    await coordinator.memory.sample()
    const zombies: string[] = []
    coordinator.on('zombie', ({ name, generation }) => zombies.push(`${name} ${generation}`))
    const call = rejection(remote.block(8_000))
    // It has begun when nothing is heard of it any more.
    await until(async () => (await coordinator.memory.sample()).components['x']?.stale === true)
    const report = await coordinator.unloadComponent('x', { deadline: 0 })
    expect(report).toMatchObject({ zombie: true, released: 0 })
    expect(await call).toMatchObject({ reason: 'terminated' })
    expect(zombies).toEqual(['x 1'])
    const { extra, usage, main, mainThread, components } = await coordinator.memory.sample()
    expect(components).toEqual({})
    expect(extra).toEqual([{ name: 'x (generation 1)', kind: 'zombie', total: expect.any(Number) as number }])
    expect(extra[0]?.total).toBeGreaterThan(30 * mib)
    expect(main).toBe(mainThread.total + (extra[0]?.total ?? 0))
    expect(usage).toBeGreaterThanOrEqual(main)
    await until(async () => (await coordinator.memory.sample()).extra.length === 0)
    expect(coordinator.info('x').state).toBe('unloaded')
  })
})
