import { expect, test } from 'vitest'
import { timeChart, niceStep } from '../../../bench/unload/time-chart.ts'

test.each([
  [5, 1],
  [15, 5],
  [480, 100],
  [0.4, 0.1],
])('an axis up to %d has a mark each %d', (most, step) => {
  expect(niceStep(most)).toBeCloseTo(step)
})

test('lines span the picture, names are escaped, and colours are those of the scheme', () => {
  const chart = {
    title: 'a < b',
    unit: 'MB',
    axis: 's',
    series: [
      {
        name: 'one',
        points: [
          [0, 0],
          [10, 100],
        ] as const,
      },
    ],
  }
  const light = timeChart(chart, 'light')
  expect(light).toContain('points="56,264 704,70"')
  expect(light).toContain('a &lt; b')
  expect(light).not.toContain('prefers-color-scheme')
  expect(timeChart(chart)).toContain('prefers-color-scheme: dark')
  expect(timeChart(chart, 'dark')).not.toBe(light)
})
