import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openService } from './open-service.ts'
import type { Query } from './reader.ts'

const minutes = 1_000_000
const start = Date.UTC(2020, 0, 1)
const hour = 3_600_000
const day = 24 * hour
const symbol = 'SYNTHETIC'

/** A database of a million one-minute candles, which goes with this process; its path. */
export async function makeMarket(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-historical-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'market.db')
  using service = await openService(path)
  const steps = service.importSynthetic({ symbol, seed: 1, count: minutes, start })
  for (let step = await steps.next(); !step.done; step = await steps.next());
  return path
}

/** Of the minutes that are there, each another one for as long as there are more: an hour later each time. */
export const queries = {
  day: (count: number): Query => queryOf(count, day, '1m'),
  month: (count: number): Query => queryOf(count, 30 * day, '1h'),
} as const satisfies Record<string, (count: number) => Query>

function queryOf(count: number, time: number, interval: Query[3]): Query {
  const hours = Math.floor((minutes * 60_000 - time) / hour)
  const from = start + (count % hours) * hour
  return [symbol, from, from + time, interval]
}
