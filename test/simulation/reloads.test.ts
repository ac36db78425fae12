import { expect, test } from 'vitest'
import { offlineBound } from '../../bench/policy/offline-bound.ts'
import { drawScenario, emptyWorker } from './scenario.ts'
import type { Scenario } from './scenario.ts'
import { World } from './world.ts'

/** All do as they say, call nobody, and may go. */
function calmScenario(seed: number): Scenario {
  const drawn = drawScenario(seed, 'calm')
  const components = drawn.components.map((is) => ({
    ...is,
    dependencies: [],
    pinned: false,
    priority: 50,
    refuses: 0,
  }))
  return { ...drawn, duration: 60_000, components, stalls: [], frees: [] }
}

/** ms of loading again what had been loaded before, and the least that any schedule takes which knows the future. */
function reloadsOf(scenario: Scenario): { readonly cost: number; readonly bound: number } {
  const world = new World(scenario)
  world.run()
  expect(world.watch.complaints).toEqual([])
  const cost = world.components.reduce((sum, { loads, is }) => sum + Math.max(0, loads - 1) * is.loadTime, 0)
  const components = scenario.components.map(({ name, size, loadTime: initCost, callTime }) => ({
    name,
    bytes: size + emptyWorker,
    initCost,
    callTime,
  }))
  const trace = { name: `seed ${scenario.seed}`, cost: 'size' as const, components, calls: world.calls }
  return { cost, bound: offlineBound(trace, scenario.limit - scenario.main).cost }
}

test('loads again no more than a few times what the best schedule has to that knows the future', () => {
  const all = Array.from({ length: 15 }, (_, i) => reloadsOf(calmScenario(i + 1)))
  const sum = (of: 'cost' | 'bound'): number => all.reduce((total, each) => total + each[of], 0)
  expect(sum('cost')).toBeLessThan(3 * sum('bound'))
})
