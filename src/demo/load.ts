import { ideas, venues } from './trading-desk.ts'
import type { TradingDesk } from './trading-desk.ts'
import type { Signal } from './components/crossover.ts'
import type { MadeUpExchange } from './exchange/made-up-exchange.ts'
import type { Pace } from './pace.ts'
import { realSymbol, syntheticSymbol } from './prepare-data.ts'
import type { Dataset } from './prepare-data.ts'

export interface LoadOptions {
  readonly desk: TradingDesk
  readonly exchange: MadeUpExchange
  readonly datasets: readonly Dataset[]
  readonly pace: Pace
}

const pairs = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'] as const
const hour = 3_600_000
const runsPerIdea = 12
/** Of the whole tide: while it is lower, nobody is there. */
const present = { venues: 0.4, charts: 0.02, orders: 0.1, backtests: 0.3, risk: 0.15, depth: 0.25, drawings: 0.2 }

/** Works at the desk until the pace is over: quotes, charts, orders, backtests and reports, more and fewer of them as the tide has it. */
export async function work(options: LoadOptions): Promise<void> {
  await Promise.all([
    ...venues.map(async (venue, index) => watchVenue(options, venue, index / venues.length)),
    lookAtCharts(options),
    placeOrders(options),
    runBacktests(options),
    writeReports(options),
    readDepth(options),
    drawCharts(options),
  ])
}

/** Quotes of one venue go to the strategies, and what these make of them to the orders. */
async function watchVenue({ desk, pace }: LoadOptions, venue: string, ahead: number): Promise<void> {
  const connector = desk.connectors.getConnector(venue)
  const watch = async (symbol: string): Promise<void> => {
    for await (const update of connector.subscribeMarketData(symbol)) {
      if (pace.over || pace.level(ahead) < present.venues) break
      const { signals, skipped } = await desk.strategies.onMarketData(update)
      for (const { signal } of signals) await trade(desk, signal)
      for (const key of skipped) void desk.strategies.start(key).catch(() => {})
    }
  }
  await repeat(pace, { from: present.venues, every: 2_000, ahead }, async () => {
    for (const { key, started } of desk.strategies.list()) if (!started) await desk.strategies.start(key)
    await Promise.all(pairs.map(async (symbol) => watch(symbol)))
  })
}

async function trade({ orders }: TradingDesk, { symbol, side, price }: Signal): Promise<void> {
  const { id } = await orders.createOrder({ symbol, side, type: 'market', quantity: '0.5' })
  await orders.updateOrder(id, { status: 'open' })
  await orders.addFill(id, { id: `${id}-1`, quantity: '0.5', price: price.toFixed(8) })
}

async function lookAtCharts({ desk, datasets, pace }: LoadOptions): Promise<void> {
  const dice = pace.dice(1)
  const { from = 0, to = 0 } = datasets.find(({ symbol }) => symbol === syntheticSymbol) ?? {}
  await repeat(pace, { from: present.charts, every: 400 }, async () => {
    const length = hour * (1 + 400 * dice())
    const start = from + Math.max(0, to - from - length) * dice()
    await desk.history.getHistoricalData(syntheticSymbol, start, start + length, dice() < 0.5 ? '1m' : '15m')
  })
}

/** People trade as well. */
async function placeOrders({ desk, pace }: LoadOptions): Promise<void> {
  const dice = pace.dice(2)
  await repeat(pace, { from: present.orders, every: 500 }, async () => {
    const symbol = pairs[Math.floor(dice() * pairs.length)] ?? pairs[0]
    const side = dice() < 0.5 ? 'buy' : 'sell'
    if (dice() < 0.7) await trade(desk, { symbol, side, price: 100 + dice() })
    else {
      const price = (90 + 20 * dice()).toFixed(2)
      const { id } = await desk.orders.createOrder({ symbol, side, quantity: '1', price })
      await desk.orders.cancelOrder(id, 'changed their mind')
    }
    await desk.orders.listOrders({ limit: 20 })
  })
}

/** One idea is worked on for a while, then another. */
async function runBacktests({ desk, datasets, pace }: LoadOptions): Promise<void> {
  const dice = pace.dice(3)
  const { from = 0, to = 0 } = datasets.find(({ symbol }) => symbol === syntheticSymbol) ?? {}
  const all = Object.entries(ideas)
  let runs = 0
  await repeat(pace, { from: present.backtests, every: 1_200 }, async () => {
    const [key, [fast, slow]] = all[Math.floor(runs++ / runsPerIdea) % all.length] ?? ['minutes', [5, 20]]
    const start = from + (to - from) * 0.5 * dice()
    await desk.backtests.get(key).run(start, start + (to - from) / 4, fast, slow)
  })
}

async function writeReports({ desk, datasets, pace }: LoadOptions): Promise<void> {
  const { from = 0, to = 0 } = datasets.find(({ symbol }) => symbol === realSymbol) ?? {}
  await repeat(pace, { from: present.risk, every: 3_000 }, async () => void (await desk.risk.report(from, to)))
}

async function drawCharts({ desk, datasets, pace }: LoadOptions): Promise<void> {
  const { to = 0 } = datasets.find(({ symbol }) => symbol === realSymbol) ?? {}
  const year = 365 * 24 * hour
  await repeat(pace, { from: present.drawings, every: 2_500 }, async () => {
    await desk.charts.draw(realSymbol, to - 3 * year, to)
  })
}

/** The order book, over a connection of the pool. */
async function readDepth({ desk, exchange, pace }: LoadOptions): Promise<void> {
  await repeat(pace, { from: present.depth, every: 2_000 }, async () => {
    const { id } = await desk.pool.getConnection(exchange.restUrl)
    try {
      await desk.pool.send(id, { path: '/api/v3/depth?symbol=BTCUSDT&limit=100' })
    } finally {
      await desk.pool.releaseConnection(id)
    }
  })
}

interface Rhythm {
  /** The tide has to be as high as that. */
  readonly from: number
  /** ms between two times at the highest tide, more at a lower one. */
  readonly every: number
  readonly ahead?: number
}

/** What goes wrong is counted by whoever watches the calls; the next time may go well. */
async function repeat(pace: Pace, { from, every, ahead = 0 }: Rhythm, act: () => Promise<void>): Promise<void> {
  while (!pace.over) {
    const level = pace.level(ahead)
    if (level >= from && level > 0) await act().catch(() => {})
    await pace.pause(every / Math.max(level, 0.2))
  }
}
