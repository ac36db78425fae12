import { drawScenario } from './scenario.ts'
import type { Scenario } from './scenario.ts'
import { World } from './world.ts'
import { isAllWanted } from '../support/all-wanted.ts'

/** Set to a seed of a failure: it alone is replayed. */
const only = process.env['SEED']

/** SPILLWAY_TEST_ALL=1 goes through that many of each kind. */
const all = 1_000

/** What went wrong in so many lives of that kind, and in `rare` ones, each with its seed: `SEED=<seed> npm run test:simulation` replays one. */
export function complaintsOf(kind: Scenario['kind'], few: number, rare: readonly number[]): string[] {
  const seeds = isAllWanted ? upTo(all) : [...upTo(few), ...rare]
  const complaints: string[] = []
  for (const seed of only === undefined ? seeds : [Number(only)]) {
    if (complaints.length >= 20) break
    const world = new World(drawScenario(seed, kind))
    world.run()
    for (const complaint of world.watch.complaints.slice(0, 3)) complaints.push(`SEED=${seed} (${kind}) ${complaint}`)
  }
  return complaints
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1)
