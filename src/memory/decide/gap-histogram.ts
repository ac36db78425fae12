/** Bins each span a factor of sqrt(2), from 16 ms to 18 days. */
const SHORTEST = 16
const BINS_PER_OCTAVE = 2
const BINS = 54
/** How much a gap counts relative to the one after it: about the last two hundred count. */
const DECAY = 0.995
/** Rescale before the growing unit leaves the range of a double. */
const LARGEST_UNIT = 1e100
/** What has decayed below this (in gaps) is left out. */
const NEGLIGIBLE = 0.01

/** Gaps that end between `from` and `to` (ms), evenly spread; `density` is their part of all gaps for each ms. */
export interface GapPiece {
  readonly from: number
  readonly to: number
  readonly density: number
}

/**
 * A histogram of gaps (ms) that forgets slowly. A bin is as wide as its gaps are spread, whatever its borders: a
 * timer's gaps stay a narrow peak, and a bin that has seen one gap only stands for a wide range.
 *
 * Each bin keeps the decayed count, sum and sum of squares. Instead of shrinking what is old, the unit of what is new
 * grows.
 */
export class GapHistogram {
  private readonly count = new Float64Array(BINS)
  private readonly sum = new Float64Array(BINS)
  private readonly squares = new Float64Array(BINS)
  private total = 0
  private unit = 1
  /** Asked for far more often than gaps are added. */
  private known: readonly GapPiece[] | undefined

  add(gap: number): void {
    this.known = undefined
    this.unit /= DECAY
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor(Math.log2(gap / SHORTEST) * BINS_PER_OCTAVE)))
    this.count[bin] = (this.count[bin] ?? 0) + this.unit
    this.sum[bin] = (this.sum[bin] ?? 0) + this.unit * gap
    this.squares[bin] = (this.squares[bin] ?? 0) + this.unit * gap * gap
    this.total += this.unit
    if (this.unit > LARGEST_UNIT) this.rescale()
  }

  /** How many gaps count, older ones in part. */
  get gaps(): number {
    return this.total / this.unit
  }

  /** How much of the next gap may be like none before: as much as of one gap seen. */
  get unseenShare(): number {
    return 1 / (1 + this.gaps)
  }

  /** What the next gap may be, apart from `unseenShare`. */
  get pieces(): readonly GapPiece[] {
    this.known ??= this.derive()
    return this.known
  }

  private derive(): GapPiece[] {
    const pieces: GapPiece[] = []
    const seen = 1 - this.unseenShare
    for (let bin = 0; bin < BINS; bin++) {
      const weight = this.count[bin] ?? 0
      const gaps = weight / this.unit
      if (gaps < NEGLIGIBLE) continue
      const mean = (this.sum[bin] ?? 0) / weight
      const variance = Math.max(0, (this.squares[bin] ?? 0) / weight - mean * mean)
      // The half width of an even spread with this variance, and what so few gaps leave open.
      const half = Math.sqrt(3 * variance) + mean / (gaps + 1) + 1
      const [from, to] = [Math.max(0, mean - half), mean + half]
      pieces.push({ from, to, density: (seen * weight) / this.total / (to - from) })
    }
    return pieces
  }

  private rescale(): void {
    for (const values of [this.count, this.sum, this.squares]) {
      for (let bin = 0; bin < BINS; bin++) values[bin] = (values[bin] ?? 0) / this.unit
    }
    this.total /= this.unit
    this.unit = 1
  }
}
