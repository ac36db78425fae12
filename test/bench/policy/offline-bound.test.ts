import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { offlineBound } from '../../../bench/policy/offline-bound.ts'
import type { Trace } from '../../../bench/policy/trace.ts'

const traceOf = (sizes: readonly (readonly [bytes: number, initCost: number])[], calls: readonly number[]): Trace => ({
  name: 'test',
  cost: 'size',
  components: sizes.map(([bytes, initCost], i) => ({ name: `component-${i}`, bytes, initCost, callTime: 1 })),
  calls: calls.map((component, i) => ({ time: i * 1_000, component })),
})

/** The cheapest schedule, by trying all: which components may be loaded after each call, and at what cost. */
function cheapest(trace: Trace, capacity: number): number {
  const { components } = trace
  const bytesOf = (set: number): number =>
    components.reduce((sum, { bytes }, i) => sum + ((set >> i) & 1 ? bytes : 0), 0)
  let costs = new Map([[0, 0]])
  const seen = new Set<number>()
  for (const { component } of trace.calls) {
    const price = seen.has(component) ? (components[component]?.initCost ?? 0) : 0
    seen.add(component)
    const next = new Map<number, number>()
    for (const [set, cost] of costs) {
      const loaded = set | (1 << component)
      const paid = cost + (loaded === set ? 0 : price)
      // Whatever else is loaded may stay or go.
      for (let kept = loaded; ; kept = (kept - 1) & loaded) {
        // One that is larger than the capacity is loaded all the same, by itself.
        if ((kept >> component) & 1 && (bytesOf(kept) <= capacity || kept === 1 << component)) {
          next.set(kept, Math.min(next.get(kept) ?? Number.POSITIVE_INFINITY, paid))
        }
        if (kept === 0) break
      }
    }
    costs = next
  }
  return Math.min(...costs.values())
}

describe('the offline bound', () => {
  test('is nothing where everything fits, and everything where nothing fits beside another', () => {
    const sizes = [
      [10, 100],
      [10, 300],
    ] as const
    const calls = [0, 1, 0, 1, 0, 1]
    expect(offlineBound(traceOf(sizes, calls), 20).cost).toBeCloseTo(0, 0)
    expect(offlineBound(traceOf(sizes, calls), 10).cost).toBeGreaterThan(790)
    expect(offlineBound(traceOf(sizes, calls), 10).cost).toBeLessThanOrEqual(800)
    expect(offlineBound(traceOf(sizes, []), 10).cost).toBe(0)
  })

  test('of equal components in turn is what farthest-next-use costs', () => {
    const count = 10
    const calls = Array.from({ length: 400 }, (_, i) => i % count)
    const trace = traceOf(
      Array.from({ length: count }, () => [1, 1] as const),
      calls,
    )
    // With room for 5 of 10, one of the called and four others: 5 of 9 gaps cannot be bridged.
    const { cost } = offlineBound(trace, 5)
    expect(cost / 390).toBeGreaterThan(0.53)
    expect(cost / 390).toBeLessThan(0.57)
  })

  test('is what it costs beside a component that is larger than the capacity: everything else goes for it', () => {
    const sizes = [
      [100, 1],
      [5, 100],
      [5, 100],
    ] as const
    const calls = [1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]
    const { cost } = offlineBound(traceOf(sizes, calls), 20)
    expect(cost).toBeGreaterThan(590)
    expect(cost).toBeLessThanOrEqual(cheapest(traceOf(sizes, calls), 20))
  })

  test('allows for what was held beyond the capacity', () => {
    const sizes = [
      [10, 100],
      [10, 100],
    ] as const
    const trace = traceOf(sizes, [0, 1, 0, 1])
    expect(offlineBound(trace, 10).cost).toBeGreaterThan(190)
    expect(offlineBound(trace, 10, Float64Array.of(0, 20, 20, 0)).cost).toBeCloseTo(0, 0)
  })

  test('is never above the cheapest schedule, and not far below it', () => {
    const size = fc.tuple(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 100 }))
    const traces = fc
      .array(size, { minLength: 2, maxLength: 5 })
      .chain((sizes) =>
        fc
          .array(fc.nat({ max: sizes.length - 1 }), { minLength: 2, maxLength: 30 })
          .map((calls) => ({ trace: traceOf(sizes, calls), largest: Math.max(...sizes.map(([bytes]) => bytes)) })),
      )
    let bounds = 0
    let optima = 0
    fc.assert(
      fc.property(traces, fc.integer({ min: -9, max: 15 }), ({ trace, largest }, spare) => {
        const capacity = Math.max(1, largest + spare)
        const optimum = cheapest(trace, capacity)
        const { cost } = offlineBound(trace, capacity)
        expect(cost).toBeGreaterThanOrEqual(0)
        expect(cost).toBeLessThanOrEqual(optimum + 1e-6)
        bounds += cost
        optima += optimum
      }),
      { numRuns: 300, seed: 1 },
    )
    expect(bounds / optima).toBeGreaterThan(0.55)
  })
})
