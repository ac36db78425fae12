import { afterEach, describe, expect, it } from 'vitest'
import { manualClock, simulatePressure } from '../../src/testing/index.ts'
import type { ComponentCoordinator, CoordinatorOptions, PressureEvent } from '../../src/index.ts'
import { fixture, quietCoordinator } from '../support/coordinator.ts'
import type tested from '../fixtures/tested.ts'

let coordinator: ComponentCoordinator
afterEach(async () => {
  await coordinator.shutdown()
})

const minute = 60_000

async function setUp(names: readonly string[], options: CoordinatorOptions = {}, more: object = {}) {
  coordinator = quietCoordinator({ autoUnloadEnabled: true, ...options })
  const remotes = names.map((name) =>
    coordinator.registerComponent<typeof tested>({ name, module: fixture('tested.ts'), ...more }),
  )
  for (const remote of remotes) await remote.next()
  return remotes
}
const states = (): string[] => coordinator.list().map(({ name, state }) => `${name} ${state}`)

describe('simulated pressure', () => {
  it('at critical unloads all that is idle, after all were asked to trim, and ends when it is disposed of', async () => {
    const [a, b] = await setUp(['a', 'b'])
    const events: PressureEvent[] = []
    let exhausted = 0
    coordinator.on('exhausted', () => exhausted++)
    coordinator.on('pressure', (event) => events.push(event))
    const busy = b?.ticks()
    await (await busy)?.next()
    {
      await using pressure = await simulatePressure(coordinator, 'critical')
      expect(coordinator.pressureLevel).toBe('critical')
      expect(states()).toEqual(['a unloaded', 'b ready'])
      expect(pressure.unloaded).toMatchObject([{ name: 'a', reason: 'pressure' }])
      expect(await b?.cache()).toBe('trimmed at critical')
      expect(exhausted).toBe(1)
      expect(coordinator.memory.ledger().extra).toEqual([])
      expect(coordinator.memory.plan()).toMatchObject({ trigger: 'critical', kept: [{ name: 'b', reason: 'in-use' }] })
    }
    expect(coordinator.pressureLevel).toBe('low')
    expect(events.map(({ level }) => level)).toEqual(['critical', 'low'])
    expect(await a?.next()).toBe(1)
    await coordinator.memory.sample()
    expect(states()).toEqual(['a ready', 'b ready'])
    await (await busy)?.return(undefined)
  })

  it('has the idle floors of its level, which the injected clock passes', async () => {
    const clock = manualClock()
    await setUp(['a'], { clock, memory: { policy: 'priority-idle', minIdleTime: 10 * minute } })
    await clock.advance(minute)
    await using medium = await simulatePressure(coordinator, 'medium')
    expect(coordinator.pressureLevel).toBe('medium')
    expect(states()).toEqual(['a ready'])
    expect(coordinator.memory.plan().kept).toEqual([{ name: 'a', reason: 'min-idle' }])
    await clock.advance(8 * minute)
    expect(states()).toEqual(['a ready'])
    await clock.advance(minute)
    expect(states()).toEqual(['a unloaded'])
    expect(medium.unloaded).toHaveLength(1)
  })

  it('takes the least important first, and never what is pinned or protected', async () => {
    coordinator = quietCoordinator({ autoUnloadEnabled: true, memory: { policy: 'priority-idle', minIdleTime: 0 } })
    const add = (name: string, more: object) =>
      coordinator.registerComponent<typeof tested>({ name, module: fixture('tested.ts'), ...more })
    for (const remote of [
      add('important', { priority: 20 }),
      add('other', { priority: 80 }),
      add('pinned', { pinned: true }),
      add('protected', { priority: 0 }),
    ]) {
      await remote.next()
    }
    const pressure = await simulatePressure(coordinator, 'high')
    expect(pressure.unloaded.map(({ name }) => name)).toEqual(['other', 'important'])
    expect(states()).toEqual(['important unloaded', 'other unloaded', 'pinned ready', 'protected ready'])
    const low = await simulatePressure(coordinator, 'low')
    expect(low.unloaded).toEqual([])
    expect(coordinator.pressureLevel).toBe('low')
    // It is over already.
    await pressure[Symbol.asyncDispose]()
    await using next = await simulatePressure(coordinator, 'medium')
    pressure[Symbol.dispose]()
    expect(coordinator.pressureLevel).toBe(next.level)
    await expect(simulatePressure(coordinator, 'deadly' as 'low')).rejects.toMatchObject({ option: 'level' })
  })

  it('is none where the coordinator is shut down', async () => {
    await setUp([])
    await coordinator.shutdown()
    await expect(simulatePressure(coordinator, 'high')).rejects.toMatchObject({ code: 'ERR_COORDINATOR_SHUTDOWN' })
  })

  it('unloads nothing where that is not wanted', async () => {
    await setUp(['a'], { autoUnloadEnabled: false })
    await using pressure = await simulatePressure(coordinator, 'critical')
    expect(states()).toEqual(['a ready'])
    expect(pressure.unloaded).toEqual([])
  })
})
