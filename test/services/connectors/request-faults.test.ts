import { describe, expect, it } from 'vitest'
import { isConnectorError } from '../../../src/services/connectors/errors.ts'
import { systemTiming } from '../../../src/services/timing/timing.ts'
import type { Timing } from '../../../src/services/timing/timing.ts'
import { openFixture } from './connector-fixture.ts'
import type { RestFault } from './fake-exchange.ts'

const faults: readonly (readonly [string, RestFault, reason: string])[] = [
  ['500', { kind: 'status', status: 500 }, 'unavailable'],
  ['502 with a page', { kind: 'status', status: 502, body: '<html>Bad gateway</html>' }, 'unavailable'],
  ['429 without Retry-After', { kind: 'status', status: 429 }, 'rate-limited'],
  ['garbage', { kind: 'garbage' }, 'bad-response'],
  ['an empty body', { kind: 'garbage', body: '' }, 'bad-response'],
  ['JSON of another shape', { kind: 'garbage', body: '{"hello":"world"}' }, 'bad-response'],
  ['a list of nothing', { kind: 'garbage', body: '[null]' }, 'bad-response'],
  ['a hang', { kind: 'hang' }, 'timeout'],
  ['a hang in the body', { kind: 'hang-body' }, 'timeout'],
  ['a reset connection', { kind: 'reset' }, 'network'],
]

describe.each(faults)('%s', (_, fault, reason) => {
  // Only what waits for it in vain is told by it.
  const requestTimeout = reason === 'timeout' ? 500 : 20_000

  it('once is made good by a retry', async () => {
    await using fixture = await openFixture({ requestTimeout })
    const { connector, exchange } = fixture
    await connector.getMarketData('BTC/USDT')
    exchange.failRest(fault)
    await expect(connector.getMarketData('BTC/USDT')).resolves.toMatchObject({ symbol: 'BTC/USDT' })
    exchange.failRest(fault)
    await expect(connector.getCandles('BTC/USDT', '1m', { limit: 10 })).resolves.toHaveLength(10)
    exchange.failRest(fault)
    await expect(connector.getOrderBook('BTC/USDT', 5)).resolves.toMatchObject({ symbol: 'BTC/USDT' })
    const { requests } = await connector.getStatus()
    expect(requests.failed).toBe(0)
    expect(requests.retried).toBeGreaterThanOrEqual(3)
  })

  it('for good ends in a typed error that keeps its cause', async () => {
    await using fixture = await openFixture({ retries: 1, requestTimeout })
    const { connector, exchange } = fixture
    await connector.getMarketData('BTC/USDT')
    exchange.failRest(fault, { times: Number.POSITIVE_INFINITY })
    const calls = await Promise.allSettled([
      connector.getMarketData('BTC/USDT'),
      connector.getOrderBook('BTC/USDT'),
      connector.getCandles('BTC/USDT', '1m'),
    ])
    for (const call of calls) {
      const error: unknown = call.status === 'rejected' ? call.reason : undefined
      expect(error).toMatchObject({
        name: 'ConnectorError',
        code: 'ERR_CONNECTOR',
        exchange: 'binance',
        attempts: 2,
        reason,
      })
      expect(isConnectorError(error)).toBe(true)
      expect((error as Error).cause).toBeInstanceOf(Error)
    }
  })

  it('in the list of markets does not last', async () => {
    await using fixture = await openFixture({ retries: 1, requestTimeout })
    const { connector, exchange } = fixture
    exchange.failRest(fault, { times: Number.POSITIVE_INFINITY })
    await expect(connector.getMarketData('BTC/USDT')).rejects.toMatchObject({ code: 'ERR_CONNECTOR', reason })
    exchange.heal()
    await expect(connector.getMarketData('BTC/USDT')).resolves.toMatchObject({ symbol: 'BTC/USDT' })
  })
})

/** Time that passes only where somebody sleeps. */
function sleepingTiming(): Timing & { readonly slept: number[] } {
  const slept: number[] = []
  const start = Date.now()
  return {
    slept,
    now: () => start + slept.reduce((sum, ms) => sum + ms, 0),
    random: () => 0.5,
    sleep: async (ms) => void slept.push(ms),
  }
}

