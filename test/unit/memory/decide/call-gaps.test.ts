import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../../../bench/policy/random.ts'
import { RecordedGaps } from '../../../../src/memory/decide/call-gaps.ts'
import { GapHistogram } from '../../../../src/memory/decide/gap-histogram.ts'
import { gapsOf } from '../../../support/unload-candidates.ts'

const repeat = (count: number, gap: () => number): RecordedGaps => {
  const gaps = new RecordedGaps()
  for (let i = 0; i < count; i++) gaps.record(gap())
  return gaps
}

describe('what keeping a component is worth', () => {
  test('is nothing while it has never been called', () => {
    expect(new RecordedGaps().keepValue(0)).toBe(0)
  })

  test('of random calls is about their rate, however long they have been missing', () => {
    const random = createRandom(7)
    const gaps = repeat(300, () => random.exponential(10_000))
    for (const idle of [0, 2_000, 10_000, 20_000]) {
      expect(gaps.keepValue(idle) * 10_000).toBeGreaterThan(0.6)
      expect(gaps.keepValue(idle) * 10_000).toBeLessThan(1.7)
    }
  })

  test('of a timer is one by the time left', () => {
    const random = createRandom(7)
    const gaps = repeat(60, () => 600_000 + 1_000 * random.next())
    for (const left of [500_000, 300_000, 60_000, 20_000]) {
      expect(gaps.keepValue(600_500 - left) * left).toBeGreaterThan(0.8)
      expect(gaps.keepValue(600_500 - left) * left).toBeLessThan(1.25)
    }
    expect(gaps.keepValue(700_000)).toBeLessThan(gaps.keepValue(580_000) / 10)
  })

  test('of bursts is high within one, and low soon after its end', () => {
    const random = createRandom(7)
    const gaps = repeat(300, () => random.exponential(random.next() < 0.1 ? 600_000 : 300))
    expect(gaps.keepValue(100)).toBeGreaterThan(1 / 1_000)
    expect(gaps.keepValue(10_000)).toBeLessThan(1 / 60_000)
  })

  test('follows a change of popularity within ten calls, both ways', () => {
    const random = createRandom(7)
    const awake = repeat(200, () => random.exponential(300_000))
    const unpopular = awake.keepValue(0)
    for (let i = 0; i < 10; i++) awake.record(random.exponential(3_000))
    expect(awake.keepValue(0)).toBeGreaterThan(4 * unpopular)
    const asleep = repeat(200, () => random.exponential(3_000))
    const before = asleep.keepValue(0)
    for (let i = 0; i < 10; i++) asleep.record(random.exponential(300_000))
    // The next call may come as soon as ever, but half a minute later nobody waits for it any more.
    expect(asleep.keepValue(30_000)).toBeLessThan(before / 20)
    expect(repeat(200, () => random.exponential(3_000)).keepValue(120_000)).toBeLessThan(1 / 60_000)
  })

  test('of one that was called once, long after its registration, is little', () => {
    expect(gapsOf(3_600_000).keepValue(0)).toBeLessThan(1 / 100_000)
  })

  test('is finite and not negative, whatever the gaps', () => {
    const any = fc.oneof(fc.double(), fc.double({ min: 0, max: 1e7 }), fc.constantFrom(0, -1, Number.NaN))
    fc.assert(
      fc.property(fc.array(any, { maxLength: 40 }), fc.double({ min: 0, max: 1e10, noNaN: true }), (drawn, idle) => {
        const value = gapsOf(...drawn).keepValue(idle)
        expect(Number.isFinite(value) && value >= 0).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  test('stays finite over a million calls', () => {
    const gaps = repeat(200_000, () => 50)
    expect(gaps.keepValue(10) * 40).toBeGreaterThan(0.8)
    expect(gaps.keepValue(10) * 40).toBeLessThan(1.25)
  })
})

describe('the histogram', () => {
  const total = (histogram: GapHistogram): number =>
    histogram.pieces.reduce((sum, { from, to, density }) => sum + density * (to - from), 0)

  test('adds up to all gaps but the unseen', () => {
    const histogram = new GapHistogram()
    expect(histogram.unseenShare).toBe(1)
    expect(histogram.pieces).toEqual([])
    for (const gap of [1, 20, 300, 300, 9_000_000, 1e11]) histogram.add(gap)
    expect(total(histogram) + histogram.unseenShare).toBeCloseTo(1)
    expect(histogram.gaps).toBeCloseTo(6, 0)
  })

  test('is sharp where there are many gaps alike, and vague about a single one', () => {
    const sharp = new GapHistogram()
    for (let i = 0; i < 100; i++) sharp.add(60_000)
    const vague = new GapHistogram()
    vague.add(60_000)
    const width = (histogram: GapHistogram): number => {
      const [piece] = histogram.pieces
      return piece ? piece.to - piece.from : Number.NaN
    }
    expect(width(sharp)).toBeLessThan(3_000)
    expect(width(vague)).toBeGreaterThan(50_000)
  })

  test('forgets, and survives the rescaling of its units', () => {
    const histogram = new GapHistogram()
    for (let i = 0; i < 60_000; i++) histogram.add(i < 30_000 ? 100 : 10_000)
    const [piece, ...others] = histogram.pieces
    expect(others).toEqual([])
    expect(piece?.from).toBeLessThan(10_000)
    expect(piece?.to).toBeGreaterThan(10_000)
    expect(histogram.gaps).toBeCloseTo(200, -1)
  })
})
