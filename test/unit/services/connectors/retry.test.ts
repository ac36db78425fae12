import { describe, expect, it } from 'vitest'
import { BanRecord } from '../../../../src/services/connectors/ban-record.ts'
import { classifyFailure } from '../../../../src/services/connectors/failure.ts'
import type { Failure } from '../../../../src/services/connectors/failure.ts'
import { RateGate, parseRetryAfter } from '../../../../src/services/connectors/rate-gate.ts'
import { decideRetry } from '../../../../src/services/connectors/retry.ts'
import { systemTiming } from '../../../../src/services/timing/timing.ts'

describe('decideRetry', () => {
  const policy = { retries: 2, base: 100, max: 1_000 }
  const transient: Failure = { reason: 'network', transient: true, message: '' }
  const outcome = { failure: transient, attempt: 1, left: 10_000, demanded: 0, random: 0 }

  it('retries what may pass, so often, after a delay', () => {
    expect(decideRetry(outcome, policy)).toEqual({ kind: 'retry', delay: 50 })
    expect(decideRetry({ ...outcome, attempt: 2 }, policy)).toEqual({ kind: 'retry', delay: 100 })
    expect(decideRetry({ ...outcome, attempt: 3 }, policy)).toEqual({ kind: 'give-up', retryAfter: undefined })
  })

  it('waits at least as long as the exchange demands', () => {
    expect(decideRetry({ ...outcome, demanded: 700 }, policy)).toEqual({ kind: 'retry', delay: 700 })
    expect(decideRetry({ ...outcome, demanded: 10 }, policy)).toEqual({ kind: 'retry', delay: 50 })
  })

  it('gives up what does not pass, and a wait that is too long', () => {
    const refused: Failure = { reason: 'rejected', transient: false, message: '' }
    expect(decideRetry({ ...outcome, failure: refused }, policy)).toEqual({ kind: 'give-up', retryAfter: undefined })
    expect(decideRetry({ ...outcome, demanded: 20_000 }, policy)).toEqual({ kind: 'give-up', retryAfter: 20_000 })
    expect(decideRetry({ ...outcome, left: 50 }, policy)).toEqual({ kind: 'give-up', retryAfter: undefined })
  })
})

describe('RateGate', () => {
  it('reads seconds and dates', () => {
    const now = Date.UTC(2026, 0, 1)
    expect(parseRetryAfter('3', now)).toBe(3_000)
    expect(parseRetryAfter(new Date(now + 5_000).toUTCString(), now)).toBe(5_000)
    expect(parseRetryAfter(new Date(now - 5_000).toUTCString(), now)).toBe(0)
    expect(parseRetryAfter('0.5', now)).toBe(500)
    expect(parseRetryAfter('soon', now)).toBeUndefined()
    expect(parseRetryAfter(undefined, now)).toBeUndefined()
  })

  it('believes no more than three days', () => {
    const [now, longest] = [Date.UTC(2026, 0, 1), 3 * 86_400_000]
    for (const absurd of ['9'.repeat(400), '259201', 'Fri, 31 Dec 9999 23:59:59 GMT']) {
      expect(parseRetryAfter(absurd, now)).toBe(longest)
    }
  })

  it('knows what one before it was told, and one beside it', () => {
    const record = new BanRecord()
    const beside = new RateGate(systemTiming, record)
    new RateGate(systemTiming, record).observe(429, { 'Retry-After': '60' })
    new RateGate(systemTiming, record).observe(429, { 'Retry-After': '5' })
    const { wait } = new RateGate(systemTiming, record)
    expect(wait).toBeGreaterThan(50_000)
    expect(wait).toBeLessThanOrEqual(60_001)
    expect(beside.wait).toBeGreaterThan(50_000)
    expect(new RateGate(systemTiming).wait).toBe(0)
  })

  it('stays closed for the longest that was demanded, and only by statuses that mean it', () => {
    let now = 1_000
    const gate = new RateGate({ ...systemTiming, now: () => now })
    gate.observe(200, { 'Retry-After': '9' })
    gate.observe(429, {})
    expect([gate.wait, gate.opensAt]).toEqual([0, null])
    gate.observe(429, { 'Retry-After': '5' })
    gate.observe(503, { 'retry-after': '2' })
    expect([gate.wait, gate.opensAt]).toEqual([5_000, 6_000])
    now = 6_000
    expect([gate.wait, gate.opensAt]).toEqual([0, null])
  })
})

describe('classifyFailure', () => {
  class NetworkError extends Error {}
  class RequestTimeout extends NetworkError {}
  class Unheard extends RequestTimeout {}
  class ExchangeError extends Error {}
  class BadSymbol extends ExchangeError {}

  it('goes by the most derived class that is known', () => {
    expect(classifyFailure(new Unheard('x'))).toEqual({ reason: 'timeout', transient: true, message: 'x' })
    expect(classifyFailure(new NetworkError('y'))).toMatchObject({ reason: 'network', transient: true })
    expect(classifyFailure(new BadSymbol('z'))).toMatchObject({ reason: 'rejected', transient: false })
  })

  it('takes what a parser throws for a bad response', () => {
    expect(classifyFailure(new TypeError('cannot read'))).toMatchObject({ reason: 'bad-response', transient: true })
    expect(classifyFailure('text')).toEqual({ reason: 'bad-response', transient: true, message: 'text' })
  })
})
