import { expect, test } from 'vitest'
import { drawScenario } from './scenario.ts'
import type { Scenario } from './scenario.ts'
import { World } from './world.ts'

/** Sums over so many lives of each kind. */
function figuresOf(seeds: number, change: (scenario: Scenario) => Scenario = (scenario) => scenario) {
  const sum = { exhausted: 0, hasty: 0, unloads: 0 }
  for (const kind of ['calm', 'lies', 'wild'] as const) {
    for (let seed = 1; seed <= seeds; seed++) {
      const { watch } = new World(change(drawScenario(seed, kind))).finished()
      for (const figure of ['exhausted', 'hasty', 'unloads'] as const) sum[figure] += watch.figures[figure]
    }
  }
  return sum
}

test('hardly anybody is unloaded soon after it was told that nobody could be', () => {
  const { hasty, unloads } = figuresOf(30)
  expect(unloads).toBeGreaterThan(1_000)
  // A use that has lasted may be over in a moment all the same. Before they had to last, it was one of ten.
  expect(hasty).toBeLessThan(unloads / 1_000)
})

test('where all that is loaded stays in use at critical pressure, that is told', () => {
  const { exhausted } = figuresOf(10, (scenario) => ({
    ...scenario,
    components: scenario.components.map((is) => ({
      ...is,
      callTime: 60_000,
      leak: { rate: 200, from: 0 },
      blocked: undefined,
      dependencies: [],
    })),
  }))
  expect(exhausted).toBeGreaterThan(10)
})
