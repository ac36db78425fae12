import { describe, expect, it } from 'vitest'
import { MemoryHistory } from '../../../src/live/memory-history.ts'
import type { ComponentMemory } from '../../../src/index.ts'
import { buildLedger } from '../../../src/memory/account/ledger.ts'
import type { Ledger } from '../../../src/contract/ledger.ts'

const memory = (total: number): ComponentMemory => ({
  used: total,
  physical: total,
  external: 0,
  malloced: 0,
  reported: 0,
  native: 0,
  total,
  peak: total,
  stale: false,
  sampledAt: 0,
})

const ledger = (time: number, components: Readonly<Record<string, number>>): Ledger =>
  buildLedger({
    time,
    components: Object.fromEntries(Object.entries(components).map(([name, total]) => [name, memory(total)])),
    extra: [{ name: 'spare worker 1', kind: 'spare', total: 5 }],
    mainThread: { used: 0, physical: 0, external: 0, malloced: 0, total: 10 },
    reservations: 0,
    limit: 1_000,
    native: 0,
    runtime: 0,
    rss: 500,
    cgroup: null,
    pending: 0,
    pressureLevel: 'low',
  })

const mib = 1024 ** 2
const [second, minute, hour] = [1_000, 60_000, 3_600_000]
/** Times and the component's figures, of so many ms back. */
const seen = (history: MemoryHistory, back: number, points = 10_000) => {
  const { times, values } = history.of('a', points, back)
  return times.map((time, index) => [time, (values[index] ?? 0) / mib])
}

describe('MemoryHistory', () => {
  it('keeps a point every half second, the one with the highest usage', () => {
    const history = new MemoryHistory()
    for (const [time, size] of [
      [1_000, 1],
      [1_100, 3],
      [1_499, 2],
      [1_500, 1],
      [1_999, 1],
      [2_000, 1],
    ] as const) {
      history.add(ledger(time, { a: size * mib }))
    }
    expect(seen(history, minute)).toEqual([
      [1_100, 3],
      [1_500, 1],
      [2_000, 1],
    ])
  })

  it('gives the largest a column each, and the others one together', () => {
    const history = new MemoryHistory()
    history.add(ledger(1_000, { small: mib, large: 100 * mib, middle: 10 * mib }))
    history.add(ledger(2_000, { small: 2 * mib, large: 50 * mib, late: 3 * mib }))
    const { components, others, totals } = history.view(100, 2)
    expect(components).toEqual([
      { name: 'large', values: [100 * mib, 50 * mib] },
      { name: 'middle', values: [10 * mib, 0] },
    ])
    expect(others).toEqual([mib, 5 * mib])
    expect(totals).toMatchObject({ main: [10, 10], spare: [5, 5], rss: [500, 500] })
    expect(totals.usage).toEqual([111 * mib + 15, 55 * mib + 15])
  })

  it('keeps what a component has to three digits, however large it is', () => {
    const history = new MemoryHistory()
    const sizes = [1_000, 123_456, 22.2 * mib, 987.6 * mib, 40_000 * mib, 1e15]
    for (const [index, size] of sizes.entries()) history.add(ledger((index + 1) * second, { a: size }))
    for (const [index, value] of history.of('a', 10).values.entries()) {
      const size = Math.min(sizes[index] ?? 0, 65_504 * mib)
      expect(Math.abs(value - size) / size).toBeLessThan(0.001)
    }
  })

  it('picks, of points that fall together, the one with the highest usage', () => {
    const history = new MemoryHistory()
    for (let i = 0; i < 10; i++) history.add(ledger(1_000 * (i + 1), { a: (i === 7 ? 500 : 100) * mib }))
    expect(seen(history, minute, 2)).toEqual([
      [1_000, 100],
      [8_000, 500],
    ])
  })

  it('keeps a quarter of an hour closely, three hours and a day in coarser steps, with their peaks', () => {
    const history = new MemoryHistory()
    const end = 30 * hour
    const peaks = [end - 23 * hour, end - 2 * hour, end - 10 * minute]
    for (let time = second; time <= end; time += second) {
      history.add(ledger(time, { a: (peaks.includes(time) ? 9 : 1) * mib }))
    }
    const spans = [15 * minute, 3 * hour, 24 * hour]
    const views = spans.map((back) => seen(history, back))
    expect(views.map(({ length }) => length)).toEqual([901, 1_081, 1_441])
    for (const [index, view] of views.entries()) {
      expect(view[0]?.[0]).toBeGreaterThanOrEqual(end - (spans[index] ?? 0))
      expect(view.at(-1)).toEqual([end, 1])
      const wanted = peaks.filter((time) => time >= end - (spans[index] ?? 0)).map((time) => [time, 9])
      expect(view.filter(([, size]) => size === 9)).toEqual(wanted)
    }
    // What is older than a day is forgotten, but for the rest of a block.
    expect(seen(history, 40 * hour).length).toBeLessThan(1_441 + 180)
  })

  it('forgets components that were not loaded for as long', () => {
    const history = new MemoryHistory()
    for (let time = 0; time <= 30 * hour; time += minute) history.add(ledger(time, time === 0 ? { gone: mib } : {}))
    expect(history.view(2_000, 10, 24 * hour).components).toEqual([])
  })

  it('shows measurements that are far apart in every span, each once', () => {
    const history = new MemoryHistory()
    for (let i = 1; i <= 20; i++) history.add(ledger(i * minute, { a: i * mib }))
    expect(seen(history, 15 * minute)).toHaveLength(16)
    expect(seen(history, 24 * hour)).toEqual(Array.from({ length: 20 }, (_, i) => [(i + 1) * minute, i + 1]))
  })

  it('has a gap where the machine slept', () => {
    const history = new MemoryHistory()
    for (const time of [second, 2 * second, 8 * hour, 8 * hour + second]) history.add(ledger(time, { a: mib }))
    expect(seen(history, 15 * minute).map(([time]) => time)).toEqual([8 * hour, 8 * hour + second])
    expect(seen(history, 24 * hour).map(([time]) => time)).toEqual([second, 2 * second, 8 * hour, 8 * hour + second])
  })

  it('goes on where the clock is set back, with all there was before', () => {
    const history = new MemoryHistory()
    for (let i = 0; i < 10; i++) history.add(ledger(hour + i * second, { a: (i + 1) * mib }))
    for (let i = 0; i < 10; i++) history.add(ledger(10 * minute + i * second, { a: (i + 11) * mib }))
    const view = seen(history, 15 * minute)
    const times = view.map(([time]) => time ?? 0)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(new Set(times).size).toBe(times.length)
    expect(times.at(-1)).toBe(10 * minute + 9 * second)
    expect(times[0]).toBeGreaterThan(10 * minute - 11 * second)
    expect(view.map(([, size]) => size)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
    expect(seen(history, 24 * hour).map(([, size]) => size)).toEqual(view.map(([, size]) => size))
  })
})
