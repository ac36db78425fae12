import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findRunaway, keepsOthersOut, runsAway } from '../../src/memory/decide/runaway.ts'
import type { Fullness, Suspect } from '../../src/memory/decide/runaway.ts'

const mib = 1024 ** 2
/** MiB/s in bytes/ms. */
const rate = (mibPerSecond: number): number => (mibPerSecond * mib) / 1_000
const limit = 512 * mib
const full = (share: number, more: Partial<Fullness> = {}): Fullness => ({
  usage: share * limit,
  limit,
  leaving: 0,
  reclaimable: 0,
  since: 0,
  ...more,
})
const suspect = (name: string, mibPerSecond: number, more: Partial<Suspect> = {}): Suspect => ({
  name,
  growth: rate(mibPerSecond),
  taken: 0,
  loading: false,
  questioned: false,
  ...more,
})
const hog = suspect('hog', 300)
const slow = suspect('slow', 5, { taken: 8 * mib })
const still = suspect('still', 0)

describe('a runaway', () => {
  test('is what grows fastest when the limit is passed', () => {
    expect(findRunaway(full(1.001), [still, slow, hog])).toMatchObject({ kind: 'question', name: 'hog' })
    expect(findRunaway(full(1), [still, slow, hog])).toEqual({ kind: 'none' })
  })

  test('is asked for its garbage for as long as there is time, then ended', () => {
    const asked = findRunaway(full(1.01), [hog])
    expect(asked).toMatchObject({ kind: 'question', name: 'hog' })
    // 9% of 512 MiB are full in 154 ms, of which ending it takes 100.
    expect(asked.kind === 'question' && asked.patience).toBeCloseTo(53.6, 0)
    expect(findRunaway(full(1.01), [{ ...hog, questioned: true }])).toEqual({ kind: 'none' })
    expect(findRunaway(full(1.05), [{ ...hog, questioned: true }])).toEqual({ kind: 'end', name: 'hog' })
  })

  test('is nobody while what goes, or can go, makes up for it, unless there is no time', () => {
    for (const room of [{ leaving: limit * 0.1 }, { reclaimable: limit * 0.1 }]) {
      expect(findRunaway(full(1.01, room), [hog])).toEqual({ kind: 'none' })
      expect(findRunaway(full(1.07, room), [hog])).toEqual({ kind: 'end', name: 'hog' })
      expect(findRunaway(full(1.07, room), [slow])).toEqual({ kind: 'none' })
    }
  })

  test('is nobody when nothing grows, however much is held', () => {
    expect(findRunaway(full(3), [still])).toEqual({ kind: 'none' })
    expect(findRunaway(full(3), [])).toEqual({ kind: 'none' })
  })

  test('is not what grows so slowly that there is time for others to become idle', () => {
    expect(findRunaway(full(1.01), [slow])).toEqual({ kind: 'none' })
    expect(findRunaway(full(1.05), [slow])).toMatchObject({ kind: 'question', name: 'slow' })
    expect(findRunaway(full(1.0999), [slow])).toEqual({ kind: 'end', name: 'slow' })
  })

  test('is no load while something idle can make room for it', () => {
    const loading = suspect('loading', 300, { loading: true })
    expect(findRunaway(full(1.08, { reclaimable: mib }), [loading])).toEqual({ kind: 'none' })
    expect(findRunaway(full(1.08), [loading])).toEqual({ kind: 'end', name: 'loading' })
  })

  test('is no load where somebody else grows at half its speed', () => {
    const loading = suspect('loading', 500, { loading: true })
    expect(findRunaway(full(1.08), [loading, suspect('grows', 260)])).toEqual({ kind: 'end', name: 'grows' })
    expect(findRunaway(full(1.08), [loading, suspect('less', 240)])).toEqual({ kind: 'end', name: 'loading' })
  })

  test('is not who hardly grows and has taken nothing, however far the limit is passed by others', () => {
    const jumped = suspect('jumped', 0, { taken: 150 * mib })
    const bystander = suspect('bystander', 1)
    expect(findRunaway(full(1.27), [bystander])).toEqual({ kind: 'none' })
    // Who took it in one step is asked at once.
    const asked = { kind: 'question', name: 'jumped', patience: 2_000 }
    expect(findRunaway(full(1.27), [bystander, jumped])).toEqual(asked)
    // While that one is on its way out, nobody else is to go for it.
    const leaving = { leaving: 0.3 * limit }
    expect(findRunaway(full(1.27, leaving), [bystander, slow])).toEqual({ kind: 'none' })
  })

  test('is one that has kept what it grew by', () => {
    expect(runsAway(full(1.01), rate(300))).toBe(true)
    expect(runsAway(full(1.01), rate(5))).toBe(false)
    expect(runsAway(full(0.99), rate(300))).toBe(false)
    expect(runsAway(full(1.01, { reclaimable: limit * 0.02 }), rate(300))).toBe(false)
  })

  test('is one that grows in bursts, once the limit is passed for a second', () => {
    const bursts = suspect('bursts', 0, { taken: 8 * mib })
    const other = suspect('other', 0, { taken: 7.9 * mib })
    const asked = { kind: 'question', name: 'bursts', patience: 2_000 }
    expect(findRunaway(full(1.06, { since: 1_000 }), [still, other, bursts])).toEqual(asked)
    expect(findRunaway(full(1.01, { since: 5_000 }), [still, other, bursts])).toEqual(asked)
    for (const [share, more, who] of [
      [1.06, { since: 999 }, bursts],
      [1.05, { since: 4_999 }, bursts],
      [1.06, { since: 5_000, reclaimable: 31 * mib }, bursts],
      [1.06, { since: 5_000, leaving: 31 * mib }, bursts],
      [1.06, { since: 5_000 }, other],
      [1.06, { since: 5_000 }, { ...bursts, questioned: true }],
      [1.06, { since: 5_000 }, { ...bursts, loading: true }],
    ] as const) {
      expect(findRunaway(full(share, more), [who])).toEqual({ kind: 'none' })
    }
    expect(keepsOthersOut(full(1.06, { since: 1_000 }), 8 * mib)).toBe(true)
    expect(keepsOthersOut(full(1.06, { since: 1_000 }), 7.9 * mib)).toBe(false)
  })

  test('is stopped in time: usage never passes 110% while a worker takes up to 75 ms to end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 75 }), (mibPerSecond, delay) => {
        const suspects = [suspect('x', mibPerSecond, { questioned: true, taken: 8 * mib })]
        const step = rate(mibPerSecond) * 25
        let usage = limit * 0.9
        while (findRunaway(full(usage / limit), suspects).kind !== 'end') usage += step
        expect(usage + rate(mibPerSecond) * delay).toBeLessThan(limit * 1.1)
      }),
    )
  })
})
