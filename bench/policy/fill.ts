import { fillShare, spillway } from './contenders.ts'
import { alignTable } from './align-table.ts'
import { simulate } from './simulator.ts'
import { footprintOf, type Trace } from './trace.ts'

/** High thresholds that are tried, as shares of the limit; medium and critical are 10 points off. */
const fills = [0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1] as const

export const stepsPerFill = fills.length

export interface FillOutcome {
  readonly workload: string
  readonly cost: string
  /** The limit as a share of what everything together holds. */
  readonly share: number
  /** ms of reloads with each high threshold. */
  readonly costs: readonly { readonly highThreshold: number; readonly reloadCost: number }[]
}

/** What headroom costs: the same trace under the same limit, with each high threshold. */
export function runFill(trace: Trace, share: number, onStep: () => void = () => undefined): FillOutcome {
  const limit = Math.floor(footprintOf(trace) * share)
  return {
    workload: trace.name,
    cost: trace.cost,
    share,
    costs: fills.map((highThreshold) => {
      const { reloadCost } = simulate(trace, limit, { ...spillway('cost-aware'), highThreshold })
      onStep()
      return { highThreshold, reloadCost }
    }),
  }
}

export function formatFill(outcomes: readonly FillOutcome[]): string {
  const rows = [
    ['workload', 'cost', 'limit', 'reloads', ...fills.map(percent)],
    ...outcomes.map(({ workload, cost, share, costs }) => {
      const usual = costs.find(({ highThreshold }) => highThreshold === fillShare)?.reloadCost ?? Number.NaN
      return [
        workload,
        cost,
        percent(share),
        `${(usual / 1_000).toFixed(0)} s`,
        ...costs.map(({ reloadCost }) => (reloadCost === usual ? 1 : reloadCost / usual).toFixed(2)),
      ]
    }),
  ]
  return `Time spent on loading again with each highThreshold (medium and critical 10 points off), as a multiple of what it is with ${percent(fillShare)}:\n\n${alignTable(rows)}`
}

const percent = (share: number): string => `${Math.round(share * 100)}%`
