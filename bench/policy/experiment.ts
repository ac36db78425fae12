import { clairvoyant, fillShare, gdsf, greedyDual, landlord, lru, spillway, ttl, withWholeLimit } from './contenders.ts'
import type { CostModel } from './cost-model.ts'
import { hybridHistogram } from './hybrid-histogram.ts'
import { offlineBound } from './offline-bound.ts'
import { simulate, type Contender, type SimulationResult } from './simulator.ts'
import { footprintOf, type Trace } from './trace.ts'

/** One trace at one limit. Costs in ms of initialisation, without first loads; bytes. */
export interface Outcome {
  readonly workload: string
  readonly cost: CostModel
  /** The limit as a share of what everything together holds. */
  readonly share: number
  readonly limit: number
  readonly calls: number
  /**
   * No schedule whatever costs less with the memory that loads may fill (85% of the limit), or where one of the
   * contenders held more at some call, with that.
   */
  readonly lowerBound: number
  /** The same with the whole limit. */
  readonly lowerBoundWholeLimit: number
  /** The best schedule found that knows the future, with the memory that loads may fill. */
  readonly clairvoyant: SimulationResult
  readonly results: readonly SimulationResult[]
}

const contendersFor = (trace: Trace): Contender[] => [
  spillway('cost-aware'),
  spillway('priority-idle'),
  gdsf(trace),
  landlord(trace),
  greedyDual(trace),
  hybridHistogram(trace),
  lru(),
  ttl(),
]

/** How many simulations and bounds one experiment takes. */
export const stepsPerExperiment = 14

/** Runs every contender over the trace with a limit of `share` of its footprint. */
export function runExperiment(trace: Trace, share: number, onStep: () => void = () => undefined): Outcome {
  const limit = Math.floor(footprintOf(trace) * share)
  const step = <T>(value: T): T => {
    onStep()
    return value
  }
  const held = new Float64Array(trace.calls.length)
  const run = (contender: Contender): SimulationResult => step(simulate(trace, limit, contender, held))
  const { rentUpTo } = step(offlineBound(trace, limit * fillShare))
  const byDistance = run(clairvoyant(trace))
  const byPrice = run(clairvoyant(trace, rentUpTo))
  const results = contendersFor(trace).map(run)
  const lowerBound = step(offlineBound(trace, limit * fillShare, held)).cost
  results.push(run(withWholeLimit(lru())))
  return {
    workload: trace.name,
    cost: trace.cost,
    share,
    limit,
    calls: trace.calls.length,
    lowerBound,
    lowerBoundWholeLimit: step(offlineBound(trace, limit, held)).cost,
    clairvoyant: byDistance.reloadCost <= byPrice.reloadCost ? byDistance : byPrice,
    results,
  }
}

export function resultOf(outcome: Outcome, contender: string): SimulationResult {
  const result = outcome.results.find((candidate) => candidate.contender === contender)
  if (result === undefined) throw new Error(`No contender "${contender}"`)
  return result
}
