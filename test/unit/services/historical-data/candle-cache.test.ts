import { expect, test } from 'vitest'
import { CandleCache } from '../../../../src/services/historical-data/candle-cache.ts'
import type { CandleQuery } from '../../../../src/services/historical-data/candle-cache.ts'
import { buffersOf, createColumns } from '../../../../src/services/historical-data/candles.ts'
import type { Candles } from '../../../../src/services/historical-data/candles.ts'

const query = (symbol: string, from = 0, to = 10): CandleQuery => ({ symbol, from, to, interval: '1m' })
const result = (symbol: string, length: number): Candles => ({
  symbol,
  interval: '1m',
  length,
  ...createColumns(length),
})

test('hands out copies: neither side can spoil what is kept', () => {
  const cache = new CandleCache(1e6, 1000)
  const given = result('A', 2)
  given.close[1] = 7
  cache.set(query('A'), given)
  structuredClone(given, { transfer: buffersOf(given) })
  const first = cache.get(query('A'))!
  expect(first).toMatchObject({ symbol: 'A', interval: '1m', length: 2, close: Float64Array.of(0, 7) })
  structuredClone(first, { transfer: buffersOf(first) })
  expect(first.close).toHaveLength(0)
  expect(cache.get(query('A'))!.close).toEqual(Float64Array.of(0, 7))
})

test('is bounded by bytes, the least recently used going first', () => {
  const cache = new CandleCache(18_000, 1000)
  for (const symbol of ['A', 'B', 'C']) cache.set(query(symbol), result(symbol, 100))
  expect(cache.get(query('A'))).toBeDefined()
  cache.set(query('D'), result('D', 100))
  expect(['A', 'B', 'C', 'D'].map((symbol) => cache.get(query(symbol)) !== undefined)).toEqual([
    true,
    false,
    true,
    true,
  ])
  expect(cache.stats()).toMatchObject({ entries: 3, evictions: 1, hits: 4, misses: 1, maxBytes: 18_000, ttl: 1000 })
  expect(cache.stats().bytes).toBeGreaterThan(3 * 100 * 48)
  expect(cache.stats().bytes).toBeLessThanOrEqual(18_000)
})

test('what alone is larger than the bound is not kept, and pushes nothing out', () => {
  const cache = new CandleCache(10_000, 1000)
  cache.set(query('A'), result('A', 10))
  cache.set(query('B'), result('B', 1000))
  expect(cache.get(query('A'))).toBeDefined()
  expect(cache.get(query('B'))).toBeUndefined()
})

test('a bound of 0 keeps nothing', () => {
  const cache = new CandleCache(0, 1000)
  cache.set(query('A'), result('A', 1))
  expect(cache.get(query('A'))).toBeUndefined()
  cache.invalidate('A', 0, 1)
  cache.trim('half')
  cache.clear()
  expect(cache.stats()).toEqual({ entries: 0, bytes: 0, maxBytes: 0, hits: 0, misses: 1, evictions: 0, ttl: 1000 })
})

test('entries expire', () => {
  let now = 1
  const cache = new CandleCache(1e6, 1000, () => now)
  cache.set(query('A'), result('A', 1))
  now = 1001
  expect(cache.get(query('A'))).toBeDefined()
  now = 1002
  expect(cache.get(query('A'))).toBeUndefined()
  cache.set(query('B'), result('B', 1))
  now = 3000
  expect(cache.stats()).toMatchObject({ entries: 0, bytes: 0, evictions: 0 })
})

test('different queries are different entries', () => {
  const cache = new CandleCache(1e6, 1000)
  cache.set(query('A', 1, 2), result('A', 3))
  expect(cache.get(query('A', 12, 2))).toBeUndefined()
  expect(cache.get({ ...query('A', 1, 2), interval: '5m' })).toBeUndefined()
  expect(cache.get(query('A', 1, 2))).toBeDefined()
})

test('only what was built from the range that changed is dropped', () => {
  const cache = new CandleCache(1e6, 1000)
  const queries = [query('A', 0, 10), query('A', 10, 20), query('A', 20, 30), query('B', 0, 100)]
  for (const each of queries) cache.set(each, result(each.symbol, 1))
  cache.invalidate('A', 10, 19)
  expect(queries.map((each) => cache.get(each) !== undefined)).toEqual([true, false, true, true])
  cache.invalidate('A', -Infinity, Infinity)
  expect(queries.map((each) => cache.get(each) !== undefined)).toEqual([false, false, false, true])
})

test('trimming drops the half used least recently, or everything', () => {
  const cache = new CandleCache(1e6, 1000)
  for (const symbol of ['A', 'B', 'C', 'D']) cache.set(query(symbol), result(symbol, 100))
  cache.get(query('A'))
  cache.trim('half')
  expect(['A', 'B', 'C', 'D'].map((symbol) => cache.get(query(symbol)) !== undefined)).toEqual([
    true,
    false,
    false,
    true,
  ])
  cache.trim('all')
  expect(cache.stats()).toMatchObject({ entries: 0, bytes: 0, evictions: 4 })
})
