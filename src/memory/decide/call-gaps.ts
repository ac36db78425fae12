import type { CallGaps } from '../../contract/unload-policy.ts'
import { DOUBT, GAP, LONG_TERM_DECAY, RECENT_DECAY, SCORE_DECAY, TRIED_MEANS } from '../tuning.ts'
import { GapHistogram, type GapPiece } from './gap-histogram.ts'

/** A single surprise costs a model at most this much more than the best one: what a score can remember. */
const WORST_SURPRISE = 1 / (1 - SCORE_DECAY)

/**
 * Calls at random: the sum of gaps (ms) and their number, older ones counting less, and how well this has predicted.
 */
interface RandomCalls {
  readonly decay: number
  weight: number
  sum: number
  score: number
}

/**
 * What is known of the times between a component's calls: from its becoming idle to the next call, and from its
 * registration to the first one. It outlives the component's workers, as gaps do.
 *
 * Three models of the next gap are kept: calls at random with the recent rate, calls at random with the long-term rate,
 * and a histogram of gaps, which sees timers and bursts. Each is believed as far as it predicted the gaps so far: by
 * its likelihood, with older gaps counting less. So a change of popularity is noticed within ten calls, a steady rate
 * is estimated from many, and neither has to be configured.
 */
export class RecordedGaps implements CallGaps {
  private readonly recent: RandomCalls = { decay: RECENT_DECAY, weight: 0, sum: 0, score: 0 }
  private readonly longTerm: RandomCalls = { decay: LONG_TERM_DECAY, weight: 0, sum: 0, score: 0 }
  private histogramScore = 0
  /** Made with the first gap: of many registered components most may never be called. */
  private histogram: GapHistogram | undefined
  /** One plan asks for the same more than once. */
  private asked: { readonly idle: number; readonly value: number } | undefined

  /** Adds a gap, ms. Takes about a microsecond. */
  record(gap: number): void {
    const value = gap > GAP.shortest ? Math.min(gap, GAP.longest) : GAP.shortest
    if (this.histogram !== undefined) this.judge(value, this.histogram)
    for (const model of [this.recent, this.longTerm]) {
      model.weight = model.weight * model.decay + 1
      model.sum = model.sum * model.decay + value
    }
    this.histogram ??= new GapHistogram()
    this.histogram.add(value)
    this.asked = undefined
  }

  /**
   * What keeping the component loaded is worth after `idle` ms without a call: the chance of a call within some time
   * from now, divided by how long (ms) it is kept for that (to the call, or to the end of that time), for the time at
   * which this is highest. 0 while no gap is known.
   *
   * Multiplied by the cost of a reload and divided by bytes, it is the highest price of memory (cost per byte and ms)
   * at which keeping the component still pays: the index by which Gittins and Whittle rank what competes for one
   * resource. For random calls it is their rate; for a timer one by the time left; for a burst the rate within it, and
   * soon after its end the rate of bursts.
   *
   * A short time for which a few gaps happen to speak looks better than it is, so its value is drawn towards that of
   * the whole distribution, the more the fewer they are.
   */
  keepValue(idle: number): number {
    const { histogram, asked } = this
    if (histogram === undefined) return 0
    if (asked?.idle === idle) return asked.value
    const value = valueOf(this.gapsBeyond(idle, histogram), histogram.gaps)
    this.asked = { idle, value }
    return value
  }

  private gapsBeyond(idle: number, histogram: GapHistogram): GapsAhead {
    const best = Math.max(this.recent.score, this.longTerm.score, this.histogramScore)
    return {
      idle,
      random: [this.recent, this.longTerm].map(({ score, sum, weight }) => {
        const mean = sum / weight
        return { mean, left: Math.exp(score - best - idle / mean) }
      }),
      pieces: histogram.pieces,
      belief: Math.exp(this.histogramScore - best),
      unseen: histogram.unseenShare,
      scale: this.longTerm.sum / this.longTerm.weight,
    }
  }

