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

describe('MemoryHistory', () => {
  it('keeps a point every half second', () => {
    const history = new MemoryHistory()
    for (const time of [1_000, 1_100, 1_499, 1_500, 1_999, 2_000]) history.add(ledger(time, {}))
    expect(history.view(100, 10).times).toEqual([1_000, 1_500, 2_000])
  })

  it('gives the largest a column each, and the others one together', () => {
    const history = new MemoryHistory()
    history.add(ledger(1_000, { small: 1, large: 100, middle: 10 }))
    history.add(ledger(2_000, { small: 2, large: 50, late: 3 }))
    const { components, others, totals } = history.view(100, 2)
    expect(components).toEqual([
      { name: 'large', values: [100, 50] },
      { name: 'middle', values: [10, 0] },
    ])
    expect(others).toEqual([1, 5])
    expect(totals).toMatchObject({ main: [10, 10], spare: [5, 5], rss: [500, 500], usage: [126, 70] })
  })

  it('picks, of points that fall together, the one with the highest usage', () => {
    const history = new MemoryHistory()
    for (let i = 0; i < 10; i++) history.add(ledger(1_000 * (i + 1), { a: i === 7 ? 500 : 100 }))
    const { times, components } = history.view(2, 1)
    expect(times).toHaveLength(2)
    expect(components[0]?.values).toEqual([100, 500])
  })

  it('overwrites what is older than a quarter of an hour, and forgets components that were not loaded since', () => {
    const history = new MemoryHistory()
    history.add(ledger(500, { gone: 100 }))
    for (let i = 2; i <= 3_700; i++) history.add(ledger(i * 500, { there: 10 }))
    const { times, components } = history.view(10_000, 10)
    expect(times).toHaveLength(1_800)
    expect(times[0]).toBe(500 * (3_700 - 1_799))
    expect(times.at(-1)).toBe(500 * 3_700)
    expect(components.map(({ name }) => name)).toEqual(['there'])
    expect(history.of('gone', 10).values.every((value) => value === 0)).toBe(true)
  })
})
