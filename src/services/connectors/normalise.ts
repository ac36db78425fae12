import type { Candle } from '../historical-data/candles.ts'
import { MalformedResponse } from './ccxt-exchange.ts'
import type { MarketData, OrderBook, OrderBookLevel } from './market-data.ts'

type Fields = Readonly<Record<string, unknown>>

/** What ccxt makes of a ticker, checked. @throws MalformedResponse when there is no price in it. */
export function normaliseTicker(ticker: unknown, exchange: string, symbol: string, receivedAt: number): MarketData {
  const fields = fieldsOf(ticker, 'ticker')
  const data: MarketData = {
    exchange,
    symbol,
    timestamp: numberOf(fields['timestamp']),
    receivedAt,
    bid: numberOf(fields['bid']),
    bidSize: numberOf(fields['bidVolume']),
    ask: numberOf(fields['ask']),
    askSize: numberOf(fields['askVolume']),
    last: numberOf(fields['last'] ?? fields['close']),
    open: numberOf(fields['open']),
    high: numberOf(fields['high']),
    low: numberOf(fields['low']),
    change: numberOf(fields['change']),
    percentage: numberOf(fields['percentage']),
    vwap: numberOf(fields['vwap']),
    baseVolume: numberOf(fields['baseVolume']),
    quoteVolume: numberOf(fields['quoteVolume']),
  }
  if (data.last === null && data.bid === null && data.ask === null) {
    throw new MalformedResponse(`a ticker of ${symbol} without any price`)
  }
  return data
}

/** @throws MalformedResponse when it is no order book. */
export function normaliseOrderBook(book: unknown, exchange: string, symbol: string, depth = Infinity): OrderBook {
  const fields = fieldsOf(book, 'order book')
  const side = (name: 'bids' | 'asks'): OrderBookLevel[] => {
    const levels = fields[name]
    if (!Array.isArray(levels)) throw new MalformedResponse(`an order book of ${symbol} without ${name}`)
    return levels.slice(0, depth).map((level: unknown) => levelOf(level, `${name} of ${symbol}`))
  }
  const normalised: OrderBook = {
    exchange,
    symbol,
    timestamp: numberOf(fields['timestamp']),
    nonce: numberOf(fields['nonce']),
    bids: side('bids'),
    asks: side('asks'),
  }
  // An empty book of a market nobody trades still has a time or a number.
  const { bids, asks, timestamp, nonce } = normalised
  if (bids.length + asks.length === 0 && timestamp === null && nonce === null) {
    throw new MalformedResponse(`an order book of ${symbol} with nothing in it`)
  }
  return normalised
}

/**
 * Candles from ccxt's rows [time, open, high, low, close, volume], in order and without repeats. @throws
 * MalformedResponse
 */
export function normaliseCandles(rows: unknown, symbol: string): Candle[] {
  if (!Array.isArray(rows)) throw new MalformedResponse(`candles of ${symbol} that are no list`)
  const byTime = new Map<number, Candle>()
  for (const row of rows) {
    const candle = candleOf(row, symbol)
    byTime.set(candle.time, candle)
  }
  return [...byTime.values()].sort((a, b) => a.time - b.time)
}

function candleOf(row: unknown, symbol: string): Candle {
  const values = Array.isArray(row) ? row.map(numberOf) : []
  const [time = null, open = null, high = null, low = null, close = null, volume = null] = values
  if (time === null || open === null || high === null || low === null || close === null) {
    throw new MalformedResponse(`a candle of ${symbol} that is none: ${JSON.stringify(row)?.slice(0, 80)}`)
  }
  return { time, open, high, low, close, volume: volume ?? 0 }
}

function levelOf(level: unknown, where: string): OrderBookLevel {
  const [price = null, amount = null] = Array.isArray(level) ? level.map(numberOf) : []
  if (price === null || amount === null) {
    throw new MalformedResponse(`a level in ${where} that is none: ${JSON.stringify(level)?.slice(0, 80)}`)
  }
  return [price, amount]
}

function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null) throw new MalformedResponse(`no ${what} but ${typeof value}`)
  return value as Fields
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}
