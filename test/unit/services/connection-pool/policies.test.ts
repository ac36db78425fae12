import { array, boolean, check, constant, integer, nat, oneof, property, record } from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideAdmission } from '../../../../src/services/connection-pool/admission.ts'
import type { AdmissionView } from '../../../../src/services/connection-pool/admission.ts'
import { healthy, nextHostHealth, opensAt } from '../../../../src/services/connection-pool/host-health.ts'
import type { HostEvent, HostHealth } from '../../../../src/services/connection-pool/host-health.ts'
import { Inbox } from '../../../../src/services/connection-pool/inbox.ts'
import { nextSlotState } from '../../../../src/services/connection-pool/slot.ts'
import { parseTarget } from '../../../../src/services/connection-pool/target.ts'

describe('decideAdmission', () => {
  const limits = { maxConnections: 4, maxPerHost: 2 }
  const view: AdmissionView = {
    now: 100,
    total: 0,
    toHost: 0,
    hasMatch: false,
    hostHasIdle: false,
    hasIdle: false,
    hostOpensAt: 0,
    deadline: 1_000,
  }

  it.each<[string, Partial<AdmissionView>, object]>([
    ['opens while there is room', { total: 3, toHost: 1 }, { kind: 'open' }],
    ['reuses what is idle, even of a host that fails', { hasMatch: true, hostOpensAt: 500 }, { kind: 'reuse' }],
    ['waits when all to the host are in use', { total: 2, toHost: 2, hasIdle: true }, { kind: 'wait' }],
    [
      'replaces an idle one of the host',
      { total: 2, toHost: 2, hostHasIdle: true },
      { kind: 'replace', victim: 'of-host' },
    ],
    ['waits when all are in use', { total: 4 }, { kind: 'wait' }],
    ['replaces any idle one', { total: 4, hasIdle: true }, { kind: 'replace', victim: 'of-any' }],
    ['waits for the end of a back-off', { hostOpensAt: 500 }, { kind: 'wait', until: 500 }],
    ['refuses when that is too late', { hostOpensAt: 1_500 }, { kind: 'refuse', until: 1_500 }],
    ['waits for a probe', { hostOpensAt: Number.POSITIVE_INFINITY }, { kind: 'wait' }],
  ])('%s', (_, part, expected) => {
    expect(decideAdmission({ ...view, ...part }, limits)).toEqual(expected)
  })

  it('never opens over a limit', () => {
    const views: Arbitrary<AdmissionView> = record({
      now: nat(1_000),
      total: nat(8),
      toHost: nat(4),
      hasMatch: boolean(),
      hostHasIdle: boolean(),
      hasIdle: boolean(),
      hostOpensAt: oneof(nat(2_000), constant(Number.POSITIVE_INFINITY)),
      deadline: nat(2_000),
    })
    const sound = property(views, (any) => {
      const { kind } = decideAdmission(any, limits)
      const room = any.total < 4 && any.toHost < 2 && any.hostOpensAt <= any.now
      return kind !== 'open' || room
    })
    expect(check(sound)).toMatchObject({ failed: false })
  })
})

