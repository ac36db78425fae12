import { expect, test } from 'vitest'
import { Trend } from '../../../../src/memory/account/trend.ts'
import { END_TIME } from '../../../../src/memory/tuning.ts'

/** It has grown by 2 bytes a ms for 100 ms. */
function growing(): Trend {
  const trend = new Trend()
  for (let time = 0; time <= 100; time += 20) trend.measured(time, 1_000 + 2 * time)
  return trend
}

test('tells how usage grows', () => {
  expect(new Trend()).toMatchObject({ sustained: 0, peak: 0 })
  expect(growing()).toMatchObject({ sustained: 2, peak: 2 })
})

test('takes a load that is let in, or a worker that is gone, for no growth', () => {
  for (const bytes of [5_000, -900]) {
    const trend = growing()
    trend.jumped(bytes)
    trend.measured(120, 1_240 + bytes)
    expect(trend).toMatchObject({ sustained: 2, peak: 2 })
  }
})

test('takes as long for an unload as the last ones took, the later the more so', () => {
  const trend = new Trend()
  expect(trend.unloadTime).toBe(END_TIME)
  trend.unloadTook(END_TIME + 100)
  expect(trend.unloadTime).toBe(END_TIME + 50)
  for (let i = 0; i < 20; i++) trend.unloadTook(10)
  expect(trend.unloadTime).toBeCloseTo(10, 1)
})
