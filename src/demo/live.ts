import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { withDeadline } from '../base/deadline.ts'
import { ComponentCoordinator } from '../index.ts'
import type { DemoOptions } from './demo-options.ts'
import { MadeUpExchange } from './exchange/made-up-exchange.ts'
import { work } from './load.ts'
import { narrate } from './narrator.ts'
import { openDashboard } from './open-dashboard.ts'
import { Pace } from './pace.ts'
import { prepareData } from './prepare-data.ts'
import { RunSummary } from './run-summary.ts'
import { stopSignal } from './stop-signal.ts'
import { TradingDesk } from './trading-desk.ts'

/** Made-up candles: as many as a desk looks at, and no more. */
const mostCandles = 400_000
/** ms that what is under way has to come to its end. */
const patience = 5_000
/** ms that it goes on at least, when it is to end by itself and little time is left. */
const least = 5_000
/** ms without use, at speed 1, before a component may go at medium pressure. */
const minIdleTime = 8_000

/**
 * A small trading firm at work until it is told to stop: its services, strategies and backtests under a load that rises and falls, more than fits under the
 * limit at a time, watched on the dashboard. Orders are made up, and forgotten at the end.
 */
export async function runLive({ dataDirectory, candles, port, seed, speed, limit, end }: DemoOptions): Promise<void> {
  const stop = stopSignal(end === undefined ? undefined : Math.max(least, Math.round(end - performance.now())))
  const say = (text: string): void => void process.stdout.write(text)
  await mkdir(dataDirectory, { recursive: true })
  await using ending = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'spillway-demo-live-'))
  ending.defer(async () => rm(directory, { recursive: true, force: true }))
  const exchange = ending.use(await MadeUpExchange.start(seed))
  const token = randomBytes(16).toString('hex')
  const coordinator = new ComponentCoordinator({
    logger: pino({ level: 'warn' }, pino.destination(2)),
    memory: { totalLimit: limit * 1024 ** 2, minIdleTime: minIdleTime / speed, checkInterval: 1_000 },
  })
  const summary = new RunSummary(coordinator)
  // The dashboard goes last: it shows how the others end.
  const { dashboard, address } = await openDashboard(coordinator, port, token)
  ending.use(dashboard)
  ending.use(coordinator)

  if (port !== 0 && address.port !== port) say(`Port ${port} is taken; the next free one is ${address.port}.\n`)
  say(`Dashboard:      ${address.url}/#token=${token}\n`)
  say(`In a terminal:  npx spillway top ${address.url}\n`)
  const desk = new TradingDesk(coordinator, { database: join(dataDirectory, 'desk.db'), directory, exchange })
  const datasets = await prepareData(desk.history, Math.min(candles, mostCandles), process.stderr)
  say(
    `All prices and orders are made up; the limit is ${limit} MiB. ${end === undefined ? 'Ctrl-C ends it' : 'It ends by itself, or at Ctrl-C'}.\n\n`,
  )
  narrate(coordinator, say)
  const working = work({ desk, exchange, datasets, pace: new Pace(seed, speed, stop) })
  await aborted(stop)

  say('\nShutting down: the load ends, then the components, then the dashboard.\n')
  await withDeadline(working, patience)
  const { left } = await coordinator.shutdown()
  await ending.disposeAsync()
  if (left.length > 0) say(`Left behind: ${left.join(', ')}\n`)
  say(`\n${summary.toString()}`)
}

async function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => resolve(), { once: true })
  if (signal.aborted) resolve()
  // The dashboard's server keeps the process alive meanwhile.
  await promise
}
