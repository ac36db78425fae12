import { describe, expect, it } from 'vitest'
import { live } from './leak-world.ts'
import type { Outcome, Shape } from './leak-world.ts'

const minute = 60
const hour = 60 * minute
/** Retains 20 MiB, and from a time on so many MiB a second more. */
const leaking =
  (rate: number, from = 0): Shape['retained'] =>
  (time) =>
    20 + rate * Math.max(0, time - from)
const firstNamed = ({ named }: Outcome): number => named[0]?.from ?? Number.POSITIVE_INFINITY

describe('a leak', () => {
  it.each([0.5, 1, 10, 50])('of %d MiB/s is named within a minute, with its pace and when it began', (rate) => {
    const outcome = live({ retained: leaking(rate) }, 350 / rate)
    expect(firstNamed(outcome)).toBeLessThan(minute)
    expect(outcome.pace).toBeCloseTo(rate, 1)
    expect(outcome.since).toBeCloseTo(0, 0)
    expect(outcome.named).toHaveLength(1)
  })

  it('is named before it fills 60% of the limit and a second more, however fast', () => {
    for (const rate of [20, 30, 50, 70])
      expect(firstNamed(live({ retained: leaking(rate) }, 350 / rate))).toBeLessThan(190 / rate + 1)
  })

  it('that takes half an hour to fill the limit is named in time as well, at the price of few collections', () => {
    const outcome = live({ retained: leaking(0.2) }, 5 * minute)
    expect(firstNamed(outcome)).toBeLessThan(2 * minute)
    expect(outcome.collections.filter((time) => time <= minute).length).toBeLessThanOrEqual(4)
    expect(outcome.collections.length).toBeLessThanOrEqual(18)
  })

  it('that takes many hours is named once memory is short', () => {
    const outcome = live({ retained: leaking(0.02) }, 3 * hour)
    expect(firstNamed(outcome)).toBeGreaterThan(2 * hour)
    expect(outcome.named).toHaveLength(1)
  })

  it.each([
    [0.5, 10, 60],
    [1, 10, 60],
    [10, 50, 100],
  ])('of %d MiB/s is found in garbage of %d MiB/s', (rate, garbage, sweep) => {
    expect(firstNamed(live({ retained: leaking(rate), garbage, sweep }, 350 / rate))).toBeLessThan(minute)
  })

  it('is named within a minute where there has been garbage for an hour', () => {
    for (const rate of [1, 10]) {
      const outcome = live({ retained: leaking(rate, hour), garbage: 3, sweep: 150 }, hour + 2 * minute, { rate: 2 })
      expect(firstNamed(outcome) - hour).toBeGreaterThan(0)
      expect(firstNamed(outcome) - hour).toBeLessThan(minute)
    }
  })

  it('in steps is named', () => {
    expect(firstNamed(live({ retained: (time) => 20 + 10 * Math.floor(time / 15) }, 3 * minute))).toBeLessThan(minute)
    const slow = live({ retained: (time) => 20 + 20 * Math.floor(time / minute), garbage: 1 }, 10 * minute)
    expect(firstNamed(slow)).toBeLessThan(5 * minute)
  })

  it('is named with few figures, and across gaps of half a minute', () => {
    expect(firstNamed(live({ retained: leaking(1) }, 2 * minute, { rate: 0.2 }))).toBeLessThan(minute)
    expect(firstNamed(live({ retained: leaking(1), isMeasured: (time) => time % 30 < 0.05 }, 3 * minute))).toBeLessThan(
      2 * minute,
    )
  })
})

describe('what does not leak', () => {
  it.each([
    [1, 16],
    [10, 60],
    [50, 200],
    [2, 300],
    [0.2, 100],
    [0.05, 100],
  ])(
    'garbage of %d MiB/s, collected by itself at %d MiB, is never named, and seldom collected for a proof',
    (garbage, sweep) => {
      const outcome = live({ retained: () => 20, garbage, sweep }, 2 * hour, { rate: 2 })
      expect(outcome.named).toEqual([])
      expect(outcome.collections.length).toBeLessThan(30)
      // How much comes is known after a while.
      expect(outcome.collections.filter((time) => time > 1.5 * hour).length).toBeLessThanOrEqual(3)
    },
  )

  it('a large component that stays as it is is not named', () => {
    expect(live({ retained: () => 350, garbage: 5, sweep: 40 }, hour, { rate: 2 }).named).toEqual([])
  })

  it('a burst that is over is not named', () => {
    for (const pace of [5, 20, 100]) {
      const retained: Shape['retained'] = (time) => 20 + Math.min(80, Math.max(0, time - 30) * pace)
      expect(live({ retained, garbage: 1 }, 10 * minute).named).toEqual([])
    }
  })

  it('a cache that fills is named no longer once it is full', () => {
    const { named } = live({ retained: (time) => Math.min(150, 20 + time) }, 10 * minute)
    expect(named).toHaveLength(1)
    expect(named[0]?.to).toBeLessThan(130 + 45)
  })

  it('a store that is filled and emptied again and again is not named again', () => {
    expect(live({ retained: (time) => 20 + (time % 120) }, hour, { rate: 2 }).named.length).toBeLessThanOrEqual(1)
    expect(live({ retained: (time) => 20 + (time % 300) / 3 }, hour, { rate: 2 }).named.length).toBeLessThanOrEqual(1)
  })

  it('a working set that comes and goes is not named', () => {
    let seed = 1
    const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647
    let held = 0
    const retained: Shape['retained'] = (time) => {
      if (Math.round(time * 2) % 4 === 0) held = random() * 100
      return 20 + held
    }
    expect(live({ retained, garbage: 5, sweep: 50 }, 2 * hour, { rate: 2 }).named).toEqual([])
  })

  it('growth that is small beside the limit is not even looked at', () => {
    expect(live({ retained: (time) => 20 + Math.min(7, time / 10) }, hour, { rate: 2 }).collections).toEqual([])
  })
})
