/** @import { Answer, ComponentView, MemoryView } from '../../live/schemas.ts' */

/** ms that are kept. */
const span = 15 * 60_000
/** ms between two loads of the whole. */
const reloadAfter = 5_000
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
  /** Changes with every point. */
  version = 0
  #loadedAt = 0
  #loading = false

  /** @param {() => Promise<History>} fetch */
  async load(fetch) {
    if (this.#loading) return
    this.#loading = true
    try {
      const view = await fetch()
      this.times = [...view.times]
      for (const name of totals) this.totals[name] = [...view.totals[name]]
      this.components = view.components.map(({ name, values }) => ({ name, values: [...values] }))
      this.others = [...view.others]
      this.version++
    } finally {
      this.#loading = false
      this.#loadedAt = Date.now()
    }
  }

  /**
   * @param {MemoryView} memory
   * @param {ReadonlyMap<string, ComponentView>} components
   */
  add(memory, components) {
    if (memory.time <= (this.times.at(-1) ?? 0)) return
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
    this.#trim(memory.time - span)
    this.version++
  }

  /**
   * One of the components that have no column has become one of the largest.
   *
   * @param {ReadonlyMap<string, ComponentView>} components
   */
  outgrown(components) {
    if (this.#loading || Date.now() - this.#loadedAt < reloadAfter) return false
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
    const columns = [
      this.times,
      this.others,
      ...Object.values(this.totals),
      ...this.components.map(({ values }) => values),
    ]
    for (const column of columns) column.splice(0, first)
  }
}
