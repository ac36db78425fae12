import type { Trace } from './trace.ts'

/** Steps of the ascent: more make the bound tighter, never wrong. */
const STEPS = 400

export interface OfflineBound {
  /** What any schedule costs at least, ms of initialisation; first loads are not counted. */
  readonly cost: number
  /** What a byte costs (ms) from the first call to before the call at each index, at the prices of the bound. */
  readonly rentUpTo: Float64Array
}

/**
 * A lower bound of the reload cost of any schedule of loads and unloads that keeps the loaded components within `capacity` bytes at every call, even one that knows the future.
 *
 * Between two calls of a component it either stays loaded (which takes its bytes all that time) or is loaded again (which takes its
 * cost). Choosing which gaps to bridge is an interval packing problem, NP-hard with sizes that differ. Its linear relaxation, in
 * which a component may stay loaded in part, is the flow-based offline optimum of Berger, Beckmann and Harchol-Balter (Practical Bounds
 * on Optimal Caching with Variable Object Sizes, 2018). This is the Lagrangian dual of it: put a price on a byte at each call; then a gap is worth
 * at most its reload cost less the rent of its bytes. Any prices give a valid lower bound (weak duality); subgradient ascent looks
 * for good ones and the best value seen is returned.
 */
export function offlineBound(trace: Trace, capacity: number): OfflineBound {
  const { calls, components } = trace
  const count = calls.length
  // A gap bridged over the calls (from, to) exclusive occupies its bytes at each of them.
  const from: number[] = []
  const to: number[] = []
  const bytes: number[] = []
  const cost: number[] = []
  const last = new Map<number, number>()
  // At each call what the called component takes itself is not to be had for the others.
  const room = new Float64Array(count)
  calls.forEach(({ component }, at) => {
    const { bytes: size, initCost } = components[component] ?? { bytes: 0, initCost: 0 }
    room[at] = (capacity - size) / capacity
    const previous = last.get(component)
    last.set(component, at)
    if (previous === undefined || at === previous + 1) return
    from.push(previous + 1)
    to.push(at)
    bytes.push(size / capacity)
    cost.push(initCost)
  })
  const gaps = from.length
  const total = cost.reduce((sum, value) => sum + value, 0)
  if (total === 0) return { cost: 0, rentUpTo: new Float64Array(count + 1) }

  // Prices are in ms per capacity and call. They start where the average gap is indifferent.
  const price = new Float64Array(count)
  const start = startPrice()
  price.fill(start)
  function startPrice(): number {
    let rent = 0
    for (let i = 0; i < gaps; i++) rent += (bytes[i] ?? 0) * ((to[i] ?? 0) - (from[i] ?? 0))
    return rent > 0 ? total / rent : 0
  }
  const rentUpTo = new Float64Array(count + 1)
  const held = new Float64Array(count + 1)
  let best = 0
  const bestRent = new Float64Array(count + 1)
  let scale = start
  let sinceBest = 0
  for (let step = 0; step < STEPS; step++) {
    for (let i = 0; i < count; i++) rentUpTo[i + 1] = (rentUpTo[i] ?? 0) + (price[i] ?? 0)
    held.fill(0)
    let value = total
    for (let i = 0; i < gaps; i++) {
      const begin = from[i] ?? 0
      const end = to[i] ?? 0
      const size = bytes[i] ?? 0
      const gain = (cost[i] ?? 0) - size * ((rentUpTo[end] ?? 0) - (rentUpTo[begin] ?? 0))
      if (gain <= 0) continue
      value -= gain
      held[begin] = (held[begin] ?? 0) + size
      held[end] = (held[end] ?? 0) - size
    }
    for (let i = 0; i < count; i++) value -= (price[i] ?? 0) * (room[i] ?? 0)
    if (value > best) {
      best = value
      bestRent.set(rentUpTo)
      sinceBest = 0
    } else if (++sinceBest >= 10) {
      scale /= 2
      sinceBest = 0
    }
    // Where more is held than there is room for, the price goes up, and the other way round.
    let holding = 0
    for (let i = 0; i < count; i++) {
      holding += held[i] ?? 0
      price[i] = Math.max(0, (price[i] ?? 0) + scale * (holding - (room[i] ?? 0)))
    }
  }
  return { cost: best, rentUpTo: bestRent.map((rent) => rent / capacity) }
}
