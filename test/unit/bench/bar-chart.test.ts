import { describe, expect, it } from 'vitest'
import { barChart } from '../../../bench/figures/bar-chart.ts'

const widthsOf = (svg: string): number[] =>
  [...svg.matchAll(/<rect class="\w" x="210" y="[\d.]+" width="([\d.]+)" height="10"/g)].map(([, width]) =>
    Number(width),
  )

describe('a bar chart', () => {
  const chart = barChart({
    title: 'a < b & "c"',
    unit: 'ms',
    series: ['one', 'two'],
    groups: [
      { label: 'first', values: [100, undefined] },
      { label: 'second', values: [50, 25] },
    ],
  })

  it('has bars as long as their values, and none where there is no value', () => {
    expect(widthsOf(chart)).toEqual([450, 225, 112.5])
  })

  it('names what it shows in text that cannot end the markup', () => {
    expect(chart).toContain('a &lt; b &amp; &quot;c&quot;')
    expect(chart).not.toContain('a < b')
  })

  it('has other colours for those who read in the dark', () => {
    const dark = /@media \(prefers-color-scheme: dark\) \{([^]*?)\n {4}\}/.exec(chart)?.[1]
    expect(dark).toMatch(/text \{ fill: #\w{6}; \}/)
    for (const shade of ['a', 'b']) {
      const [light, night] = [chart.replace(dark ?? '', ''), dark ?? ''].map(
        (css) => new RegExp(`\\.${shade} \\{ fill: (#\\w{6})`).exec(css)?.[1],
      )
      expect(light).not.toBe(night)
    }
  })

  it('has a legend only where there are several series', () => {
    expect(chart).toContain('>two<')
    expect(barChart({ title: 't', unit: 'ms', series: ['only'], groups: [{ label: 'x', values: [1] }] })).not.toContain(
      '>only<',
    )
  })
})
