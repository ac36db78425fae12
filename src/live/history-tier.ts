/** What the whole process is plotted by. Bytes. */
export const totals = ['usage', 'limit', 'rss', 'main', 'unattributed', 'reservations', 'spare', 'native'] as const
export type Total = (typeof totals)[number]

/** One measurement. Epoch ms, bytes. */
export interface Measured {
  readonly time: number
  readonly totals: Readonly<Record<Total, number>>
  /** By name; those that are loaded. */
  readonly components: ReadonlyMap<string, number>
}

/** Where a point is: its block, and its place there. */
export interface Point {
  readonly block: HistoryBlock
  readonly at: number
}

/** Points of one block. Blocks are dropped whole: the more points in one, the more is kept beyond what was asked for, and the fewer arrays there are. */
const blockLength = 180

/** A component's figures are kept in two bytes each, as MiB to three digits: from 64 bytes to 64 GiB. */
const unit = 1024 ** 2
const mostUnits = 65_504

/** A stretch of time in columns; one row for each component that was loaded in it. */
class HistoryBlock {
  readonly times = new Float64Array(blockLength)
  readonly #totals = new Float64Array(blockLength * totals.length)
  readonly #rows = new Map<string, number>()
  #components: Float16Array
  length = 0

  /** @param expected components that are likely to be in it. */
  constructor(expected: number) {
    this.#components = new Float16Array(expected * blockLength)
  }

  set(at: number, { time, totals: figures, components }: Measured): void {
    this.length = Math.max(this.length, at + 1)
    this.times[at] = time
    for (const [index, total] of totals.entries()) this.#totals[index * blockLength + at] = figures[total]
    for (const row of this.#rows.values()) this.#components[row * blockLength + at] = 0
    for (const [name, bytes] of components) {
      // Before the array is named: there may be a larger one then.
      const row = this.#rowOf(name)
      this.#components[row * blockLength + at] = Math.min(bytes / unit, mostUnits)
    }
  }

  total(name: Total, at: number): number {
    return this.#totals[totals.indexOf(name) * blockLength + at] ?? 0
  }

  /** By point; undefined: it was not loaded at any of them. */
  component(name: string): ((at: number) => number) | undefined {
    const row = this.#rows.get(name)
    if (row === undefined) return undefined
    const first = row * blockLength
    return (at) => Math.round((this.#components[first + at] ?? 0) * unit)
  }

  get names(): Iterable<string> {
    return this.#rows.keys()
  }

  #rowOf(name: string): number {
    const known = this.#rows.get(name)
    if (known !== undefined) return known
    const row = this.#rows.size
    this.#rows.set(name, row)
    if ((row + 1) * blockLength > this.#components.length) {
      // By a quarter: what is left over is small, and so is what is copied in all.
      const larger = new Float16Array(Math.ceil((row + 1) * 1.25) * blockLength)
      larger.set(this.#components)
      this.#components = larger
    }
    return row
  }
}
export type { HistoryBlock }

/** Measurements at one spacing: of those that fall together, the one with the highest usage, so that no peak is lost. */
export class HistoryTier {
  readonly #spacing: number
  readonly #most: number
  #blocks: HistoryBlock[] = []
  #dropped = false

  /**
   * @param spacing ms.
   * @param span ms that are kept at least, where there is a point in each `spacing`.
   */
  constructor(spacing: number, span: number) {
    this.#spacing = spacing
    this.#most = Math.ceil(span / spacing / blockLength) + 1
  }

  /** @param measured not before the last one. */
  add(measured: Measured): void {
    const block = this.#blocks.at(-1)
    const at = (block?.length ?? 0) - 1
    if (block && this.#step(block.times[at] ?? 0) === this.#step(measured.time)) {
      if (measured.totals.usage > block.total('usage', at)) block.set(at, measured)
    } else if (block && block.length < blockLength) block.set(block.length, measured)
    else this.#begin(measured)
  }

  /** Moves all that there is by so many ms. */
  shift(by: number): void {
    for (const { times, length } of this.#blocks) {
      for (let at = 0; at < length; at++) times[at] = (times[at] ?? 0) + by
    }
  }

  /** Whether all that was measured since then is here, as closely as this tier keeps it. */
  reaches(from: number): boolean {
    return !this.#dropped || (this.#blocks[0]?.times[0] ?? Number.POSITIVE_INFINITY) <= from
  }

  /** Oldest first. */
  since(from: number): Point[] {
    const points: Point[] = []
    for (const block of this.#blocks) {
      for (let at = 0; at < block.length; at++) if ((block.times[at] ?? 0) >= from) points.push({ block, at })
    }
    return points
  }

  get last(): Point | undefined {
    const block = this.#blocks.at(-1)
    return block && { block, at: block.length - 1 }
  }

  #begin(measured: Measured): void {
    const block = new HistoryBlock(measured.components.size)
    block.set(0, measured)
    this.#blocks.push(block)
    if (this.#blocks.length <= this.#most) return
    this.#blocks.shift()
    this.#dropped = true
  }

  #step(time: number): number {
    return Math.floor(time / this.#spacing)
  }
}
