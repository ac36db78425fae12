import type { Ledger } from '../contract/ledger.ts'
import { unclaimedNative } from '../memory/account/ledger.ts'
import { HistoryTier, totals } from './history-tier.ts'
import type { Measured, Point, Total } from './history-tier.ts'

const [second, minute, hour] = [1_000, 60_000, 3_600_000]

/** The finest first; ms. Guessed: a plot a thousand pixels wide shows no more points than each of them has. */
const tiers = [
  { spacing: 500, span: 15 * minute },
  { spacing: 10 * second, span: 3 * hour },
  { spacing: minute, span: 24 * hour },
]
/** Points of a timeline that a page wants. */
export const usualPoints = 400
/** ms that can be looked back. */
export const span = { usual: 15 * minute, most: 24 * hour }

/** Columns of one length. Epoch ms, bytes. */
export interface HistoryView {
  readonly times: readonly number[]
  readonly totals: Readonly<Record<Total, readonly number[]>>
  /** The largest, largest first. */
  readonly components: readonly { readonly name: string; readonly values: readonly number[] }[]
  /** All other components together. */
  readonly others: readonly number[]
}

/** The memory of the last day: closely for the last minutes, in coarser steps before. */
export class MemoryHistory {
  readonly #tiers = tiers.map(({ spacing, span }) => new HistoryTier(spacing, span))

  add(ledger: Ledger): void {
    const last = this.#last()
    // The clock was set back. How long ago things were is what a history tells, and it goes on from here.
    if (last && ledger.time < timeOf(last)) this.#shift(ledger.time - timeOf(last) - 1)
    const measured = measuredOf(ledger)
    for (const tier of this.#tiers) tier.add(measured)
  }

  /**
   * @param points at most so many: of those that fall together, the one with the highest usage.
   * @param largest so many components get a column of their own.
   * @param back ms before the last point.
   */
  view(points: number, largest: number, back: number = span.usual): HistoryView {
    const picked = this.#pick(points, back)
    const names = new Set([...new Set(picked.map(({ block }) => block))].flatMap(({ names }) => [...names]))
    const ranked = Array.from(names, (name) => ({ name, values: valuesOf(name, picked) }))
      .map((entry) => ({ ...entry, peak: Math.max(0, ...entry.values) }))
      .filter(({ peak }) => peak > 0)
      .sort((a, b) => b.peak - a.peak)
    const rest = ranked.slice(largest)
    const total = (name: Total): number[] => picked.map(({ block, at }) => Math.round(block.total(name, at)))
    return {
      times: picked.map(timeOf),
      totals: Object.fromEntries(totals.map((name) => [name, total(name)])) as Record<Total, number[]>,
      components: ranked.slice(0, largest).map(({ name, values }) => ({ name, values })),
      others: picked.map((_, i) => rest.reduce((sum, { values }) => sum + (values[i] ?? 0), 0)),
    }
  }

  /** One component's totals. */
  of(
    name: string,
    points: number,
    back: number = span.usual,
  ): { readonly times: readonly number[]; readonly values: readonly number[] } {
    const picked = this.#pick(points, back)
    return { times: picked.map(timeOf), values: valuesOf(name, picked) }
  }

  /** Oldest first, from the finest tier that reaches so far back, up to the last measurement. */
  #pick(points: number, back: number): Point[] {
    const last = this.#last()
    if (!last) return []
    const from = timeOf(last) - back
    const tier = this.#tiers.find((each) => each.reaches(from)) ?? this.#tiers.at(-1)
    const all = tier?.since(from) ?? []
    // What is kept of the step that is under way may be its peak, and not where it stands.
    const newest = all.at(-1)
    if (newest && timeOf(newest) < timeOf(last)) all.push(last)
    const step = Math.max(1, Math.ceil(all.length / points))
    const picked: Point[] = []
    for (let start = 0; start < all.length; start += step) picked.push(highest(all.slice(start, start + step)))
    return picked
  }

  #last(): Point | undefined {
    return this.#tiers[0]?.last
  }

  #shift(by: number): void {
    for (const tier of this.#tiers) tier.shift(by)
  }
}

const timeOf = ({ block, at }: Point): number => block.times[at] ?? 0

function valuesOf(name: string, points: readonly Point[]): number[] {
  let current: Point['block'] | undefined
  let value: ((at: number) => number) | undefined
  return points.map(({ block, at }) => {
    if (block !== current) {
      current = block
      value = block.component(name)
    }
    return value?.(at) ?? 0
  })
}

/** Of several points, which are at least one. */
function highest(points: readonly Point[]): Point {
  return points.reduce((best, point) =>
    point.block.total('usage', point.at) > best.block.total('usage', best.at) ? point : best,
  )
}

function measuredOf(ledger: Ledger): Measured {
  const { time, usage, limit, rss, mainThread, unattributed, reservations, extra, components } = ledger
  return {
    time,
    totals: {
      usage,
      limit,
      rss,
      main: mainThread.total,
      unattributed,
      reservations,
      spare: extra.reduce((sum, { total }) => sum + total, 0),
      native: unclaimedNative(ledger),
    },
    components: new Map(Object.entries(components).map(([name, { total }]) => [name, total])),
  }
}
