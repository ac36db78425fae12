/** Buckets per doubling: a quantile is right to within 9%. */
const perOctave = 8
/** ms: everything shorter is in the first bucket. */
const shortest = 0.01
/** From 10 µs to 3 minutes. */
const buckets = perOctave * 24
const slices = 4

/** How long calls took during the last minute or so, in little space: quantiles from logarithmic buckets, forgotten slice by slice. */
export class LatencyWindow {
  readonly #slice: number
  readonly #counts = Array.from({ length: slices }, () => new Uint32Array(buckets))
  /** Of all slices. */
  readonly #total = new Float64Array(buckets)
  #count = 0
  #current = 0
  #startedAt: number

  /**
   * @param now ms of a monotonic clock.
   * @param span ms that are looked back on: between three quarters of it and all of it.
   */
  constructor(now: number, span = 60_000) {
    this.#slice = span / slices
    this.#startedAt = now
  }

  /** @param duration ms. */
  record(duration: number, now: number): void {
    this.#turn(now)
    const bucket = Math.floor(Math.log2(Math.max(duration, shortest) / shortest) * perOctave)
    const index = Math.min(bucket, buckets - 1)
    this.#counts[this.#current]![index]!++
    this.#total[index]!++
    this.#count++
  }

  /** ms below which each share of the calls stayed; null where there were none. */
  quantiles(shares: readonly number[], now: number): (number | null)[] {
    this.#turn(now)
    return shares.map((share) =>
      this.#count === 0 ? null : valueAt(this.#total, Math.max(1, Math.ceil(share * this.#count))),
    )
  }

  #turn(now: number): void {
    const passed = Math.floor((now - this.#startedAt) / this.#slice)
    if (passed <= 0) return
    this.#startedAt += passed * this.#slice
    for (let step = 0; step < Math.min(passed, slices); step++) {
      this.#current = (this.#current + 1) % slices
      const counts = this.#counts[this.#current]!
      for (const [bucket, calls] of counts.entries()) {
        this.#total[bucket]! -= calls
        this.#count -= calls
      }
      counts.fill(0)
    }
  }
}

/** The middle of the bucket that the call of that rank is in. */
function valueAt(counts: Float64Array, rank: number): number {
  let seen = 0
  for (let bucket = 0; bucket < buckets; bucket++) {
    seen += counts[bucket] ?? 0
    if (seen >= rank) return shortest * 2 ** ((bucket + 0.5) / perOctave)
  }
  return shortest * 2 ** (buckets / perOctave)
}
