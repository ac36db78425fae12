import { escapeMarkup } from './markup.ts'

export interface BarChart {
  readonly title: string
  /** What the numbers are: 'MB resident'. */
  readonly unit: string
  readonly series: readonly string[]
  /** `values`: one for each series, undefined where there is none; a group without any is a heading. */
  readonly groups: readonly { readonly label: string; readonly values: readonly (number | undefined)[] }[]
}

// Pixels.
const width = 720
const left = 210
const right = 60
const top = 64
const bar = 11
const gap = 10
/** Told apart without colours too: each is darker than the next. */
const shades = ['a', 'b', 'c', 'd', 'e']

/** Horizontal bars, grouped, as an SVG that follows the reader's colour scheme. */
export function barChart({ title, unit, series, groups }: BarChart): string {
  const largest = Math.max(...groups.flatMap(({ values }) => values.filter((value) => value !== undefined)))
  const scale = (width - left - right) / largest
  let y = top
  const marks = groups.map(({ label, values }) => {
    const height = Math.max(values.length, 1) * bar
    const bars = values.map((value, index) => {
      const at = y + index * bar
      if (value === undefined) return ''
      return (
        `<rect class="${shades[index]}" x="${left}" y="${at}" width="${round(value * scale)}" height="${bar - 1}"/>` +
        `<text class="small" x="${round(left + value * scale + 5)}" y="${at + bar - 2}">${value}</text>`
      )
    })
    const name =
      values.length === 0
        ? `<text x="12" y="${y + bar}" font-weight="600">${escapeMarkup(label)}</text>`
        : `<text x="${left - 10}" y="${y + height / 2 + 4}" text-anchor="end">${escapeMarkup(label)}</text>`
    y += height + gap
    return [name, ...bars].join('\n  ')
  })
  const legend = (series.length === 1 ? [] : series).map((name, index) => {
    const x = left + index * 98
    return `<rect class="${shades[index]}" x="${x}" y="40" width="11" height="11"/><text class="small" x="${x + 16}" y="50">${escapeMarkup(name)}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="${escapeMarkup(`${title}, ${unit}`)}">
  <style>
    text { fill: #1f2328; } .small { font-size: 10px; fill: #57606a; }
    .a { fill: #0a3069; } .b { fill: #0969da; } .c { fill: #54aeff; } .d { fill: #80ccff; } .e { fill: #b6e3ff; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; } .small { fill: #8b949e; }
      .a { fill: #cae8ff; } .b { fill: #79c0ff; } .c { fill: #388bfd; } .d { fill: #1f6feb; } .e { fill: #0d419d; }
    }
  </style>
  <text x="12" y="22" font-size="14" font-weight="600">${escapeMarkup(title)}</text><text class="small" x="12" y="50">${escapeMarkup(unit)}</text>
  ${[...legend, ...marks].join('\n  ')}
</svg>
`
}

const round = (value: number): number => Math.round(value * 10) / 10
