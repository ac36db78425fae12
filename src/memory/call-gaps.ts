const SHORTEST = 16
const BINS_PER_OCTAVE = 2
const BINS = 52
const DECAY = +(process.env.DECAY ?? 0.97)
const FAST = +(process.env.FAST ?? 0.8)
const SLOW = +(process.env.SLOW ?? 0.98)
const FORGET = +(process.env.FORGET ?? 0.95)
const TAIL = +(process.env.TAIL ?? 0.1)
const CLIP = +(process.env.CLIP ?? 5)
const WIDE = +(process.env.WIDE ?? 0.17)
const MODE = process.env.MODE ?? 'fsh'

export class CallGaps {
  private readonly weight = new Float64Array(BINS)
  private readonly sum = new Float64Array(BINS)
  private readonly squares = new Float64Array(BINS)
  private total = 0
  private unit = 1
  count = 0
  private fastW = 0
  private fastS = 0
  private slowW = 0
  private slowS = 0
  private score = { f: 0, s: 0, h: 0 }

  record(gap: number): void {
    const g = Math.max(gap, 1)
    if (this.count > 0) {
      const mf = this.fastS / this.fastW
      const ms = this.slowS / this.slowW
      const lf = -Math.log(mf) - g / mf
      const ls = -Math.log(ms) - g / ms
      const lh = Math.log(this.density(g))
      const floor = Math.max(lf, ls, lh) - CLIP
      this.score.f = FORGET * this.score.f + Math.max(floor, lf)
      this.score.s = FORGET * this.score.s + Math.max(floor, ls)
      this.score.h = FORGET * this.score.h + Math.max(floor, lh)
    }
    this.fastW = this.fastW * FAST + 1
    this.fastS = this.fastS * FAST + g
    this.slowW = this.slowW * SLOW + 1
    this.slowS = this.slowS * SLOW + g
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor(Math.log2(g / SHORTEST) * BINS_PER_OCTAVE)))
    this.unit /= DECAY
    const u = this.unit
    this.weight[bin]! += u
    this.sum[bin]! += u * g
    this.squares[bin]! += u * g * g
    this.total += u
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
    this.unit = 1
  }

  private *pieces(): Generator<[number, number, number]> {
    const u = 1 / this.unit
    const norm = 1 / (this.total * u + TAIL)
    for (let i = 0; i < BINS; i++) {
      const w = this.weight[i]! * u
      if (w < 1e-3) continue
      const m = this.sum[i]! / this.weight[i]!
      const variance = Math.max(0, this.squares[i]! / this.weight[i]! - m * m)
      const half = Math.sqrt(3 * variance) + (WIDE * m) / (w + 1) + 5
      yield [Math.max(0, m - half), m + half, w * norm]
    }
  }

  private density(g: number): number {
    const scale = this.slowS / this.slowW
    const tail = TAIL / (this.total / this.unit + TAIL)
    let d = (tail / scale) * (1 + g / scale) ** -2
    for (const [lo, hi, w] of this.pieces()) if (g >= lo && g < hi) d += w / (hi - lo)
    return d
  }

  /** Highest ratio over horizons of P(call within horizon) to expected time kept, 1/ms. */
  index(idle: number): number {
    if (this.total === 0) return 0
    const mf = this.fastS / this.fastW
    const ms = this.slowS / this.slowW
    const { f, s, h } = this.score
    const top = Math.max(f, s, h)
    const wf = MODE.includes('f') ? Math.exp(f - top) : 0
    const wsl = MODE.includes('s') ? Math.exp(s - top) : 0
    const wh = MODE.includes('h') ? Math.exp(h - top) : 1e-9
    const live: [number, number, number][] = []
    for (const p of this.pieces()) if (p[1] > idle) live.push(p)
    const ef = wf * Math.exp(-idle / mf)
    const es = wsl * Math.exp(-idle / ms)
    const tail = (TAIL / (this.total / this.unit + TAIL)) * wh
    const t0 = 1 + idle / ms
    let best = 0
    const at = (x: number): void => {
      const d = x - idle
      if (!(d > 0)) return
      const pf = ef * -Math.expm1(-d / mf)
      const ps = es * -Math.expm1(-d / ms)
      const t1 = 1 + x / ms
      let p = pf + ps + tail * (1 / t0 - 1 / t1)
      let t = pf * mf + ps * ms + tail * ms * Math.log(t1 / t0)
      for (const [lo, hi, ww] of live) {
        const w = (wh * ww) / (hi - lo)
        const a = Math.max(lo, idle)
        const b = Math.min(hi, x)
        const mass = b > a ? w * (b - a) : 0
        p += mass
        t += mass * ((a + b) / 2 - idle)
        if (hi > x) t += w * (hi - Math.max(a, x)) * d
      }
      const r = p / t
      if (r > best) best = r
    }
    for (const [, hi] of live) at(hi)
    at(idle + ms * 0.25)
    at(idle + ms)
    at(idle + ms * 4)
    at(idle + mf * 0.25)
    at(idle + mf)
    at(idle + mf * 4)
    return best
  }
}