describe('the health of a host', () => {
  const policy = { base: 100, max: 1_000 }
  const run = (events: readonly HostEvent[], state: HostHealth = healthy): HostHealth =>
    events.reduce((before, event) => nextHostHealth(before, event, policy), state)
  const failed = (at: number, startedAt = at - 1): HostEvent => ({ kind: 'failed', at, startedAt, random: 1 })

  it('backs off twice as long each time, until a connection succeeds', () => {
    const once = run([failed(10)])
    expect(once).toEqual({ kind: 'backing-off', failures: 1, since: 10, until: 110 })
    const twice = run([{ kind: 'opening', at: 110 }, failed(120, 110)], once)
    expect(twice).toEqual({ kind: 'backing-off', failures: 2, since: 120, until: 320 })
    expect(run([{ kind: 'opening', at: 320 }, { kind: 'opened' }], twice)).toBe(healthy)
  })

  it('is tried by one at a time', () => {
    const probing = run([failed(10), { kind: 'opening', at: 110 }])
    expect(opensAt(probing)).toBe(Number.POSITIVE_INFINITY)
    expect(run([{ kind: 'abandoned', at: 150 }], probing)).toEqual({
      kind: 'backing-off',
      failures: 1,
      since: 10,
      until: 150,
    })
  })

  it('counts what was begun side by side once', () => {
    expect(run([failed(10, 1), failed(11, 2), failed(12, 3)])).toMatchObject({ failures: 1, until: 110 })
  })

  it('never waits longer than the maximum', () => {
    const event = oneof(
      record({ kind: constant('failed' as const), at: nat(10_000), startedAt: nat(10_000), random: constant(1) }),
      record({ kind: constant('opening' as const), at: nat(10_000) }),
      record({ kind: constant('abandoned' as const), at: nat(10_000) }),
      record({ kind: constant('opened' as const) }),
    )
    const bounded = property(array(event, { maxLength: 40 }), (events) => {
      let state: HostHealth = healthy
      return events.every((next) => {
        const before = state
        state = nextHostHealth(before, next, policy)
        if (next.kind !== 'failed' || state === before || state.kind !== 'backing-off') return true
        return state.until > next.at && state.until - next.at <= policy.max
      })
    })
    expect(check(bounded)).toMatchObject({ failed: false })
  })
})

describe('an inbox', () => {
  it('gives everything that fitted, in order, then its end', async () => {
    const batches = array(integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 6 })
    const inbox = new Inbox({ maxMessages: 10, maxBytes: 1_000 })
    expect(check(property(batches, (sizes) => sizes.every((size) => fill(size) <= 10)))).toMatchObject({
      failed: false,
    })
    for (let i = 0; i < 12; i++) expect(inbox.push(String(i))).toBe(i < 10)
    inbox.end(new Error('over'))
    const reader = inbox.read()
    for (let i = 0; i < 10; i++) await expect(reader.next()).resolves.toEqual({ done: false, value: String(i) })
    await expect(reader.next()).rejects.toThrow('over')
    await expect(reader.next()).resolves.toEqual({ done: true, value: undefined })
  })

  function fill(count: number): number {
    const inbox = new Inbox({ maxMessages: 10, maxBytes: 1_000 })
    return Array.from({ length: count }, (_, i) => inbox.push(String(i))).filter(Boolean).length
  }
})

describe('the state of a slot', () => {
  it('refuses steps that must not happen', () => {
    expect(() => nextSlotState({ kind: 'opening' }, { kind: 'obtained', id: 'x' })).toThrow(
      /opening cannot be obtained/,
    )
    expect(() => nextSlotState({ kind: 'closing' }, { kind: 'released', at: 0 })).toThrow(/closing cannot be released/)
    expect(nextSlotState({ kind: 'opening' }, { kind: 'close' })).toEqual({ kind: 'closing' })
  })
})

describe('parseTarget', () => {
  it('knows what can stand in for what', () => {
    const key = (url: string, request = {}): string => parseTarget(url, request).key
    expect(key('http://a.example/x?1')).toBe(key('http://a.example:80/y'))
    expect(key('http://a.example/')).not.toBe(key('https://a.example/'))
    expect(key('ws://a.example/x')).not.toBe(key('ws://a.example/y'))
    expect(key('ws://a.example/x#1')).toBe(key('ws://a.example/x#2'))
    const headers = { headers: { a: '1', b: '2' } }
    expect(key('ws://a.example/', headers)).toBe(key('ws://a.example/', { headers: { b: '2', a: '1' } }))
    expect(key('ws://a.example/', headers)).not.toBe(key('ws://a.example/'))
  })

  it('counts all schemes of a port as one host', () => {
    expect(parseTarget('http://a.example/').host).toBe(parseTarget('ws://a.example/').host)
    expect(parseTarget('https://a.example/').host).toBe('a.example:443')
  })
})
