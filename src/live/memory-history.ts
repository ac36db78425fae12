import type { Ledger } from '../contract/ledger.ts'
import { unclaimedNative } from '../memory/account/ledger.ts'

/** ms between two points that are kept: what comes sooner replaces nothing and is not kept. */
const spacing = 500
/** A quarter of an hour. */
const capacity = 1_800

/** What the whole process is plotted by. Bytes. */
const totals = ['usage', 'limit', 'rss', 'main', 'unattributed', 'reservations', 'spare', 'native'] as const
export type Total = (typeof totals)[number]

/** Columns of one length. Epoch ms, bytes. */
export interface HistoryView {
  readonly times: readonly number[]
  readonly totals: Readonly<Record<Total, readonly number[]>>
  /** The largest, largest first. */
  readonly components: readonly { readonly name: string; readonly values: readonly number[] }[]
  /** All other components together. */
  readonly others: readonly number[]
}

/** The memory of the last minutes in columns of fixed size, oldest points overwritten. */
export class MemoryHistory {
  readonly #times = new Float64Array(capacity)
  readonly #totals = new Map(totals.map((total) => [total, new Float64Array(capacity)]))
  readonly #components = new Map<string, Float64Array>()
  /** Points ever kept. */
  #count = 0

  add(ledger: Ledger): void {
    const last = this.#times[(this.#count + capacity - 1) % capacity] ?? 0
    const gap = ledger.time - last
    // Negative: the clock was set back, and what follows is as much of a history as before.
    if (this.#count > 0 && gap >= 0 && gap < spacing) return
    const at = this.#count++ % capacity
    this.#times[at] = ledger.time
    const { usage, limit, rss, mainThread, unattributed, reservations, extra } = ledger
    const spare = extra.reduce((sum, { total }) => sum + total, 0)
    const figures: Record<Total, number> = {
      usage,
      limit,
      rss,
      main: mainThread.total,
      unattributed,
      reservations,
      spare,
      native: unclaimedNative(ledger),
    }
    for (const [total, column] of this.#totals) column[at] = figures[total]
    for (const column of this.#components.values()) column[at] = 0
    for (const [name, { total }] of Object.entries(ledger.components)) this.#column(name)[at] = total
    if (at === 0) this.#forget()
  }

  /**
   * @param points at most so many: of those that fall together, the one with the highest usage.
   * @param largest so many components get a column of their own.
   */
  view(points: number, largest: number): HistoryView {
    const picked = this.#pick(points)
    const column = (values: ArrayLike<number>): number[] => picked.map((at) => Math.round(values[at] ?? 0))
    const ranked = [...this.#components]
      .map(([name, values]) => ({ name, values: column(values) }))
      .map((entry) => ({ ...entry, peak: Math.max(0, ...entry.values) }))
      .filter(({ peak }) => peak > 0)
      .sort((a, b) => b.peak - a.peak)
    const rest = ranked.slice(largest)
    return {
      times: column(this.#times),
      totals: Object.fromEntries([...this.#totals].map(([total, values]) => [total, column(values)])) as Record<
        Total,
        number[]
      >,
      components: ranked.slice(0, largest).map(({ name, values }) => ({ name, values })),
      others: picked.map((_, i) => rest.reduce((sum, { values }) => sum + (values[i] ?? 0), 0)),
    }
  }

  /** One component's totals. */
  of(name: string, points: number): { readonly times: readonly number[]; readonly values: readonly number[] } {
    const picked = this.#pick(points)
    const values = this.#components.get(name)
    return {
      times: picked.map((at) => this.#times[at] ?? 0),
      values: picked.map((at) => Math.round(values?.[at] ?? 0)),
    }
  }

  /** Where the points are, oldest first. */
  #pick(points: number): number[] {
    const length = Math.min(this.#count, capacity)
    const first = this.#count - length
    const usage = this.#totals.get('usage')
    const step = Math.max(1, Math.ceil(length / points))
    const picked: number[] = []
    for (let start = 0; start < length; start += step) {
      let best = (first + start) % capacity
      for (let i = start + 1; i < Math.min(start + step, length); i++) {
        const at = (first + i) % capacity
        if ((usage?.[at] ?? 0) > (usage?.[best] ?? 0)) best = at
      }
      picked.push(best)
    }
    return picked
  }

  #column(name: string): Float64Array {
    let column = this.#components.get(name)
    if (!column) {
      column = new Float64Array(capacity)
      this.#components.set(name, column)
    }
    return column
  }

  /** Once a round: components that were not loaded during all of it. */
  #forget(): void {
    for (const [name, column] of this.#components)
      if (column.every((total) => total === 0)) this.#components.delete(name)
  }
}
