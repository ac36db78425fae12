/** ms that are kept. */
const span = 15 * 60_000
/** ms between two loads of the whole. */
const reloadAfter = 5_000
/** Components with a column of their own. */
export const largest = 10

const totals = ['usage', 'limit', 'rss', 'main', 'unattributed', 'reservations', 'spare']

/** The columns of the memory timeline: loaded once, then grown by each tick. Epoch ms and bytes. */
export class Timeline {
  times = []
  totals = Object.fromEntries(totals.map((name) => [name, []]))
  components = []
  others = []
  /** Changes with every point. */
  version = 0
  #loadedAt = 0
  #loading = false

  async load(fetch) {
    if (this.#loading) return
    this.#loading = true
    try {
      const view = await fetch()
      this.times = view.times
      this.totals = view.totals
      this.components = view.components
      this.others = view.others
      this.version++
    } finally {
      this.#loading = false
      this.#loadedAt = Date.now()
    }
  }

  add(memory, components) {
    if (memory.time <= (this.times.at(-1) ?? 0)) return
    const figures = { ...memory, spare: memory.extra.reduce((sum, { total }) => sum + total, 0) }
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

  /** One of the components that have no column has become one of the largest. */
  outgrown(components) {
    if (this.#loading || Date.now() - this.#loadedAt < reloadAfter) return false
    const own = new Set(this.components.map(({ name }) => name))
    const smallest =
      this.components.length < largest ? 0 : Math.min(...this.components.map(({ values }) => Math.max(...values)))
    for (const { name, memory } of components.values())
      if (!own.has(name) && (memory?.total ?? 0) > smallest) return true
    return false
  }

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
