import { barChart } from './bar-chart.ts'
import { section, tableRows } from './markdown.ts'

/** A plot of a table of docs/figures.md: what is drawn is what is written there, and was measured. */
interface Plot {
  readonly file: string
  /** Of the section that has the table. */
  readonly heading: string
  readonly title: string
  readonly unit: string
  /** Name of each series, and the column it is in; of several numbers in a cell, which. */
  readonly series: readonly { readonly name: string; readonly column: number; readonly number?: number }[]
}

const phases = ['before', 'loaded', 'after 0 s', 'after 1 s', 'after 12 s']

const plots: readonly Plot[] = [
  {
    file: 'memory-given-back.svg',
    heading: 'Memory given back',
    title: 'A component of 300 MB: before, loaded, and after its unload',
    unit: 'MB resident',
    series: phases.map((name, index) => ({ name, column: index + 1 })),
  },
  {
    file: 'policies.svg',
    heading: 'Policies',
    title: 'Time spent on loading again, limit at 15% of the footprint',
    unit: 'times the lower bound',
    series: ['clairvoyant', 'cost-aware', 'priority-idle', 'GDSF'].map((name, index) => ({
      name,
      column: index + 1,
      number: 1,
    })),
  },
]

/** All plots of tables, each with the file of docs/figures it belongs in. */
export function renderPlots(page: string): { readonly file: string; readonly svg: string }[] {
  return plots.map(({ file, heading, title, unit, series }) => {
    const groups = tableRows(section(page, heading)).map(([label = '', ...cells]) => ({
      label: label.replaceAll('*', ''),
      values: series.flatMap(({ column, number = 0 }) => numbersIn(cells[column - 1])[number] ?? []),
    }))
    return { file, svg: barChart({ title, unit, series: series.map(({ name }) => name), groups }) }
  })
}

function numbersIn(cell = ''): number[] {
  return [...cell.matchAll(/\d+(?:\.\d+)?/g)].map(([digits]) => Number(digits))
}