  /** Scores each model by the likelihood that it gave to the gap. */
  private judge(gap: number, histogram: GapHistogram): void {
    const scale = this.longTerm.sum / this.longTerm.weight
    const unseen = (histogram.unseenShare * scale) / (scale + gap) ** 2
    const byHistogram = Math.log(unseen + densityAt(histogram.pieces, gap))
    const byRecent = logDensity(this.recent, gap)
    const byLongTerm = logDensity(this.longTerm, gap)
    const worst = Math.max(byHistogram, byRecent, byLongTerm) - WORST_SURPRISE
    const scored = (score: number, likelihood: number): number => score * SCORE_DECAY + Math.max(worst, likelihood)
    this.recent.score = scored(this.recent.score, byRecent)
    this.longTerm.score = scored(this.longTerm.score, byLongTerm)
    this.histogramScore = scored(this.histogramScore, byHistogram)
  }
}

/**
 * What may be left of a gap that has lasted for `idle` already. All parts have the same scale, which need not add up to
 * 1.
 */
interface GapsAhead {
  readonly idle: number
  /** Exponentially distributed rest with this mean; `left` is how much of the model is left. */
  readonly random: readonly { readonly mean: number; readonly left: number }[]
  /** What is beyond `idle` of each, evenly; all of them times `belief`. */
  readonly pieces: readonly GapPiece[]
  readonly belief: number
  /** What is like nothing seen: a Pareto tail, so the longer it has lasted, the longer it will. */
  readonly unseen: number
  readonly scale: number
}

function valueOf(ahead: GapsAhead, gaps: number): number {
  const { idle } = ahead
  const ends: number[] = []
  for (const { to } of ahead.pieces) if (to > idle) ends.push(to)
  for (const { mean } of ahead.random) for (const times of TRIED_MEANS) ends.push(idle + times * mean)
  const whole = worthUntil(Math.max(...ends), ahead)
  const overall = whole.kept > 0 ? whole.chance / whole.kept : 0
  let value = overall
  for (const end of ends) {
    const { chance, kept } = worthUntil(end, ahead)
    if (!(kept > 0)) continue
    const worth = chance / kept
    if (worth > value) value = Math.max(value, worth * (overall / worth) ** (DOUBT / (gaps * chance + DOUBT)))
  }
  return value
}

/**
 * The chance that the gap ends before `end`, and the time that it takes until then, each times what is left of the gap.
 */
function worthUntil(end: number, ahead: GapsAhead): { chance: number; kept: number } {
  const { unseen, scale, idle, belief } = ahead
  const span = end - idle
  if (!(span > 0)) return { chance: 0, kept: 0 }
  let chance = 0
  let kept = 0
  for (const piece of ahead.pieces) {
    const { to, density } = piece
    if (to <= idle) continue
    const from = piece.from > idle ? piece.from : idle
    if (from >= end) {
      kept += density * (to - from) * span
      continue
    }
    const inside = (to < end ? to : end) - from
    chance += density * inside
    kept += density * inside * (from - idle + inside / 2)
    if (to > end) kept += density * (to - end) * span
  }
  chance = belief * chance + unseen * (scale / (scale + idle) - scale / (scale + end))
  kept = belief * kept + unseen * scale * Math.log((scale + end) / (scale + idle))
  for (const { mean, left } of ahead.random) {
    const ends = left * -Math.expm1(-span / mean)
    chance += ends
    kept += ends * mean
  }
  return { chance, kept }
}

function logDensity({ sum, weight }: RandomCalls, gap: number): number {
  const mean = sum / weight
  return -Math.log(mean) - gap / mean
}

function densityAt(pieces: readonly GapPiece[], gap: number): number {
  let density = 0
  for (const piece of pieces) if (gap >= piece.from && gap < piece.to) density += piece.density
  return density
}
