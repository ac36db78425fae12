import { GAP_DECAY, GAP, NEGLIGIBLE_GAPS } from '../tuning.ts'

const BINS = Math.log2(GAP.longest)

/** Gaps that end between `from` and `to` (ms), evenly spread; `density` is their part of all gaps for each ms. */
export interface GapPiece {
  readonly from: number
  readonly to: number
  readonly density: number
}

/**
 * A histogram of gaps (ms, at least 1) that forgets slowly. Each bin spans a factor of 2, but is as wide as its gaps are
 * spread, whatever its borders: a timer's gaps stay a narrow peak, and a bin that has seen one gap only stands for a
 * wide range. For that it keeps their number, sum and sum of squares, old ones counting less.
 */
export class GapHistogram {
  private readonly count = new Float64Array(BINS)
  private readonly sum = new Float64Array(BINS)
  private readonly squares = new Float64Array(BINS)
  private total = 0
  /** Asked for far more often than gaps are added. */
  private known: readonly GapPiece[] | undefined

  add(gap: number): void {
    this.known = undefined
    for (const values of [this.count, this.sum, this.squares]) {
      for (let bin = 0; bin < BINS; bin++) values[bin] = (values[bin] ?? 0) * GAP_DECAY
    }
    const bin = Math.min(BINS - 1, Math.floor(Math.log2(gap)))
    this.count[bin] = (this.count[bin] ?? 0) + 1
    this.sum[bin] = (this.sum[bin] ?? 0) + gap
    this.squares[bin] = (this.squares[bin] ?? 0) + gap * gap
    this.total = this.total * GAP_DECAY + 1
  }

  /** How many gaps count, older ones in part. */
  get gaps(): number {
    return this.total
  }

  /** How much of the next gap may be like none before: as much as of one gap seen. */
  get unseenShare(): number {
    return 1 / (1 + this.total)
  }

  /** What the next gap may be, apart from `unseenShare`. */
  get pieces(): readonly GapPiece[] {
    this.known ??= this.derive()
    return this.known
  }

  private derive(): GapPiece[] {
    const pieces: GapPiece[] = []
    const seen = 1 - this.unseenShare
    for (const [bin, gaps] of this.count.entries()) {
      if (gaps < NEGLIGIBLE_GAPS) continue
      const mean = (this.sum[bin] ?? 0) / gaps
      const variance = Math.max(0, (this.squares[bin] ?? 0) / gaps - mean * mean)
      // The half width of an even spread with this variance, and what so few gaps leave open.
      const half = Math.sqrt(3 * variance) + mean / (gaps + 1) + 1
      const [from, to] = [Math.max(0, mean - half), mean + half]
      pieces.push({ from, to, density: (seen * gaps) / this.total / (to - from) })
    }
    return pieces
  }
}
