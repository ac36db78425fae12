import { describe, expect, it } from 'vitest'
import { lineChart } from '../../../bench/figures/line-chart.ts'

describe('a line chart', () => {
  const chart = lineChart({
    title: 'a < b',
    unit: 'MB',
    xUnit: 's',
    x: [0, 1, 2],
    lines: [
      { label: 'one', values: [0, 400, 200] },
      { label: 'two', values: [100, 100, 100] },
    ],
    events: [{ x: 1, label: 'loaded' }],
  })

  it('has a point for each value, higher where there is more', () => {
    const points = [...chart.matchAll(/<polyline class="line l0" points="([^"]*)"/g)].map(([, text = '']) => text)
    expect(points).toEqual(['60,240 325,60 590,150'])
  })

  it('has round numbers at its grid, up to the most', () => {
    const numbers = [...chart.matchAll(/text-anchor="end">(\d+)</g)].map(([, number]) => Number(number))
    expect(numbers).toEqual([0, 100, 200, 300, 400])
  })

  it('names lines and events, and has other colours in the dark', () => {
    for (const text of ['>one<', '>two<', '>loaded<', 'a &lt; b', 'prefers-color-scheme: dark'])
      expect(chart).toContain(text)
  })
})
