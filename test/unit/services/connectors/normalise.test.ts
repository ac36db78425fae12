import { describe, expect, it } from 'vitest'
import { normaliseCandles, normaliseOrderBook, normaliseTicker } from '../../../../src/services/connectors/normalise.ts'

describe('normaliseTicker', () => {
  it('keeps what is a number and makes null of the rest', () => {
    const ticker = {
      symbol: 'A/B',
      last: 2,
      bid: undefined,
      ask: Number.NaN,
      high: '3',
      timestamp: 5,
      info: { raw: true },
    }
    const data = normaliseTicker(ticker, 'x', 'A/B', 7)
    expect(data).toMatchObject({
      exchange: 'x',
      symbol: 'A/B',
      timestamp: 5,
      receivedAt: 7,
      last: 2,
      bid: null,
      ask: null,
      high: null,
    })
    expect(data).not.toHaveProperty('info')
  })

  it.each([undefined, null, 'text', {}, { timestamp: 1 }])('refuses %j', (ticker) => {
    expect(() => normaliseTicker(ticker, 'x', 'A/B', 0)).toThrow(/ticker/)
  })
})

describe('normaliseOrderBook', () => {
  const book = {
    bids: [
      [2, 1, 'more'],
      [1, 1],
    ],
    asks: [[3, 1]],
    timestamp: undefined,
    nonce: 4,
  }

  it('keeps price and amount, to the depth asked for', () => {
    expect(normaliseOrderBook(book, 'x', 'A/B', 1)).toEqual({
      exchange: 'x',
      symbol: 'A/B',
      timestamp: null,
      nonce: 4,
      bids: [[2, 1]],
      asks: [[3, 1]],
    })
  })

  it('lets an empty book pass that has a number or a time', () => {
    expect(normaliseOrderBook({ bids: [], asks: [], nonce: 4 }, 'x', 'A/B').bids).toEqual([])
  })

  it.each([
    null,
    {},
    { bids: [], asks: [] },
    { ...book, asks: [['3', 1]] },
    { ...book, bids: ['x'] },
    { ...book, bids: undefined },
  ])('refuses %j', (bad) => {
    expect(() => normaliseOrderBook(bad, 'x', 'A/B')).toThrow(/A\/B|order book/)
  })
})

describe('normaliseCandles', () => {
  it('sorts, and keeps the last of those with the same time', () => {
    const rows = [
      [2, 1, 1, 1, 1, 5],
      [1, 1, 1, 1, 1, undefined],
      [2, 2, 2, 2, 2, 6],
    ]
    expect(normaliseCandles(rows, 'A/B')).toEqual([
      { time: 1, open: 1, high: 1, low: 1, close: 1, volume: 0 },
      { time: 2, open: 2, high: 2, low: 2, close: 2, volume: 6 },
    ])
    expect(normaliseCandles([], 'A/B')).toEqual([])
  })

  it.each(['text', {}, [[1, 2, 3]], [[undefined, 1, 1, 1, 1, 1]], [null]])('refuses %j', (rows) => {
    expect(() => normaliseCandles(rows, 'A/B')).toThrow(/A\/B/)
  })
})
