import { drawScenario } from './scenario.ts'
import type { Scenario } from './scenario.ts'
import { World } from './world.ts'

/** Set to a seed of a failure: it alone is replayed. */
const only = process.env['SEED']

/** What went wrong in so many lives of that kind, each with its seed: `SEED=<seed> npm run test:simulation` replays one. */
export function complaintsOf(kind: Scenario['kind'], seeds: number): string[] {
  const complaints: string[] = []
  for (let seed = Number(only ?? 1); seed <= Number(only ?? seeds) && complaints.length < 20; seed++) {
    const world = new World(drawScenario(seed, kind))
    world.run()
    for (const complaint of world.watch.complaints.slice(0, 3)) complaints.push(`SEED=${seed} (${kind}) ${complaint}`)
  }
  return complaints
}
