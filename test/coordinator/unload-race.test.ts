import { describe, expect, it } from 'vitest'
import type dependentModule from '../fixtures/dependent.ts'
import { fixture, quietCoordinator, sink, until } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

/** SPILLWAY_SOAK=1: the long run. */
const soak = process.env['SPILLWAY_SOAK'] === '1'
const rounds = soak ? 10_000 : 21
const peerRounds = soak ? 2_000 : 6
const racers = 3
const timeout = soak ? 3 * 3_600_000 : 60_000

/** A random moment within 3 ms: finer than timers are. */
async function randomly(): Promise<void> {
  const until = performance.now() + Math.random() * 3
  while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve))
}

describe('an unload that races calls', () => {
  it(`rejects none, and runs none twice: ${rounds} rounds`, { timeout }, async () => {
    await using coordinator = quietCoordinator()
    const race = async (name: string): Promise<void> => {
      const counters = new Int32Array(new SharedArrayBuffer(16))
      const remote = coordinator.registerComponent<KitchenSink>(sink(name, { config: { counters }, timeout }))
      let calls = 0
      const call = async (): Promise<void> => {
        await randomly()
        calls++
        await remote.tally()
      }
      const unload = async (): Promise<void> => {
        await randomly()
        await coordinator.unloadComponent(name)
      }
      for (let round = 0; round < rounds / racers && counters[0] === calls; round++) {
        await Promise.all([unload(), call(), call(), call()])
      }
      expect(counters[0]).toBe(calls)
      const { crashes, errors, unloads } = coordinator.info(name)
      expect({ crashes, errors, calls: coordinator.info(name).calls }).toEqual({ crashes: 0, errors: 0, calls })
      expect(unloads).toBeGreaterThan((rounds / racers) * 0.5)
    }
    await Promise.all(Array.from({ length: racers }, async (_, i) => race(`raced-${i}`)))
  })

  it(`rejects none of another worker's either: ${peerRounds} rounds`, { timeout }, async () => {
    await using coordinator = quietCoordinator()
    const counters = new Int32Array(new SharedArrayBuffer(16))
    coordinator.registerComponent(sink('raced', { config: { counters }, timeout }))
    const callers = ['one', 'two'].map((name) =>
      coordinator.registerComponent<typeof dependentModule>({
        name,
        module: fixture('dependent.ts'),
        dependencies: ['raced'],
      }),
    )
    await coordinator.preload(['one', 'two'])
    const stop = new Int32Array(new SharedArrayBuffer(4))
    const hammering = callers.map(async (caller) => caller.hammer('raced', stop))
    for (let round = 0; round < peerRounds; round++) {
      const seen = counters[0]! + (round % 4)
      await until(() => counters[0]! >= seen)
      await coordinator.getComponent('raced')
      await coordinator.unloadComponent('raced')
    }
    stop[0] = 1
    const answered = await Promise.all(hammering)
    expect(counters[0]).toBe(answered.reduce((a, b) => a + b, 0))
    expect(coordinator.info('raced')).toMatchObject({ crashes: 0, errors: 0 })
    expect(coordinator.info('raced').unloads).toBeGreaterThanOrEqual(peerRounds)
  })
})
