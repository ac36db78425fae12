import type { CaseResults, ContenderResults, Verdict } from './results.ts'
import { valuesOf } from './results.ts'
import { quantile, ratios, spreadOf } from './statistics.ts'
import type { Spread } from './statistics.ts'
import type { Figure, Target } from './suite.ts'

type Measured = Omit<CaseResults, 'verdicts'>

/** A verdict for each target of a case. */
export function judge(results: Measured, targets: readonly Target[], quick: boolean): Verdict[] {
  return targets.map((target) => judgeOne(results, target, quick))
}

function judgeOne(results: Measured, target: Target, quick: boolean): Verdict {
  const { figure: id, of = 'spillway', against, most = Infinity, least = -Infinity, fullOnly = false } = target
  const index = results.figures.findIndex((figure) => figure.id === id)
  const figure = results.figures[index]
  const ours = results.contenders.find(({ name }) => name === of)
  if (!figure || !ours) throw new Error(`${results.id}: a target names the figure ${id} of ${of}, which is not there`)
  const wanted = `wanted ${Number.isFinite(most) ? `at most ${most}` : `at least ${least}`}`
  const verdict = (result: Verdict['result'], had: string): Verdict => ({
    result,
    text: `${results.title}: ${figure.title}: ${had}, ${wanted}`,
  })
  if (quick && fullOnly) return verdict('not judged', 'not with --quick')
  const other =
    against === 'best' ? best(results, figure, index, of) : results.contenders.find(({ name }) => name === against)
  const values = valuesOf(ours, index)
  const numbers = spreadOf(values.filter((value) => typeof value === 'number'))
  if (!numbers) return verdict('MISSED', ours.missing ?? 'no figures')
  const spread = against === undefined ? numbers : other && ratios(values, valuesOf(other, index))
  if (!spread) return verdict('not judged', `nothing of ${other?.name ?? against} to compare with`)
  const had = other ? `${shown(spread)} times ${other.name}` : `${shown(spread)} ${figure.unit}`.trimEnd()
  return verdict(spread.median <= most && spread.median >= least ? 'met' : 'MISSED', had)
}

/** The best of all others by its median. */
function best({ contenders }: Measured, { better }: Figure, index: number, of: string): ContenderResults | undefined {
  const medians = contenders.flatMap((contender) => {
    const values = valuesOf(contender, index).filter((value) => typeof value === 'number')
    return contender.name === of || values.length === 0 ? [] : [{ contender, median: quantile(values, 0.5) }]
  })
  return medians.toSorted((a, b) => (better === 'less' ? a.median - b.median : b.median - a.median))[0]?.contender
}

function shown({ median, low, high }: Spread): string {
  return low === high ? median.toFixed(2) : `${median.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`
}
