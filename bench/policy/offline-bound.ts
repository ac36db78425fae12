import type { Trace } from './trace.ts'

/** Steps of the ascent: more make the bound tighter, never wrong. */
const STEPS = 300
/** Steps without a better bound after which they get smaller. */
const PATIENCE = 8

export interface OfflineBound {
  /** What any schedule costs at least, ms of initialisation; first loads are not counted. */
  readonly cost: number
  /** What a byte costs (ms) from the first call to before the call at each index, at the prices of the bound. */
  readonly rentUpTo: Float64Array
}

/**
 * A lower bound of the reload cost of any schedule of loads and unloads that keeps the loaded components within
 * `capacity` bytes at every call, even one that knows the future. A called component that is larger has to be loaded all
 * the same: by itself.
 *
 * Between two calls of a component it either stays loaded (which takes its bytes all that time) or is loaded again
 * (which takes its cost). Choosing which gaps to bridge is an interval packing problem, NP-hard with sizes that differ.
 * Its linear relaxation, in which a component may stay loaded in part, is the flow-based offline optimum of Berger,
 * Beckmann and Harchol-Balter (Practical Bounds on Optimal Caching with Variable Object Sizes, 2018). This is the
 * Lagrangian dual of it: put a price on a byte at each call; then a gap is worth at most its reload cost less the rent
 * of its bytes. Any prices give a valid lower bound (weak duality); subgradient ascent looks for good ones and the best
 * value seen is returned.
 *
 * @param held for each call, bytes that may be held at it though they are more than `capacity`.
 */
export function offlineBound(trace: Trace, capacity: number, held?: Float64Array): OfflineBound {
  const count = trace.calls.length
  const { gaps, room, total } = gapsOf(trace, capacity, held)
  const rentUpTo = new Float64Array(count + 1)
  if (total === 0) return { cost: 0, rentUpTo }

  // Prices are in ms per capacity and call. They start where the average gap is indifferent.
  const start = total / gaps.reduce((sum, { from, to, bytes }) => sum + bytes * (to - from), 0)
  const price = new Float64Array(count).fill(start)
  const kept = new Float64Array(count + 1)
  const bestRent = new Float64Array(count + 1)
  let best = 0
  let scale = start
  let sinceBest = 0
  for (let step = 0; step < STEPS; step++) {
    let value = total
    for (let i = 0; i < count; i++) {
      const rent = price[i] ?? 0
      rentUpTo[i + 1] = (rentUpTo[i] ?? 0) + rent
      value -= rent * (room[i] ?? 0)
    }
    kept.fill(0)
    for (const { from, to, bytes, cost } of gaps) {
      const gain = cost - bytes * ((rentUpTo[to] ?? 0) - (rentUpTo[from] ?? 0))
      if (gain <= 0) continue
      value -= gain
      kept[from] = (kept[from] ?? 0) + bytes
      kept[to] = (kept[to] ?? 0) - bytes
    }
    if (value > best) {
      best = value
      bestRent.set(rentUpTo)
      sinceBest = 0
    } else if (++sinceBest >= PATIENCE) {
      scale /= 2
      sinceBest = 0
    }
    // Where more is held than there is room for, the price goes up, and the other way round.
    let keeping = 0
    for (let i = 0; i < count; i++) {
      keeping += kept[i] ?? 0
      price[i] = Math.max(0, (price[i] ?? 0) + scale * (keeping - (room[i] ?? 0)))
    }
  }
  return { cost: best, rentUpTo: bestRent.map((rent) => rent / capacity) }
}

/**
 * A gap between two calls of a component, which holds its bytes at the calls of others from `from` to before `to` when
 * it is bridged.
 */
interface Gap {
  readonly from: number
  readonly to: number
  /** As a share of the capacity. */
  readonly bytes: number
  readonly cost: number
}

/**
 * The gaps with calls of others in them, what they cost together, and what is to be had at each call beside the called
 * component.
 */
function gapsOf(
  { calls, components }: Trace,
  capacity: number,
  held?: Float64Array,
): { gaps: Gap[]; room: Float64Array; total: number } {
  const gaps: Gap[] = []
  const room = new Float64Array(calls.length)
  const last = new Map<number, number>()
  let total = 0
  calls.forEach(({ component }, at) => {
    const { bytes: size, initCost: cost } = components[component] ?? { bytes: 0, initCost: 0 }
    room[at] = Math.max(0, Math.max(capacity, held?.[at] ?? 0) - size) / capacity
    const previous = last.get(component)
    last.set(component, at)
    if (previous === undefined || at === previous + 1) return
    gaps.push({ from: previous + 1, to: at, bytes: size / capacity, cost })
    total += cost
  })
  return { gaps, room, total }
}
