import { check, property, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { editDistance, nearestNames } from '../../../../src/services/connectors/nearest-names.ts'

describe('nearestNames', () => {
  it('finds what was meant', () => {
    const names = ['kraken', 'krakenfutures', 'binance', 'binanceus', 'bitfinex', 'okx']
    expect(nearestNames('krakn', names, 1)).toEqual(['kraken'])
    expect(nearestNames('BINACNE', names, 2)).toEqual(['binance', 'binanceus'])
    expect(nearestNames('btc-usdt', ['ETH/USDT', 'BTC/USDT', 'BTC/USDC'], 2)).toEqual(['BTC/USDT', 'BTC/USDC'])
    expect(nearestNames('x', [])).toEqual([])
  })

  it('measures edits', () => {
    expect(editDistance('', 'abc')).toBe(3)
    expect(editDistance('abcd', 'acbd')).toBe(1)
    expect(editDistance('kitten', 'sitting')).toBe(3)
  })

  it('measures them like a distance', () => {
    const word = string({ maxLength: 12 })
    const distance = property(word, word, (a, b) => {
      const edits = editDistance(a, b)
      const least = Math.abs(a.length - b.length)
      const most = Math.max(a.length, b.length)
      return edits === editDistance(b, a) && (edits === 0) === (a === b) && edits >= least && edits <= most
    })
    expect(check(distance)).toMatchObject({ failed: false })
  })
})
