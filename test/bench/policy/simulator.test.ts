import { describe, expect, test } from 'vitest'
import * as fc from 'fast-check'
import {
  clairvoyant,
  gdsf,
  greedyDual,
  landlord,
  lru,
  spillway,
  ttl,
  withWholeLimit,
} from '../../../bench/policy/contenders.ts'
import { hybridHistogram } from '../../../bench/policy/hybrid-histogram.ts'
import { offlineBound } from '../../../bench/policy/offline-bound.ts'
import { simulate, type Contender } from '../../../bench/policy/simulator.ts'
import type { Trace } from '../../../bench/policy/trace.ts'
import { generateWorkload } from '../../../bench/policy/workloads.ts'

const SECOND = 1_000
const MINUTE = 60_000

/** Components of `bytes` each that load in 100 ms and are called for 10 ms, at [time, component]. */
const traceOf = (bytes: readonly number[], calls: readonly (readonly [time: number, component: number])[]): Trace => ({
  name: 'test',
  cost: 'size',
  components: bytes.map((size, i) => ({ name: `component-${i}`, bytes: size, initCost: 100, callTime: 10 })),
  calls: calls.map(([time, component]) => ({ time, component })),
})
const inTurn = (count: number, gap: number, rounds: number): [number, number][] =>
  Array.from({ length: count * rounds }, (_, i) => [i * gap, i % count])
const contenders = (trace: Trace): Contender[] => [
  spillway('cost-aware'),
  spillway('priority-idle'),
  gdsf(trace),
  landlord(trace),
  greedyDual(trace),
  hybridHistogram(trace),
  lru(),
  ttl(),
  withWholeLimit(lru()),
  clairvoyant(trace),
]

