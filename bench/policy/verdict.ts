import { resultOf, type Outcome } from './experiment.ts'

/** What `cost-aware` may cost at most, as a multiple of the offline bound. */
export const allowedRatio = 1.5

const own = (outcome: Outcome): number => costOf(outcome, 'cost-aware')
const costOf = (outcome: Outcome, contender: string): number => resultOf(outcome, contender).reloadCost
const lruCost = (outcome: Outcome): number => Math.min(costOf(outcome, 'lru'), costOf(outcome, 'lru, whole limit'))

/** Each demand, and where it was missed. */
export function verdict(outcomes: readonly Outcome[]): string {
  const within = (least: number, most: number): Outcome[] =>
    outcomes.filter(({ share }) => share >= least - 1e-9 && share <= most + 1e-9)
  const worseThanLru = outcomes.filter((outcome) => own(outcome) > lruCost(outcome))
  const overLimit = outcomes.filter((outcome) => highestPeak(outcome) > outcome.limit)
  const refused = outcomes.filter((outcome) => resultOf(outcome, 'cost-aware').refused > 0)
  return [
    `Demanded of cost-aware: at most ${allowedRatio} times the offline bound, never worse than LRU, never over the limit`,
    ratioLine('the best clairvoyant schedule', outcomes, allowedRatio, ({ clairvoyant }) => clairvoyant.reloadCost),
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
    ratioLine('the lower bound', outcomes, allowedRatio, ({ lowerBound }) => lowerBound),
    ratioLine('the lower bound with the whole limit to fill', outcomes, allowedRatio, (o) => o.lowerBoundWholeLimit),
    'Targets:',
    ratioLine('at most 1.4 times the clairvoyant at 10 to 20%', within(0.1, 0.2), 1.4, (o) => o.clairvoyant.reloadCost),
    ratioLine('at most 2.5 times the lower bound at 30 to 70%', within(0.3, 0.7), 2.5, (o) => o.lowerBound),
    ratioLine('at most 1.02 times the better of LRU and GDSF', outcomes, 1.02, (outcome) =>
      Math.min(costOf(outcome, 'lru'), costOf(outcome, 'gdsf')),
    ),
    ratioLine('a third of what a TTL of 10 minutes loads, from 15% on', within(0.15, 1), 1 / 3, (outcome) =>
      costOf(outcome, 'ttl 10 min'),
    ),
    line(
      refused.length === 0,
      'no load refused',
      refused.map((outcome) => at(outcome, String(resultOf(outcome, 'cost-aware').refused))),
    ),
  ].join('\n')
}

/** Whether cost-aware takes at most `most` times the reference everywhere, how much it takes, and where more. */
function ratioLine(
  what: string,
  outcomes: readonly Outcome[],
  most: number,
  reference: (outcome: Outcome) => number,
): string {
  if (outcomes.length === 0) return `  -    ${what}: not run`
  const ratios = outcomes.map((outcome) => ({ outcome, value: ratio(own(outcome), reference(outcome)) }))
  const missed = ratios.filter(({ value }) => value > most)
  const worst = Math.max(...ratios.map(({ value }) => value)).toFixed(2)
  return line(
    missed.length === 0,
    `${what}: at most ${worst} times`,
    missed.map(({ outcome, value }) => at(outcome, value.toFixed(2))),
  )
}

const line = (holds: boolean, what: string, missed: readonly string[]): string =>
  `  ${holds ? 'yes' : 'no '}  ${what}${missed.length === 0 ? '' : ` (${missed.join(', ')})`}`

const at = (outcome: Outcome, figure: string): string =>
  `${outcome.workload}${outcome.cost === 'size' ? '' : ` ${outcome.cost}`} at ${Math.round(outcome.share * 100)}%: ${figure}`

const highestPeak = (outcome: Outcome): number =>
  Math.max(outcome.clairvoyant.peak, ...outcome.results.map((result) => result.peak))

/** Nothing to pay on either side is as good as it gets. */
export const ratio = (cost: number, reference: number): number => (cost === reference ? 1 : cost / reference)
