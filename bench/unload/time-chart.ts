export interface TimeChart {
  readonly title: string
  /** What the values are: 'MB resident'. */
  readonly unit: string
  /** What the horizontal axis is: 's'. */
  readonly axis: string
  readonly series: readonly { readonly name: string; readonly points: readonly (readonly [x: number, y: number])[] }[]
  /** Lines across, each with a word at its top. */
  readonly marks?: readonly { readonly x: number; readonly label: string }[]
}

/** Whose colours: one of the two, or the reader's own choice. */
export type Scheme = 'light' | 'dark' | 'auto'

// Pixels.
const width = 720
const height = 300
const [left, right, top, bottom] = [56, 16, 70, 36]

const colours = {
  light:
    'text { fill: #1f2328; } .small { font-size: 10px; fill: #57606a; } .grid { stroke: #d0d7de; } .mark { stroke: #57606a; } ' +
    '.a { stroke: #0969da; } .b { stroke: #bc4c00; } .c { stroke: #1a7f37; } .d { stroke: #8250df; }',
  dark:
    'text { fill: #e6edf3; } .small { font-size: 10px; fill: #8b949e; } .grid { stroke: #30363d; } .mark { stroke: #8b949e; } ' +
    '.a { stroke: #58a6ff; } .b { stroke: #f0883e; } .c { stroke: #3fb950; } .d { stroke: #a371f7; }',
}
/** Told apart without colours too. */
const strokes = [
  { name: 'a', dash: '' },
  { name: 'b', dash: '6 4' },
  { name: 'c', dash: '2 3' },
  { name: 'd', dash: '10 3 2 3' },
]

/** Lines over a common axis, as an SVG. */
export function timeChart({ title, unit, axis, series, marks = [] }: TimeChart, scheme: Scheme = 'auto'): string {
  const all = series.flatMap(({ points }) => points)
  const [xStep, yStep] = [niceStep(Math.max(...all.map(([x]) => x))), niceStep(Math.max(...all.map(([, y]) => y)))]
  const xMost = Math.max(...all.map(([x]) => x))
  const yMost = Math.ceil(Math.max(...all.map(([, y]) => y)) / yStep) * yStep
  const xOf = (x: number): number => round(left + (x / xMost) * (width - left - right))
  const yOf = (y: number): number => round(height - bottom - (y / yMost) * (height - top - bottom))
  const horizontal = steps(yMost, yStep).map(
    (y) =>
      `<line class="grid" x1="${left}" y1="${yOf(y)}" x2="${width - right}" y2="${yOf(y)}"/>` +
      `<text class="small" x="${left - 8}" y="${yOf(y) + 3}" text-anchor="end">${y}</text>`,
  )
  const vertical = steps(xMost, xStep).map(
    (x) =>
      `<text class="small" x="${xOf(x)}" y="${height - bottom + 16}" text-anchor="middle">${x}${x === 0 ? ` ${escape(axis)}` : ''}</text>`,
  )
  const across = marks.map(
    ({ x, label }) =>
      `<line class="mark" x1="${xOf(x)}" y1="${top - 6}" x2="${xOf(x)}" y2="${height - bottom}" stroke-dasharray="1 3"/>` +
      `<text class="small" x="${xOf(x) + 4}" y="${top - 2}">${escape(label)}</text>`,
  )
  const stroke = (index: number): string => {
    const { name, dash } = strokes[index % strokes.length] ?? { name: 'a', dash: '' }
    return `class="${name}" fill="none" stroke-width="2"${dash ? ` stroke-dasharray="${dash}"` : ''}`
  }
  const lines = series.map(
    ({ points }, index) =>
      `<polyline ${stroke(index)} points="${points.map(([x, y]) => `${xOf(x)},${yOf(y)}`).join(' ')}"/>`,
  )
  let at = 96
  const legend = series.map(({ name }, index) => {
    const x = at
    at += 44 + name.length * 6
    return `<line ${stroke(index)} x1="${x}" y1="46" x2="${x + 22}" y2="46"/><text class="small" x="${x + 27}" y="50">${escape(name)}</text>`
  })
  const style =
    scheme === 'auto' ? `${colours.light} @media (prefers-color-scheme: dark) { ${colours.dark} }` : colours[scheme]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="${escape(`${title}, ${unit}`)}">
  <style>${style}</style>
  <text x="12" y="22" font-size="14" font-weight="600">${escape(title)}</text><text class="small" x="12" y="50">${escape(unit)}</text>
  ${[...horizontal, ...vertical, ...across, ...legend, ...lines].join('\n  ')}
</svg>
`
}

/** Between marks of an axis: 1, 2 or 5 times a power of 10, some five of them up to `most`. */
export function niceStep(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most / 5))
  const wanted = most / 5 / power
  return power * (wanted > 5 ? 10 : wanted > 2 ? 5 : wanted > 1 ? 2 : 1)
}

function steps(most: number, step: number): number[] {
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, index) => index * step)
}

const round = (value: number): number => Math.round(value * 10) / 10

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
