import { alignTable } from './align-table.ts'
import { resultOf, type Outcome } from './experiment.ts'
import { ratio, verdict } from './verdict.ts'

const explanation = `\
Reload cost: time spent on loading again what had been loaded before, as a multiple of the lower bound.
cost          what a load takes: "size" grows with the memory in a CSV trace, "faascache" is the longest call less the
              average one; drawn for the generated workloads. A load that is refused counts as one.
lower bound   no schedule costs less, even one that knows the future, with the memory that loads may fill (85% of
              the limit; where contenders held more, with that): the Lagrangian dual of the linear relaxation
              (flow-based offline optimum). In seconds.
clairvoyant   the offline bound that can be had: the best schedule found that knows the future, through the same
              admission rule.
gdsf landlord greedydual lru hybrid ttl
              unload only when a load needs room; ttl also after 10 minutes, hybrid after what its histogram says.
              "lru 100%" may fill the whole limit.
cost-aware and priority-idle run as in production: with pressure rounds, idle floors and minimum residency.
peak, waits, refused
              of cost-aware: most bytes held; loads that waited for memory, and how long on average; that were refused.
`

/** Heading and name of each contender. */
const columns = [
  ['cost-aware', 'cost-aware'],
  ['priority-idle', 'priority-idle'],
  ['gdsf', 'gdsf'],
  ['landlord', 'landlord'],
  ['greedydual', 'greedydual'],
  ['hybrid', 'hybrid'],
  ['lru', 'lru'],
  ['ttl', 'ttl 10 min'],
  ['lru 100%', 'lru, whole limit'],
] as const

/** The outcomes as a table, what was demanded of them, and what fell short of it. */
export function formatReport(outcomes: readonly Outcome[]): string {
  const headings = columns.map(([heading]) => heading)
  const rows = [
    ['workload', 'cost', 'limit', 'calls', 'lower bound', 'clairvoyant', ...headings, 'peak', 'waits', 'refused'],
    ...outcomes.map((outcome) => {
      const times = (cost: number): string => ratio(cost, outcome.lowerBound).toFixed(2)
      const own = resultOf(outcome, 'cost-aware')
      return [
        outcome.workload,
        outcome.cost,
        `${Math.round(outcome.share * 100)}%`,
        String(outcome.calls),
        `${(outcome.lowerBound / 1_000).toFixed(0)} s`,
        times(outcome.clairvoyant.reloadCost),
        ...columns.map(([, contender]) => times(resultOf(outcome, contender).reloadCost)),
        `${((100 * own.peak) / outcome.limit).toFixed(0)}%`,
        own.waits === 0 ? '0' : `${own.waits} of ${(own.waited / own.waits / 1_000).toFixed(1)} s`,
        String(own.refused),
      ]
    }),
  ]
  return `${explanation}\n${alignTable(rows)}\n\n${verdict(outcomes)}`
}
