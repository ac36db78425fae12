import { describe, expect, it } from 'vitest'
import { claimTiming } from '../../../src/cluster/claims/claim-timing.ts'
import { decodeEntry, encodeEntry, entryKey } from '../../../src/cluster/claims/claim-entry.ts'
import { beginTenure, nextTenure } from '../../../src/cluster/claims/tenure.ts'
import type { TenureEvent, TenureState } from '../../../src/cluster/claims/tenure.ts'

const valid = 1_000
/** Of a claim that was sent at 0 and answered at 5, with revision 7. */
function after(...events: readonly TenureEvent[]): TenureState {
  const begun = beginTenure(0, 7, valid, 5)
  if (!begun) throw new Error('it was over at once')
  return events.reduce<TenureState>((state, event) => nextTenure(state, event, valid), begun)
}

describe('a claim at its owner', () => {
  it('lasts from before it was sent, and is none when its answer comes too late', () => {
    expect(after()).toMatchObject({ at: 'held', token: 7, revision: 7, until: 1_000 })
    expect(beginTenure(0, 7, valid, 1_000)).toBeUndefined()
  })

  it('is renewed from before that was sent, and keeps its token', () => {
    expect(after({ type: 'renewed', sentAt: 300, revision: 9, now: 900 })).toMatchObject({
      at: 'held',
      token: 7,
      revision: 9,
      until: 1_300,
    })
  })

  it('does not become shorter by an older answer', () => {
    const renewed = { type: 'renewed', sentAt: 300, revision: 9, now: 310 } as const
    expect(after(renewed, { type: 'renewed', sentAt: 200, revision: 8, now: 320 })).toMatchObject({ until: 1_300 })
  })

  it.for<TenureEvent>([
    { type: 'time', now: 1_000 },
    { type: 'renewed', sentAt: 900, revision: 9, now: 1_000 },
    { type: 'unanswered', sentAt: 900, now: 1_000 },
    { type: 'found', revision: 9, now: 1_000 },
  ])('is over when its time is, whatever comes then: %o', (event) => {
    expect(after(event)).toEqual({ at: 'over', token: 7, why: 'it was not renewed in time' })
    expect(after(event, { type: 'renewed', sentAt: 900, revision: 9, now: 900 })).toMatchObject({ at: 'over' })
  })

  it('is over at once where somebody else has written', () => {
    expect(after({ type: 'refused', now: 10 })).toMatchObject({ at: 'over' })
  })

  it('is looked for where the other one who wrote may be itself', () => {
    const doubt = [
      { type: 'unanswered', sentAt: 300, now: 400 },
      { type: 'refused', now: 500 },
    ] as const
    expect(after(...doubt)).toMatchObject({ at: 'checking', revision: 7, until: 1_000 })
    expect(after(...doubt, { type: 'found', revision: 8, now: 510 })).toMatchObject({
      at: 'held',
      revision: 8,
      until: 1_000,
    })
    expect(after(...doubt, { type: 'found', revision: undefined, now: 510 })).toMatchObject({ at: 'over' })
  })

  it('is not looked for where that was long ago', () => {
    const renewals = [300, 600, 900, 1_200].map(
      (at) => ({ type: 'renewed', sentAt: at, revision: at, now: at }) as const,
    )
    expect(
      after({ type: 'unanswered', sentAt: 100, now: 200 }, ...renewals, { type: 'refused', now: 1_300 }),
    ).toMatchObject({
      at: 'over',
    })
  })
})

describe('what the bucket holds of a claim', () => {
  it('is read as it was written, and nothing else is', () => {
    const entry = { name: 'a', session: 's-1', attempt: 3, token: 5 }
    expect(decodeEntry(encodeEntry(entry))).toEqual(entry)
    for (const text of [
      '',
      '{}',
      'null',
      '{"name":"a"}',
      '{"name":"a.b","session":"s"}',
      '{"name":"a","session":"s","token":"5"}',
    ]) {
      expect(decodeEntry(text)).toBeUndefined()
    }
  })

  it('is under a key that JetStream takes, another one for each name', () => {
    expect(entryKey('books', 'BTC/USD *>.\u{1F600}')).toMatch(/^[\w-]+\.[\w-]+$/)
    expect(entryKey('a', 'bc')).not.toBe(entryKey('ab', 'c'))
  })
})

it('several renewals fit into the time of a claim, and it is believed in for less than the bucket keeps it', () => {
  for (const ttl of [500, 5_000, 60_000]) {
    const { valid: believed, renewal, answer, tick } = claimTiming(ttl)
    expect(renewal + tick + 3 * answer).toBeLessThan(ttl)
    expect(believed).toBeLessThan(ttl)
  }
})
