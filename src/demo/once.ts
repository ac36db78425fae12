import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { ComponentCoordinator } from '../index.ts'
import { LazyHistoricalDataService } from '../services/index.ts'
import type { DemoFacts } from './demo-facts.ts'
import type { DemoOptions } from './demo-options.ts'
import { formatFacts } from './format-facts.ts'
import { prepareData } from './prepare-data.ts'
import { tour } from './tour.ts'

/**
 * A real service through one life: imports candles into a database file on its first run, loads the service by calling it, unloads it, and shows what that does
 * to the memory of this process. Results go to standard output, everything else to standard error.
 */
export async function runOnce({ json, dataDirectory, candles }: DemoOptions): Promise<void> {
  await mkdir(dataDirectory, { recursive: true })
  const database = join(dataDirectory, 'market.db')

  await using coordinator = new ComponentCoordinator({ logger: pino({ level: 'warn' }, pino.destination(2)) })
  const service = new LazyHistoricalDataService(coordinator, { path: database, maxCacheSize: 1024 ** 3 })

  const datasets = await prepareData(service, candles, process.stderr)
  // What follows begins with a service that is not loaded.
  await service.unload()
  const facts: DemoFacts = {
    node: process.version,
    database,
    datasets,
    tour: await tour(coordinator, service, datasets),
  }
  process.stdout.write(json ? `${JSON.stringify(facts, null, 2)}\n` : formatFacts(facts))
}