describe('the simulator', () => {
  test('pays nothing but first loads where everything fits', () => {
    const trace = traceOf([10, 10, 10], inTurn(3, SECOND, 20))
    for (const contender of contenders(trace)) {
      expect(simulate(trace, 100, contender)).toMatchObject({
        reloadCost: 0,
        loads: 3,
        reloads: 0,
        peak: 30,
        hits: 57,
        calls: 60,
        waits: 0,
        refused: 0,
        thrashed: false,
      })
    }
  })

  test('pays for every reload of an LRU cache whose components take turns', () => {
    const trace = traceOf([10, 10, 10], inTurn(3, SECOND, 20))
    const result = simulate(trace, 25, withWholeLimit(lru()))
    expect(result).toMatchObject({ loads: 60, reloads: 57, reloadCost: 5_700, peak: 20, hits: 0 })
    expect(simulate(trace, 25, withWholeLimit(clairvoyant(trace))).reloads).toBe(28)
  })

  test('fills 85% of the limit, or all of it where it is told to', () => {
    const trace = traceOf([10, 10, 10, 10, 10, 10, 10, 10, 10, 10], inTurn(10, SECOND, 3))
    expect(simulate(trace, 100, lru()).peak).toBe(80)
    expect(simulate(trace, 100, withWholeLimit(lru())).peak).toBe(100)
  })

  test('calls that come while a component loads wait for that load', () => {
    const trace = traceOf(
      [10],
      [
        [0, 0],
        [20, 0],
        [99, 0],
      ],
    )
    expect(simulate(trace, 100, lru())).toMatchObject({ loads: 1, hits: 0, calls: 3 })
  })

  test('unloads after 10 minutes where that is the policy', () => {
    const at = (pause: number) =>
      simulate(
        traceOf(
          [10],
          [
            [0, 0],
            [pause, 0],
          ],
        ),
        100,
        ttl(),
      ).reloads
    expect(at(10 * MINUTE - SECOND)).toBe(0)
    expect(at(10 * MINUTE + SECOND)).toBe(1)
  })

  test('at medium pressure gives up what has been idle for five minutes, two at a time', () => {
    // 80% full, and nobody calls for a while.
    const calls = (pause: number): [number, number][] => [...inTurn(8, SECOND, 1), [pause, 0], [pause + SECOND, 1]]
    const after = (pause: number, contender: Contender) =>
      simulate(traceOf(Array(8).fill(10), calls(pause)), 100, contender).reloads
    expect(after(4 * MINUTE, spillway('priority-idle'))).toBe(0)
    expect(after(6 * MINUTE, spillway('priority-idle'))).toBe(2)
    expect(after(6 * MINUTE, lru())).toBe(0)
  })

  test('at medium pressure keeps what is rare and takes long to load, for as long as nobody needs its room', () => {
    // Seven that are called all the time, and one every 15 minutes: 80% full for three hours.
    const hot = inTurn(7, 2 * SECOND, 770)
    const rare = Array.from({ length: 12 }, (_, i): [number, number] => [i * 15 * MINUTE + SECOND, 7])
    const calls = [...hot, ...rare].toSorted(([a], [b]) => a - b)
    const { components, ...rest } = traceOf(Array(8).fill(10), calls)
    const trace = {
      ...rest,
      components: components.map((each, i) => (i === 7 ? { ...each, initCost: 20_000 } : each)),
    }
    expect(simulate(trace, 100, spillway('cost-aware'))).toMatchObject({ reloads: 0, peak: 80 })
    expect(simulate(trace, 100, spillway('priority-idle'))).toMatchObject({ reloads: 11, peak: 80 })
  })

  test('what is in use is never unloaded: a load waits for it, and is refused when that takes too long', () => {
    const busyFor = (callTime: number): Trace => ({
      name: 'busy',
      cost: 'size',
      components: [
        { name: 'busy', bytes: 60, initCost: 100, callTime },
        { name: 'other', bytes: 60, initCost: 100, callTime: 10 },
      ],
      calls: [
        { time: 0, component: 0 },
        { time: SECOND, component: 1 },
      ],
    })
    expect(simulate(busyFor(10 * SECOND), 100, lru())).toMatchObject({ loads: 2, waits: 1, refused: 0, peak: 60 })
    expect(simulate(busyFor(40 * SECOND), 100, lru())).toMatchObject({ loads: 1, waits: 1, refused: 1, peak: 60 })
  })

  test('two components that do not fit side by side take turns slowly, and that is called thrashing', () => {
    const trace = traceOf([60, 60], inTurn(2, SECOND, 30))
    const result = simulate(trace, 100, spillway('priority-idle'))
    expect(result.reloads).toBeLessThanOrEqual(6)
    expect(result).toMatchObject({ refused: 0, thrashed: true, peak: 60 })
    expect(simulate(trace, 100, lru()).reloads).toBe(58)
  })

  test('a load that is refused costs as much as one that is not', () => {
    const trace = traceOf(
      [10, 95, 10],
      [
        [0, 0],
        [SECOND, 1],
        [2 * SECOND, 0],
      ],
    )
    expect(simulate(trace, 90, lru())).toMatchObject({ refused: 1, reloadCost: 100 })
  })

  test('keeps what a histogram of its idle times says, and four hours while it says nothing', () => {
    const hour = 60 * MINUTE
    const calls = (gaps: readonly number[]): [number, number][] => {
      let time = 0
      return [[0, 0], ...gaps.map((gap): [number, number] => [(time += gap), 0])]
    }
    const reloads = (gaps: readonly number[]): number => {
      const trace = traceOf([10], calls(gaps))
      return simulate(trace, 100, hybridHistogram(trace)).reloads
    }
    expect(reloads([3 * hour])).toBe(0)
    expect(reloads([5 * hour])).toBe(1)
    expect(reloads([...Array<number>(20).fill(5 * MINUTE), 5.4 * MINUTE])).toBe(0)
    expect(reloads([...Array<number>(20).fill(5 * MINUTE), 6 * MINUTE])).toBe(1)
  })

  test('nobody beats the bound with what was held, however tight, slow or crowded it is', () => {
    const size = fc.record({
      bytes: fc.integer({ min: 1, max: 60 }),
      initCost: fc.constantFrom(100, 1_000, 20_000),
      callTime: fc.constantFrom(1, 500, 60_000),
    })
    const call = fc.tuple(fc.nat({ max: 20_000 }), fc.nat({ max: 3 }))
    fc.assert(
      fc.property(
        fc.array(size, { minLength: 4, maxLength: 4 }),
        fc.array(call, { minLength: 4, maxLength: 40 }),
        fc.integer({ min: 40, max: 120 }),
        (sizes, gaps, limit) => {
          let time = 0
          const trace: Trace = {
            name: 'drawn',
            cost: 'size',
            components: sizes.map((facts, i) => ({ ...facts, name: `component-${i}` })),
            calls: gaps.map(([gap, component]) => ({ time: (time += gap), component })),
          }
          for (const contender of contenders(trace)) {
            const held = new Float64Array(trace.calls.length)
            const { reloadCost } = simulate(trace, limit, contender, held)
            expect(offlineBound(trace, 1, held).cost).toBeLessThanOrEqual(reloadCost + 1e-6)
          }
        },
      ),
      { numRuns: 300, seed: 2 },
    )
  })

  test('the same trace gives the same result', () => {
    const trace = generateWorkload('zipf', { components: 40, duration: 10 * MINUTE })
    for (const make of [() => spillway('cost-aware'), () => gdsf(trace), () => clairvoyant(trace)]) {
      expect(simulate(trace, 5e8, make())).toEqual(simulate(trace, 5e8, make()))
    }
  })
})
