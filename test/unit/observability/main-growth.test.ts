import { describe, expect, test } from 'vitest'
import { buildLedger } from '../../../src/memory/account/ledger.ts'
import { MainWatch } from '../../../src/observability/main-growth.ts'

const mib = 1024 ** 2

/** Whether it is named within so many seconds. MiB. */
function namedAt(held: (second: number) => number, seconds: number, limit = 400): number | undefined {
  const watch = new MainWatch()
  for (let second = 0; second < seconds; second++) {
    const total = held(second) * mib
    const mainThread = { used: 0, physical: 0, external: total, malloced: 0, total }
    watch.sampled(
      buildLedger({
        time: 0,
        components: {},
        extra: [],
        mainThread,
        reservations: 0,
        limit: limit * mib,
        native: 0,
        runtime: 0,
        rss: total,
        cgroup: null,
        pending: 0,
        pressureLevel: 'low',
      }),
      second * 1_000,
      0.6,
    )
    if (watch.growth) return second
  }
  return undefined
}

describe('growth of the main thread', () => {
  test('is named after two minutes, and after one where memory is short', () => {
    expect(namedAt((second) => 40 + second, 300)).toBe(135)
    expect(namedAt((second) => 240 + second, 300)).toBe(75)
  })

  test('is not named where it falls back, stops, or does not matter', () => {
    expect(namedAt((second) => 40 + (second % 60), 3_600)).toBeUndefined()
    expect(namedAt((second) => 40 + Math.min(60, second), 3_600)).toBeUndefined()
    expect(namedAt((second) => 40 + second / 100, 3_600, 8_000)).toBeUndefined()
  })

  test('is named no longer once it has stopped', () => {
    const watch = new MainWatch()
    const growths: boolean[] = []
    for (let second = 0; second < 300; second++) {
      const total = (240 + Math.min(100, second)) * mib
      const mainThread = { used: 0, physical: 0, external: total, malloced: 0, total }
      const ledger = { mainThread, usage: total, limit: 400 * mib }
      // What it looks at.
      watch.sampled(ledger as unknown as Parameters<MainWatch['sampled']>[0], second * 1_000, 0.6)
      growths.push(watch.growth !== undefined)
    }
    expect([growths[90], growths[140]]).toEqual([true, false])
  })
})
