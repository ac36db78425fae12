/** The middle of some numbers, and how far they lie apart. */
export interface Spread {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** The value below which `share` of the values lie; the mean of the two in the middle for the median of an even number. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  if (share === 0.5 && sorted.length % 2 === 0) {
    const upper = sorted.length / 2
    return ((sorted[upper - 1] ?? Number.NaN) + (sorted[upper] ?? Number.NaN)) / 2
  }
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

/** None of no values. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined
  return { median: quantile(values, 0.5), low: Math.min(...values), high: Math.max(...values) }
}

/**
 * Of the quotients of two contenders round by round, not the quotient of their medians: what else the machine did in a round was the same for both.
 * Rounds without a number on either side, or with nothing to divide by, are left out.
 */
export function ratios(ours: readonly unknown[], theirs: readonly unknown[]): Spread | undefined {
  return spreadOf(
    ours.flatMap((value, round) => {
      const other = theirs[round]
      return typeof value === 'number' && typeof other === 'number' && other !== 0 ? [value / other] : []
    }),
  )
}
