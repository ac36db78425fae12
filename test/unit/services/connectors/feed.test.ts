import { describe, expect, it } from 'vitest'
import { ConnectorError } from '../../../../src/services/connectors/errors.ts'
import { Feed } from '../../../../src/services/connectors/feed.ts'
import type { FeedOptions } from '../../../../src/services/connectors/feed.ts'
import type { MarketData } from '../../../../src/services/connectors/market-data.ts'
import { normaliseTicker } from '../../../../src/services/connectors/normalise.ts'
import type { TickerSource } from '../../../../src/services/connectors/ticker-source.ts'
import { silent, steady } from '../../../services/connectors/connector-fixture.ts'
import { eventually } from '../../../services/connectors/eventually.ts'

const update = (): MarketData => normaliseTicker({ last: 1 }, 'x', 'A/B', Date.now())

/** A source whose `next` is the test's, on a connection that is alive or not. */
function source(next: TickerSource['next'], parts: Partial<TickerSource> = {}): TickerSource {
  return {
    idleTimeout: 2,
    next,
    endSilentSockets: () => {},
    heardSince: () => false,
    stop: async () => {},
    disconnect: async () => {},
    ...parts,
  }
}

function open(tickers: TickerSource, parts: Partial<FeedOptions> = {}): { feed: Feed; failures: ConnectorError[] } {
  const failures: ConnectorError[] = []
  const feed = new Feed({
    exchange: 'x',
    symbol: 'A/B',
    source: tickers,
    policy: { base: 1, max: 2, timeout: 40 },
    timing: steady,
    logger: silent,
    onFailed: (_, error) => void failures.push(error),
    ...parts,
  })
  return { feed, failures }
}

describe('a feed', () => {
  it('does not give up a connection that is there and only has nothing to say', async () => {
    const startedAt = Date.now()
    const { feed, failures } = open(source(() => new Promise(() => {}), { heardSince: () => true }))
    await eventually(() => {
      expect(feed.status().failures).toBeGreaterThan(10)
      expect(Date.now() - startedAt).toBeGreaterThan(100)
    })
    expect(failures).toEqual([])
    await feed.close()
    expect(feed.status().state).toBe('ended')
  })

  it('gives up one that is not there, and says so once', async () => {
    let ended = 0
    const { feed, failures } = open(source(() => new Promise(() => {}), { endSilentSockets: () => void ended++ }))
    await eventually(() => expect(feed.ended).toBe(true))
    expect(failures).toHaveLength(1)
    expect(failures[0]).toMatchObject({ code: 'ERR_CONNECTOR', reason: 'timeout', attempts: feed.status().failures })
    expect(ended).toBe(feed.status().failures)
    await feed.close()
  })

  it('gives up at once what is refused', async () => {
    const refused = new ConnectorError({ exchange: 'x', operation: 'y', reason: 'rejected' }, 'no')
    const { feed, failures } = open(source(() => Promise.reject(refused)))
    await eventually(() => expect(feed.ended).toBe(true))
    expect(failures).toMatchObject([{ reason: 'rejected', attempts: 1, cause: refused }])
  })

  it('goes on after failures, and forgets them with the next update', async () => {
    let calls = 0
    const next = async (): Promise<MarketData> => {
      const call = ++calls
      await new Promise((resolve) => setImmediate(resolve))
      if (call % 3 !== 0) throw new Error('lost')
      return update()
    }
    const { feed, failures } = open(source(next, { idleTimeout: 10_000 }), {
      policy: { base: 1, max: 2, timeout: 10_000 },
    })
    await eventually(() => expect(calls).toBeGreaterThan(30))
    expect(failures).toEqual([])
    expect(feed.status()).toMatchObject({
      symbol: 'A/B',
      lastError: 'lost',
      lastUpdateAt: expect.any(Number) as number,
    })
    await feed.close()
    const after = calls
    // It would go on within 2 ms of a failure.
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(calls).toBe(after)
  })

  it('closes at once while it waits, for an update or to reconnect', async () => {
    const waiting = open(source(() => new Promise(() => {}), { idleTimeout: 60_000 }))
    await waiting.feed.close()
    const backingOff = open(
      source(() => Promise.reject(new Error('lost'))),
      {
        policy: { base: 60_000, max: 60_000, timeout: 120_000 },
      },
    )
    await eventually(() => expect(backingOff.feed.status().state).toBe('backing-off'))
    await backingOff.feed.close()
    expect([...waiting.failures, ...backingOff.failures]).toEqual([])
  })
})
