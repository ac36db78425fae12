import { clairvoyant, fillShare, gdsf, lru, spillway, ttl, withWholeLimit } from './contenders.ts'
import { offlineBound } from './offline-bound.ts'
import { simulate, type SimulationResult } from './simulator.ts'
import { footprintOf, type Trace } from './trace.ts'

/** One trace at one limit. Costs in ms of initialisation, without first loads; bytes. */
export interface Outcome {
  readonly workload: string
  /** The limit as a share of what everything together holds. */
  readonly share: number
  readonly limit: number
  readonly calls: number
  /** No schedule whatever costs less with the memory that loads may fill (85% of the limit). */
  readonly lowerBound: number
  /** The same with the whole limit. */
  readonly lowerBoundWholeLimit: number
  /** The best schedule found that knows the future, with the memory that loads may fill. */
  readonly clairvoyant: SimulationResult
  readonly results: readonly SimulationResult[]
}

/** How many simulations and bounds one experiment takes. */
export const stepsPerExperiment = 10

/** Runs every contender over the trace with a limit of `share` of its footprint. */
export function runExperiment(trace: Trace, share: number, onStep: () => void = () => undefined): Outcome {
  const limit = Math.floor(footprintOf(trace) * share)
  const step = <T>(value: T): T => {
    onStep()
    return value
  }
  const bound = step(offlineBound(trace, limit * fillShare))
  const byDistance = step(simulate(trace, limit, clairvoyant(trace)))
  const byPrice = step(simulate(trace, limit, clairvoyant(trace, bound.rentUpTo)))
  return {
    workload: trace.name,
    share,
    limit,
    calls: trace.calls.length,
    lowerBound: bound.cost,
    lowerBoundWholeLimit: step(offlineBound(trace, limit)).cost,
    clairvoyant: byDistance.reloadCost <= byPrice.reloadCost ? byDistance : byPrice,
    results: [spillway('cost-aware'), spillway('priority-idle'), gdsf(trace), lru(), ttl(), withWholeLimit(lru())].map(
      (contender) => step(simulate(trace, limit, contender)),
    ),
  }
}

export function resultOf(outcome: Outcome, contender: string): SimulationResult {
  const result = outcome.results.find((candidate) => candidate.contender === contender)
  if (result === undefined) throw new Error(`No contender "${contender}"`)
  return result
}
