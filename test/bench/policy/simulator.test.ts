import { describe, expect, test } from 'vitest'
import { clairvoyant, gdsf, lru, spillway, ttl, withWholeLimit } from '../../../bench/policy/contenders.ts'
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

  test('the same trace gives the same result', () => {
    const trace = generateWorkload('zipf', { components: 40, duration: 10 * MINUTE })
    for (const make of [() => spillway('cost-aware'), () => gdsf(trace), () => clairvoyant(trace)]) {
      expect(simulate(trace, 5e8, make())).toEqual(simulate(trace, 5e8, make()))
    }
  })
})
