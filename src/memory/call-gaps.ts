/** Gaps are sorted into bins that each span a factor of sqrt(2), from 16 ms up. */
const SHORTEST = 16
const BINS_PER_OCTAVE = 2
const BINS = 52
/** Weight of a gap relative to the one after it: about the last 30 count. */
const DECAY = +(process.env.DECAY ?? 0.97)
const PRIOR = +(process.env.PRIOR ?? 4)
const TAIL = +(process.env.TAIL ?? 0.5)

export class CallGaps {
  private readonly weight = new Float64Array(BINS)
  private readonly sum = new Float64Array(BINS)
  private readonly squares = new Float64Array(BINS)
  private total = 0
  private totalSum = 0
  private unit = 1
  count = 0

  record(gap: number): void {
    const g = Math.max(gap, 1)
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor(Math.log2(g / SHORTEST) * BINS_PER_OCTAVE)))
    this.unit /= DECAY
    const u = this.unit
    this.weight[bin]! += u
    this.sum[bin]! += u * g
    this.squares[bin]! += u * g * g
    this.total += u
    this.totalSum += u * g
    this.count++
    if (this.unit > 1e100) this.rescale()
  }

  private rescale(): void {
    const f = 1 / this.unit
    for (let i = 0; i < BINS; i++) {
      this.weight[i]! *= f
      this.sum[i]! *= f
      this.squares[i]! *= f
    }
    this.total *= f
    this.totalSum *= f
    this.unit = 1
  }

  mean(): number {
    return this.total > 0 ? this.totalSum / this.total : Number.POSITIVE_INFINITY
  }

  /** Highest ratio over horizons of P(call within horizon) to expected time kept, 1/ms. */
  index(idle: number): number {
    if (this.total === 0) return 0
    const mean = this.totalSum / this.total
    const u = 1 / this.unit
    // atoms: uniform pieces [lo, hi] weight w
    const los: number[] = []
    const his: number[] = []
    const ws: number[] = []
    for (let i = 0; i < BINS; i++) {
      const w = this.weight[i]! * u
      if (w < 1e-3) continue
      const m = this.sum[i]! / this.weight[i]!
      const variance = Math.max(0, this.squares[i]! / this.weight[i]! - m * m)
      const half = Math.sqrt(3 * variance) + (0.17 * m) / (w + 1) + 5
      const lo = Math.max(0, m - half)
      const hi = m + half
      if (hi <= idle) continue
      los.push(lo)
      his.push(hi)
      ws.push(w)
    }
    // survival pieces conditional on > idle (unnormalised)
    const expW = PRIOR * Math.exp(-idle / mean)
    const tailScale = mean
    const tailW = TAIL / (1 + idle / tailScale)
    let best = 0
    const horizons = [...his, idle + mean, idle + 0.25 * mean, idle + 4 * mean]
    for (const x of horizons) {
      if (x <= idle) continue
      const d = x - idle
      let p = expW * (1 - Math.exp(-d / mean))
      let t = expW * mean * (1 - Math.exp(-d / mean))
      // pareto: survival tail: TAIL/(1+y/s)
      p += tailW - TAIL / (1 + x / tailScale)
      t += TAIL * tailScale * Math.log((1 + x / tailScale) / (1 + idle / tailScale))
      for (let j = 0; j < ws.length; j++) {
        const lo = los[j]!
        const hi = his[j]!
        const w = ws[j]! / (hi - lo)
        const a = Math.max(lo, idle)
        // mass in (idle, x]
        const b = Math.min(hi, x)
        const mass = b > a ? w * (b - a) : 0
        p += mass
        // time: those ending within: mean position - idle; those beyond: d
        t += mass * ((a + b) / 2 - idle)
        const beyond = hi > x ? w * (hi - Math.max(a, x)) : 0
        t += beyond * d
      }
      const r = p / t
      if (r > best) best = r
    }
    return best
  }
}
