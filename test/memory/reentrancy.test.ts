import { expect, test } from 'vitest'
import { setImmediate } from 'node:timers/promises'
import { until } from '../support/coordinator.ts'
import { bigCoordinator, gib, loaded, registerHog } from '../support/hogs.ts'

test.each(['freeMemory', 'configure'] as const)(
  '%s from a listener of samples leaves everything else its turn',
  async (what) => {
    await using coordinator = bigCoordinator()
    let told = 0
    coordinator.on('sample', () => {
      told++
      if (what === 'configure') coordinator.memory.configure({ minIdleTime: 0 })
      else void coordinator.memory.freeMemory(0)
    })
    await coordinator.memory.sample()
    // It goes on for ever; what counts is that turns of the event loop come in between.
    for (let turn = 0; turn < 50; turn++) await setImmediate()
    expect(told).toBeGreaterThan(0)
    expect(told).toBeLessThan(200)
  },
)

test('what a load needs is not unloaded for the sake of that load', async () => {
  await using coordinator = bigCoordinator()
  const unloaded: string[] = []
  coordinator.on('unload', ({ name }) => unloaded.push(name))
  registerHog(coordinator, 'needed', 40 * gib)
  const top = registerHog(coordinator, 'top', 50 * gib, { dependencies: ['needed'] })
  expect(await top.touch()).toBe(2)
  await until(() => loaded(coordinator).length === 2)
  expect(unloaded).toEqual([])
})

test('one that once held more than can ever be had is let in again', async () => {
  await using coordinator = bigCoordinator({ autoUnloadEnabled: false })
  const remote = registerHog(coordinator, 'x', gib)
  await remote.report(100 * gib)
  await coordinator.memory.sample()
  expect(coordinator.info('x').learnedPeak).toBeGreaterThan(100 * gib)
  await remote.report(0)
  await coordinator.unloadComponent('x')
  await remote.touch()
  expect(coordinator.info('x')).toMatchObject({ state: 'ready', loads: 2 })
})
