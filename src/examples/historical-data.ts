/* Historical data: candles in SQLite, in a worker that is there while it is needed; its memory is given back, and what is stored stays. */
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
// In a program of your own: from 'spillway' and 'spillway/services'.
import { ComponentCoordinator } from '../index.ts'
import { LazyHistoricalDataService } from '../services/index.ts'

await using folder = await mkdtempDisposable(join(tmpdir(), 'spillway-example-'))
await using coordinator = new ComponentCoordinator()
const history = new LazyHistoricalDataService(coordinator, { path: join(folder.path, 'market.db') })
console.log(`registered: ${history.info().state}`)

// Real daily prices of the S&P 500, and made-up ones of a minute each.
const csv = fileURLToPath(new URL('../data/sp500-2000.csv', import.meta.resolve('vega-datasets')))
const { inserted } = await history.importCsv(csv, { symbol: 'SP500', interval: '1d' })
for await (const { inserted: sofar } of history.importSynthetic({ symbol: 'MADE-UP', seed: 1, count: 200_000 })) {
  if (sofar === 200_000) console.log(`imported: ${inserted} days, ${sofar} minutes; ${history.info().state}`)
}

// Columns, moved from the worker and not copied; weeks and hours are made of what is stored.
const [from, to] = [Date.UTC(2008, 8, 1), Date.UTC(2008, 11, 1)]
const weeks = await history.getHistoricalData('SP500', from, to, '1w')
for (const { time, high, low } of [...history.rows(weeks)].slice(0, 3)) {
  console.log(`week of ${new Date(time).toISOString().slice(0, 10)}: ${low.toFixed(2)} to ${high.toFixed(2)}`)
}
const start = Date.UTC(2020, 0, 1)
const hours = await history.getHistoricalData('MADE-UP', start, start + 30 * 86_400_000, '1h')
console.log(`hours: ${hours.length}, highest ${hours.high.reduce((a, b) => Math.max(a, b)).toFixed(2)}`)

// Asked for again it comes from the cache, as long as the worker is there.
await history.getHistoricalData('SP500', from, to, '1w')
console.log(`from the cache: ${(await history.getCacheStats()).hits}`)
const { predicted } = await history.unload()
console.log(`${history.info().state}; it held ${predicted > 10e6 ? 'tens of megabytes' : 'next to nothing'}`)
const [{ count } = { count: 0 }] = await history.listSymbols()
console.log(
  `the next call loads it again: ${count} candles of the first symbol, generation ${history.info().generation}`,
)
