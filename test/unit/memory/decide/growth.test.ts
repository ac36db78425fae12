import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addGrowthSample,
  confirmGrowthSample,
  emptyGrowth,
  peakGrowth,
  sustainedGrowth,
  type GrowthWindow,
} from '../../../../src/memory/decide/growth.ts'

const windowOf = (...samples: readonly (readonly [time: number, bytes: number])[]): GrowthWindow =>
  samples.reduce((window, [time, bytes]) => addGrowthSample(window, time, bytes), emptyGrowth)

describe('growth', () => {
  test('is unknown with fewer than two samples, and sustained with fewer than four', () => {
    expect(peakGrowth(emptyGrowth)).toBe(0)
    expect(peakGrowth(windowOf([0, 500]))).toBe(0)
    expect(peakGrowth(windowOf([0, 500], [20, 700]))).toBe(10)
    expect(sustainedGrowth(windowOf([0, 0], [20, 200], [40, 400]))).toBe(0)
    expect(sustainedGrowth(windowOf([0, 0], [20, 200], [40, 400], [60, 600]))).toBe(10)
  })

  test('of samples close to each other only the last counts: what is between two steps is no rest', () => {
    const steps = [0, 20, 25, 40, 42, 60, 63, 80].map((time) => [time, Math.floor(time / 20) * 200] as const)
    expect(sustainedGrowth(windowOf(...steps))).toBeGreaterThan(8)
    expect(sustainedGrowth(windowOf(...steps))).toBeLessThan(12)
  })

  test('peak: the steeper of the last step and the whole window', () => {
    expect(peakGrowth(windowOf([0, 0], [20, 0], [40, 2_000]))).toBe(100)
    expect(peakGrowth(windowOf([0, 0], [20, 2_000], [40, 2_000]))).toBe(50)
    expect(peakGrowth(windowOf([0, 1_000], [20, 0]))).toBe(0)
  })

  test('sustained: neither one jump nor one collection moves it', () => {
    const steady = [0, 25, 50, 75, 100, 125].map((time) => [time, time * 4] as const)
    expect(sustainedGrowth(windowOf(...steady))).toBe(4)
    const jump = steady.map(([time, bytes]) => [time, bytes + (time >= 100 ? 1e9 : 0)] as const)
    expect(sustainedGrowth(windowOf(...jump))).toBe(4)
    const collection = steady.map(([time, bytes]) => [time, bytes - (time >= 50 ? 1e9 : 0)] as const)
    expect(sustainedGrowth(windowOf(...collection))).toBe(4)
  })

  test('sustained: follows a real change within three samples', () => {
    const flat = [0, 60_000, 120_000, 180_000].map((time) => [time, 100] as const)
    const rising = [25, 50, 75].map((time) => [180_000 + time, 100 + time * 8] as const)
    expect(sustainedGrowth(windowOf(...flat, ...rising))).toBe(8)
  })

  test('samples at the same time, or from before, replace the last one', () => {
    expect(windowOf([0, 0], [10, 50], [10, 90])).toEqual([
      { time: 0, bytes: 0 },
      { time: 10, bytes: 90 },
    ])
    expect(windowOf([10, 50], [5, 70])).toEqual([{ time: 5, bytes: 70 }])
  })

  test('is a finite number of at least 0, and times keep their order, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer(), fc.integer({ min: 0 }))), (samples) => {
        const window = windowOf(...samples)
        for (const rate of [peakGrowth(window), sustainedGrowth(window)]) {
          expect(Number.isFinite(rate) && rate >= 0).toBe(true)
        }
        expect(window.length).toBeLessThanOrEqual(6)
        for (let i = 1; i < window.length; i++) {
          expect(window[i]?.time).toBeGreaterThanOrEqual(window[i - 1]?.time ?? 0)
        }
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('a confirmed sample', () => {
  const rise = windowOf([0, 0], [25, 100], [50, 200], [75, 300], [100, 400], [125, 500])

  test('ends growth as a sample with the same bytes does', () => {
    let window = rise
    expect(sustainedGrowth(window)).toBe(4)
    for (let time = 150; time <= 250; time += 25) window = confirmGrowthSample(window, time)
    expect([peakGrowth(window), sustainedGrowth(window)]).toEqual([0, 0])
  })

  test('moves the end of one in which nothing has changed, so that a step after it is as steep as it is', () => {
    let window: GrowthWindow = emptyGrowth
    expect(confirmGrowthSample(window, 5)).toEqual(emptyGrowth)
    window = windowOf([0, 7], [25, 7], [50, 7], [75, 7], [100, 7], [125, 7])
    window = confirmGrowthSample(window, 1_000)
    expect(window.map(({ time }) => time)).toEqual([0, 25, 50, 75, 100, 1_000])
    expect(peakGrowth(addGrowthSample(window, 1_010, 107))).toBe(10)
    expect(confirmGrowthSample(window, 900).at(-1)?.time).toBe(1_000)
  })
})
