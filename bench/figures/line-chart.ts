import { escapeMarkup } from './markup.ts'

export interface LineChart {
  readonly title: string
  /** What the numbers are, of either axis: 'MB resident', 's'. */
  readonly unit: string
  readonly xUnit: string
  readonly x: readonly number[]
  /** `values`: one for each x. */
  readonly lines: readonly { readonly label: string; readonly values: readonly number[] }[]
  /** What happens at some x. */
  readonly events: readonly { readonly x: number; readonly label: string }[]
}

// Pixels.
const width = 720
const height = 280
const left = 60
const right = 130
const top = 60
const bottom = 40
/** Lines of the grid, at round numbers. */
const gridLines = 4

/** Lines over a common axis, as an SVG that follows the reader's colour scheme. */
export function lineChart({ title, unit, xUnit, x, lines, events }: LineChart): string {
  const step = roundStep(Math.max(...lines.flatMap(({ values }) => values)) / gridLines)
  const most = step * Math.ceil(Math.max(...lines.flatMap(({ values }) => values)) / step)
  const [first, last] = [Math.min(...x), Math.max(...x)]
  const atX = (value: number): number => round(left + ((value - first) / (last - first)) * (width - left - right))
  const atY = (value: number): number => round(height - bottom - (value / most) * (height - top - bottom))
  const grid = Array.from({ length: Math.round(most / step) + 1 }, (_, index) => {
    const y = atY(index * step)
    return `<path class="grid" d="M${left} ${y}H${width - right}"/><text class="small" x="${left - 8}" y="${y + 4}" text-anchor="end">${index * step}</text>`
  })
  const ticks = x
    .filter((value) => value % 2 === 0)
    .map(
      (value) =>
        `<text class="small" x="${atX(value)}" y="${height - bottom + 18}" text-anchor="middle">${value}${value === last ? ` ${xUnit}` : ''}</text>`,
    )
  const marks = events.map(
    (event) =>
      `<path class="event" d="M${atX(event.x)} ${top - 6}V${height - bottom}"/><text class="small" x="${atX(event.x) + 4}" y="${top - 2}">${escapeMarkup(event.label)}</text>`,
  )
  const drawn = lines.map(({ label, values }, index) => {
    const points = values.map((value, at) => `${atX(x[at] ?? 0)},${atY(value)}`).join(' ')
    // Ends that lie close are named one below the other.
    const y = 24 + index * 15
    return `<polyline class="line l${index}" points="${points}"/><path class="line l${index}" d="M${width - right + 14} ${y + top - 24}h16"/><text x="${width - right + 36}" y="${y + top - 20}">${escapeMarkup(label)}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="${escapeMarkup(`${title}, ${unit}`)}">
  <style>
    text { fill: #1f2328; } .small { font-size: 10px; fill: #57606a; } .grid { stroke: #d0d7de; } .event { stroke: #8c959f; stroke-dasharray: 3 3; }
    .line { fill: none; stroke-width: 2; } .l0 { stroke: #0969da; } .l1 { stroke: #9a6700; stroke-dasharray: 6 3; } .l2 { stroke: #1a7f37; stroke-dasharray: 2 3; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; } .small { fill: #8b949e; } .grid { stroke: #30363d; } .event { stroke: #6e7681; }
      .l0 { stroke: #79c0ff; } .l1 { stroke: #e3b341; } .l2 { stroke: #7ee787; }
    }
  </style>
  <text x="12" y="22" font-size="14" font-weight="600">${escapeMarkup(title)}</text><text class="small" x="12" y="${top - 14}">${escapeMarkup(unit)}</text>
  ${[...grid, ...ticks, ...marks, ...drawn].join('\n  ')}
</svg>
`
}

/** 1, 2 or 5 times a power of ten, at least as much. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  return ([1, 2, 5].find((factor) => factor * power >= least) ?? 10) * power
}

const round = (value: number): number => Math.round(value * 10) / 10
