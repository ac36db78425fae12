/** Simulates so many seeds, and two workloads of the policy benchmark at two limits, and prints what came of it as one line of JSON. */
import { spillway } from '../policy/contenders.ts'
import { simulate } from '../policy/simulator.ts'
import { footprintOf } from '../policy/trace.ts'
import { generateWorkload } from '../policy/workloads.ts'
import { drawScenario } from '../../test/simulation/scenario.ts'
import { World } from '../../test/simulation/world.ts'

const seeds = Number(process.argv[2])
const sums: Record<string, number> = {}
const add = (name: string, figure: number): void => {
  sums[name] = (sums[name] ?? 0) + figure
}
for (let seed = 1; seed <= seeds; seed++) {
  const world = new World(drawScenario(seed))
  world.run()
  add('wronged', world.watch.complaints.length > 0 ? 1 : 0)
  for (const { loads } of world.components) add('loads', loads)
  for (const [name, figure] of Object.entries(world.watch.figures)) add(name, figure)
}
for (const workload of ['zipf', 'bursty'] as const) {
  const trace = generateWorkload(workload, { components: 60 })
  for (const share of [0.15, 0.5]) {
    const limit = Math.floor(footprintOf(trace) * share)
    add(`${workload} ${share * 100}%`, simulate(trace, limit, spillway('cost-aware')).reloadCost)
  }
}
process.stdout.write(JSON.stringify(sums))
