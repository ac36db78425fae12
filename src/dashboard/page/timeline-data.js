/** @import { Answer, ComponentView, MemoryView } from '../../live/schemas.ts' */

/** ms up to which all points that come are kept; what reaches further back is loaded again from time to time, with its peaks. */
const close = 15 * 60_000
/** ms between two loads of the whole: at least, and where it is not kept closely. */
const reloadAfter = { least: 5_000, coarse: 60_000 }
/** Points that are asked for. */
const mostPoints = 900
/** Components with a column of their own. */
export const largest = 10

/** @typedef {Answer<'/api/memory/history'>} History */
/** @typedef {keyof History['totals']} Total */

/** @type {readonly Total[]} */
const totals = ['usage', 'limit', 'rss', 'main', 'unattributed', 'reservations', 'spare', 'native']

/**
 * Native memory that is no component's, bytes.
 *
 * @param {MemoryView} memory
 * @param {Iterable<ComponentView>} components
 */
export function unclaimedNative({ native }, components) {
  let rest = native
  for (const { memory } of components) rest -= memory?.native ?? 0
  return Math.max(0, rest)
}

/** The columns of the memory timeline: loaded once, then grown by each tick. Epoch ms and bytes. */
export class Timeline {
  /** @type {number[]} */
  times = []
  /** @type {Record<Total, number[]>} */
  totals = { usage: [], limit: [], rss: [], main: [], unattributed: [], reservations: [], spare: [], native: [] }
  /** @type {{ name: string, values: number[] }[]} */
  components = []
  /** @type {number[]} */
  others = []
  /** ms that are shown. */
  span = close
  /** Changes with every point. */
  version = 0
  #loadedAt = 0
  #loading = false

  /** @param {(query: string) => Promise<History>} fetch */
  async load(fetch) {
    if (this.#loading) return
    this.#loading = true
    const { span } = this
    try {
      const view = await fetch(`points=${mostPoints}&span=${span}`)
      this.times = [...view.times]
      for (const name of totals) this.totals[name] = [...view.totals[name]]
      this.components = view.components.map(({ name, values }) => ({ name, values: [...values] }))
      this.others = [...view.others]
      this.version++
    } finally {
      this.#loading = false
      this.#loadedAt = Date.now()
    }
    // More was wanted meanwhile.
    if (this.span !== span) await this.load(fetch)
  }

  /**
   * @param {MemoryView} memory
   * @param {ReadonlyMap<string, ComponentView>} components
   */
  add(memory, components) {
    if (memory.time <= (this.times.at(-1) ?? 0)) return
    // The last point only says where it stands until the next one is due.
    if (this.span > close && memory.time - (this.times.at(-2) ?? -Infinity) < this.span / mostPoints) {
      for (const column of this.#columns()) column.pop()
    }
    const spare = memory.extra.reduce((sum, { total }) => sum + total, 0)
    const figures = { ...memory, spare, native: unclaimedNative(memory, components.values()) }
    this.times.push(memory.time)
    for (const name of totals) this.totals[name].push(figures[name])
    let rest = 0
    for (const { memory: held } of components.values()) rest += held?.total ?? 0
    for (const { name, values } of this.components) {
      const total = components.get(name)?.memory?.total ?? 0
      values.push(total)
      rest -= total
    }
    this.others.push(Math.max(0, rest))
    this.#trim(memory.time - this.span)
    this.version++
  }

  /**
   * It has to be loaded again: one of the components that have no column has become one of the largest, what is not kept closely is old, or the clock
   * was set back.
   *
   * @param {MemoryView} memory
   * @param {ReadonlyMap<string, ComponentView>} components
   */
  outgrown({ time }, components) {
    const age = Date.now() - this.#loadedAt
    if (this.#loading || age < reloadAfter.least) return false
    if (time < (this.times.at(-1) ?? 0) || (this.span > close && age > reloadAfter.coarse)) return true
    const own = new Set(this.components.map(({ name }) => name))
    const smallest =
      this.components.length < largest ? 0 : Math.min(...this.components.map(({ values }) => Math.max(...values)))
    for (const { name, memory } of components.values())
      if (!own.has(name) && (memory?.total ?? 0) > smallest) return true
    return false
  }

  /** @param {number} before epoch ms */
  #trim(before) {
    const first = this.times.findIndex((time) => time >= before)
    if (first <= 60) return
    for (const column of this.#columns()) column.splice(0, first)
  }

  #columns() {
    return [this.times, this.others, ...Object.values(this.totals), ...this.components.map(({ values }) => values)]
  }
}
