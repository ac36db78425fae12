import { resultOf, type Outcome } from './experiment.ts'

/** What `cost-aware` may cost at most, as a multiple of the offline bound. */
export const allowedRatio = 1.5

const explanation = `\
Reload cost: time spent on loading again what had been loaded before, as a multiple of the lower bound.
lower bound   no schedule costs less, even one that knows the future, with the memory that loads may fill (85% of
              the limit): the Lagrangian dual of the linear relaxation (flow-based offline optimum). In seconds.
              A load that waits serves several calls at once, which it does not know.
clairvoyant   the offline bound that can be had: the best schedule found that knows the future, through the same
              admission rule.
gdsf lru ttl  unload only when a load needs room; ttl also after 10 minutes. "lru 100%" may fill the whole limit.
cost-aware and priority-idle run as in production: with pressure rounds, idle floors and minimum residency.
peak, waits   of cost-aware: most bytes held; loads that waited for memory, and how long on average.
`

/** The outcomes as a table, what was demanded of them, and what fell short of it. */
export function formatReport(outcomes: readonly Outcome[]): string {
  const rows: string[][] = [
    [
      'workload',
      'limit',
      'calls',
      'lower bound',
      'clairvoyant',
      'cost-aware',
      'priority-idle',
      'gdsf',
      'lru',
      'ttl',
      'lru 100%',
      'peak',
      'waits',
    ],
  ]
  for (const outcome of outcomes) {
    const times = (cost: number): string => ratio(cost, outcome.lowerBound).toFixed(2)
    const own = resultOf(outcome, 'cost-aware')
    rows.push([
      outcome.workload,
      `${Math.round(outcome.share * 100)}%`,
      String(outcome.calls),
      `${(outcome.lowerBound / 1_000).toFixed(0)} s`,
      times(outcome.clairvoyant.reloadCost),
      ...outcome.results.map((result) => times(result.reloadCost)),
      `${((100 * own.peak) / outcome.limit).toFixed(0)}%`,
      own.waits === 0 ? '0' : `${own.waits} of ${(own.waited / own.waits / 1_000).toFixed(1)} s`,
    ])
  }
  return `${explanation}\n${alignTable(rows)}\n\n${verdict(outcomes)}`
}

/** Each demand, and where it was missed. */
export function verdict(outcomes: readonly Outcome[]): string {
  const own = (outcome: Outcome): number => resultOf(outcome, 'cost-aware').reloadCost
  const ratioLine = (what: string, least: (outcome: Outcome) => number): string => {
    const ratios = outcomes.map((outcome) => ({ outcome, value: ratio(own(outcome), least(outcome)) }))
    const missed = ratios.filter(({ value }) => value > allowedRatio)
    const worst = Math.max(...ratios.map(({ value }) => value)).toFixed(2)
    return line(
      missed.length === 0,
      `${what}: at most ${worst} times`,
      missed.map(({ outcome, value }) => at(outcome, value.toFixed(2))),
    )
  }
  const worseThanLru = outcomes.filter((outcome) => own(outcome) > lruCost(outcome))
  const overLimit = outcomes.filter((outcome) => highestPeak(outcome) > outcome.limit)
  return [
    `Demanded of cost-aware: at most ${allowedRatio} times the offline bound, never worse than LRU, never over the limit`,
    ratioLine('the best clairvoyant schedule', (outcome) => outcome.clairvoyant.reloadCost),
    line(
      worseThanLru.length === 0,
      'never worse than LRU, even where that may fill the whole limit',
      worseThanLru.map((outcome) => at(outcome, `${ratio(own(outcome), lruCost(outcome)).toFixed(2)} times LRU`)),
    ),
    line(
      overLimit.length === 0,
      'peak at most 100% of the limit, with every contender',
      overLimit.map((outcome) => at(outcome, `${((100 * highestPeak(outcome)) / outcome.limit).toFixed(1)}%`)),
    ),
    `Beyond that, against what may be out of anybody's reach:`,
    ratioLine('the lower bound', (outcome) => outcome.lowerBound),
    ratioLine('the lower bound with the whole limit to fill', (outcome) => outcome.lowerBoundWholeLimit),
  ].join('\n')
}

const line = (holds: boolean, what: string, missed: readonly string[]): string =>
  `  ${holds ? 'yes' : 'no '}  ${what}${missed.length === 0 ? '' : ` (${missed.join(', ')})`}`

const at = (outcome: Outcome, figure: string): string =>
  `${outcome.workload} at ${Math.round(outcome.share * 100)}%: ${figure}`

function lruCost(outcome: Outcome): number {
  return Math.min(resultOf(outcome, 'lru').reloadCost, resultOf(outcome, 'lru, whole limit').reloadCost)
}

const highestPeak = (outcome: Outcome): number =>
  Math.max(outcome.clairvoyant.peak, ...outcome.results.map((result) => result.peak))

/** Nothing to pay on either side is as good as it gets. */
const ratio = (cost: number, reference: number): number => (cost === reference ? 1 : cost / reference)

function alignTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
    )
    .join('\n')
}
