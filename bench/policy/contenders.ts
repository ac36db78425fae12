import { defaultMemoryOptions } from '../../src/memory/options.ts'
import { choiceOf, selectInOrder, type VictimOrder } from '../../src/memory/decide/policy-selection.ts'
import { policyOf } from '../../src/memory/decide/policy-registry.ts'
import type { PolicyName } from '../../src/contract/unload-policy.ts'
import type { Contender } from './simulator.ts'
import type { Trace, TraceComponent } from './trace.ts'

/** What the admission rule lets loads fill, as a share of the limit. */
export const fillShare = defaultMemoryOptions.highThreshold

const TIME_TO_LIVE = 600_000

/** Spillway as it runs: its admission, its rounds at each pressure level, its idle floors and minimum residency. */
export const spillway = (name: PolicyName): Contender => ({
  name,
  policy: policyOf(name),
  pressureRounds: true,
  highThreshold: fillShare,
  residency: true,
})

/** The classical policies unload when a load needs room, and whatever `order` says. */
export const classical = (name: string, order: VictimOrder): Contender => ({
  name,
  policy: (candidates, trigger, need) => choiceOf(selectInOrder(candidates, trigger, need, order)),
  pressureRounds: false,
  highThreshold: fillShare,
  residency: false,
})

export const longestIdle: VictimOrder = (a, b) => b.idleTime - a.idleTime

export const lru = (): Contender => classical('lru', longestIdle)

/** The same contender with the whole limit to fill, which Spillway does not give itself. */
export const withWholeLimit = (contender: Contender): Contender => ({
  ...contender,
  name: `${contender.name}, whole limit`,
  highThreshold: 1,
})

/** Keeps everything for 10 minutes after its last call; LRU where that does not fit. */
export const ttl = (): Contender => ({ ...classical('ttl 10 min', longestIdle), timeToLive: () => TIME_TO_LIVE })

/**
 * The GreedyDual family: each call sets a component's value to the clock plus what it is worth; the lowest goes, and the
 * clock moves up to it.
 */
function greedy(name: string, trace: Trace, worth: (component: TraceComponent, calls: number) => number): Contender {
  let clock = 0
  const calls = new Map<number, number>()
  const values = new Map<string, number>()
  const valueOf = (of: string): number => values.get(of) ?? 0
  return {
    ...classical(name, (a, b) => valueOf(a.name) - valueOf(b.name)),
    onCall(index) {
      const component = trace.components[index]
      if (component === undefined) return
      const count = (calls.get(index) ?? 0) + 1
      calls.set(index, count)
      values.set(component.name, clock + worth(component, count))
    },
    onUnload(index) {
      calls.delete(index)
      clock = Math.max(clock, valueOf(trace.components[index]?.name ?? ''))
    },
  }
}

/** GreedyDual (Young 1994): by cost. */
export const greedyDual = (trace: Trace): Contender => greedy('greedydual', trace, ({ initCost }) => initCost)

/** Landlord (Young 2002), which gives a called component all of its credit back: by cost and size. */
export const landlord = (trace: Trace): Contender =>
  greedy('landlord', trace, ({ initCost, bytes }) => initCost / bytes)

/** GreedyDual-Size-Frequency (Cherkasova 1998): by calls since the load, cost and size. */
export const gdsf = (trace: Trace): Contender =>
  greedy('gdsf', trace, ({ initCost, bytes }, calls) => (calls * initCost) / bytes)

/**
 * Knows the future. Unloads first what saves least: per byte and distance to its next call, or, where prices are given,
 * after the rent of its bytes until then. That is a schedule that can be had, so the best one costs no more.
 *
 * @param rentUpTo what a byte costs (ms) up to each call, at the prices of the lower bound.
 */
export function clairvoyant(trace: Trace, rentUpTo?: Float64Array): Contender {
  const upcoming = trace.components.map((): number[] => [])
  trace.calls.forEach(({ component }, at) => upcoming[component]?.push(at))
  const taken = trace.components.map(() => 0)
  const indexes = new Map(trace.components.map(({ name }, index) => [name, index]))
  /** How many calls have come. */
  let now = 0
  const saving = (name: string): number => {
    const index = indexes.get(name) ?? 0
    const next = upcoming[index]?.[taken[index] ?? 0]
    const component = trace.components[index]
    if (next === undefined || component === undefined) return Number.NEGATIVE_INFINITY
    if (rentUpTo === undefined) return component.initCost / (component.bytes * (next - now + 1))
    return component.initCost - component.bytes * ((rentUpTo[next] ?? 0) - (rentUpTo[now] ?? 0))
  }
  return {
    // A difference of two infinities is no number.
    ...classical('clairvoyant', (a, b) => Math.sign(saving(a.name) - saving(b.name)) || 0),
    onCall(index) {
      now++
      taken[index] = (taken[index] ?? 0) + 1
    },
  }
}