describe('rate limits that the exchange demands', () => {
  it('are honoured for as long as Retry-After says, by all calls', async () => {
    const timing = sleepingTiming()
    await using fixture = await openFixture({ callTimeout: 60_000 }, { timing })
    const { connector, exchange } = fixture
    await connector.getMarketData('BTC/USDT')
    exchange.failRest({ kind: 'status', status: 429, retryAfter: 7 })
    await expect(connector.getMarketData('BTC/USDT')).resolves.toMatchObject({ symbol: 'BTC/USDT' })
    expect(timing.slept).toEqual([7_000])
  })

  it('are honoured when given as a date', async () => {
    const timing = sleepingTiming()
    await using fixture = await openFixture({ callTimeout: 60_000 }, { timing })
    await fixture.connector.getMarketData('BTC/USDT')
    const date = new Date(timing.now() + 20_000).toUTCString()
    fixture.exchange.failRest({ kind: 'status', status: 418, retryAfter: date })
    await expect(fixture.connector.getMarketData('BTC/USDT')).resolves.toMatchObject({ symbol: 'BTC/USDT' })
    expect(timing.slept).toHaveLength(1)
    expect(timing.slept[0]).toBeGreaterThan(10_000)
    expect(timing.slept[0]).toBeLessThanOrEqual(20_000)
  })

  it('that are longer than the call may take end it at once, and nothing is sent meanwhile', async () => {
    await using fixture = await openFixture()
    const { connector, exchange } = fixture
    await connector.getMarketData('BTC/USDT')
    exchange.failRest({ kind: 'status', status: 429, retryAfter: 60 })
    const error = await connector.getMarketData('BTC/USDT').catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'ERR_CONNECTOR', reason: 'rate-limited', attempts: 1 })
    expect((error as { retryAfter: number }).retryAfter).toBeGreaterThan(55_000)
    const sent = exchange.requests.length
    await expect(connector.getOrderBook('BTC/USDT')).rejects.toMatchObject({ reason: 'rate-limited', attempts: 0 })
    expect(exchange.requests).toHaveLength(sent)
    expect(await connector.getStatus()).toMatchObject({
      state: 'rate-limited',
      rateLimitedUntil: expect.any(Number) as number,
    })
  })
})

describe('the time of a call', () => {
  it('is bounded whatever the exchange does', async () => {
    await using fixture = await openFixture({ callTimeout: 300, requestTimeout: 60_000 })
    const { connector, exchange } = fixture
    await connector.getMarketData('BTC/USDT')
    exchange.failRest({ kind: 'hang-body' }, { times: Number.POSITIVE_INFINITY })
    const error = await connector.getMarketData('BTC/USDT').catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'ERR_CONNECTOR', reason: 'timeout', operation: 'getMarketData' })
  })

  it('ends when the connector is unloaded', async () => {
    const unloading = new AbortController()
    await using fixture = await openFixture({ requestTimeout: 60_000 }, { signal: unloading.signal })
    const { connector, exchange } = fixture
    await connector.getMarketData('BTC/USDT')
    exchange.failRest({ kind: 'hang' })
    const call = connector.getMarketData('BTC/USDT')
    unloading.abort()
    await expect(call).rejects.toMatchObject({ code: 'ERR_CONNECTOR', reason: 'closed' })
    await expect(connector.getMarketData('BTC/USDT')).rejects.toMatchObject({ reason: 'closed' })
  })

  it('is short when nobody listens there', async () => {
    await using fixture = await openFixture({ retries: 2 }, { timing: { ...systemTiming, random: () => 0 } })
    await fixture.exchange[Symbol.asyncDispose]()
    await expect(fixture.connector.getMarketData('BTC/USDT')).rejects.toMatchObject({
      code: 'ERR_CONNECTOR',
      reason: 'network',
      attempts: 3,
    })
  })
})

it('does not repeat what the exchange refused', async () => {
  await using fixture = await openFixture()
  const { connector, exchange } = fixture
  await connector.getMarketData('BTC/USDT')
  const sent = exchange.requests.length
  exchange.failRest({
    kind: 'status',
    status: 400,
    body: '{"code":-1100,"msg":"Illegal characters found in a parameter."}',
  })
  await expect(connector.getMarketData('BTC/USDT')).rejects.toMatchObject({
    code: 'ERR_CONNECTOR',
    reason: 'rejected',
    attempts: 1,
  })
  expect(exchange.requests).toHaveLength(sent + 1)
})
