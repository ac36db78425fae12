import { describe, expect, test } from 'vitest'
import { drawScenario } from './scenario.ts'
import { World } from './world.ts'

/** A failure names its seed: `SEED=<seed> npm run test:simulation` replays it alone. */
const only = process.env['SEED']
const seeds = only === undefined ? Array.from({ length: 2_000 }, (_, i) => i + 1) : [Number(only)]

describe('whatever components do', () => {
  test('memory is held, and nobody is wronged', { timeout: 120_000 }, () => {
    const complaints: string[] = []
    for (const seed of seeds) {
      const world = new World(drawScenario(seed))
      world.run()
      for (const complaint of world.watch.complaints.slice(0, 3)) complaints.push(`SEED=${seed} ${complaint}`)
      if (complaints.length > 20) break
    }
    expect(complaints).toEqual([])
  })
})
