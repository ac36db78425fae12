import type { SuiteResults } from '../harness/results.ts'
import { valuesOf } from '../harness/results.ts'
import { quantile } from '../harness/statistics.ts'
import { barChart } from './bar-chart.ts'
import type { BarChart } from './bar-chart.ts'
import { section, tableRows } from './markdown.ts'

/** A plot of a table of docs/figures.md: what is drawn is what is written there, and was measured. */
interface Plot {
  readonly file: string
  /** Of the section that has the table. */
  readonly heading: string
  readonly title: string
  readonly unit: string
  /** Only the rows after this one, which has no figures, up to the next that has none. */
  readonly under?: string
  /** Name of each series, and the column it is in; of several numbers in a cell, which. */
  readonly series: readonly { readonly name: string; readonly column: number; readonly number?: number }[]
}

const phases = ['before', 'loaded', 'after 0 s', 'after 1 s', 'after 12 s']

const plots: readonly Plot[] = [
  {
    file: 'unload.svg',
    heading: 'Memory given back',
    under: 'Node 26, with the flag',
    title: 'A component of 300 MB: before, loaded, and after its unload',
    unit: 'MB resident',
    series: phases.map((name, index) => ({ name, column: index + 1 })),
  },
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

/** A plot of a suite's results: the medians of a group for each contender, or for each case. */
interface ResultsPlot {
  readonly file: string
  readonly suite: string
  readonly title: string
  readonly unit: string
  readonly figure: string
  /** Each with its name in the plot. */
  readonly cases: Readonly<Record<string, string>>
  readonly groups: 'contenders' | 'cases'
}

const resultsPlots: readonly ResultsPlot[] = [
  {
    file: 'calls.svg',
    suite: 'call',
    title: 'Echo of 100 bytes by another thread, 64 calls in flight',
    unit: 'thousands of calls a second',
    figure: 'rate',
    cases: { flight: 'calls' },
    groups: 'contenders',
  },
  {
    file: 'in-turn.svg',
    suite: 'call',
    title: 'Many components called in turn, one call at a time',
    unit: 'processor time a call, µs',
    figure: 'cpu',
    cases: { 'turn-10': '10 components', 'turn-50': '50 components', 'turn-200': '200 components' },
    groups: 'cases',
  },
  {
    file: 'loads.svg',
    suite: 'load',
    title: 'From nothing to the first answer',
    unit: 'ms',
    figure: 'time',
    cases: { cold: 'one', many: 'each of 100' },
    groups: 'contenders',
  },
  {
    file: 'one-more.svg',
    suite: 'footprint',
    title: 'One more idle worker',
    unit: 'MB resident',
    figure: 'rss',
    cases: { 'one-more': 'one more' },
    groups: 'contenders',
  },
  {
    file: 'candles.svg',
    suite: 'data',
    title: '100,000 candles from another thread: how long the main loop stands still',
    unit: 'ms',
    figure: 'longest',
    cases: { objects: 'objects', columns: 'columns', moved: 'moved' },
    groups: 'contenders',
  },
]

/** Plots of the results that are there. */
export function renderResults(
  results: ReadonlyMap<string, SuiteResults>,
): { readonly file: string; readonly svg: string }[] {
  return resultsPlots.flatMap(({ file, suite, title, unit, figure, cases, groups }) => {
    const measured = (results.get(suite)?.cases ?? []).filter(({ id }) => id in cases)
    if (measured.length === 0) return []
    const names = [...new Set(measured.flatMap((each) => each.contenders.map(({ name }) => name)))]
    const medianOf = (each: SuiteResults['cases'][number], name: string): number | undefined => {
      const index = each.figures.findIndex(({ id }) => id === figure)
      const contender = each.contenders.find((one) => one.name === name)
      const values = contender ? valuesOf(contender, index).filter((value) => typeof value === 'number') : []
      return values.length === 0 ? undefined : Number(quantile(values, 0.5).toPrecision(3))
    }
    const nameOf = ({ id }: { readonly id: string }): string => cases[id] ?? id
    const chart =
      groups === 'cases'
        ? {
            series: names,
            groups: measured.map((each) => ({
              label: nameOf(each),
              values: names.map((name) => medianOf(each, name)),
            })),
          }
        : {
            series: measured.map(nameOf),
            groups: names.map((name) => ({ label: name, values: measured.map((each) => medianOf(each, name)) })),
          }
    return { file, svg: barChart({ title, unit, ...chart }) }
  })
}

/** All plots of tables, each with the file of docs/figures it belongs in. */
export function renderPlots(page: string): { readonly file: string; readonly svg: string }[] {
  return plots.map(({ file, heading, title, unit, under, series }) => {
    const all = tableRows(section(page, heading)).map(([label = '', ...cells]) => ({
      label: label.replaceAll('*', ''),
      values: series.flatMap(({ column, number = 0 }) => numbersIn(cells[column - 1])[number] ?? []),
    }))
    const groups = under === undefined ? all : groupsUnder(all, under)
    return { file, svg: barChart({ title, unit, series: series.map(({ name }) => name), groups }) }
  })
}

function groupsUnder(all: BarChart['groups'], heading: string): BarChart['groups'] {
  const rest = all.slice(all.findIndex(({ label }) => label === heading) + 1)
  const end = rest.findIndex(({ values }) => values.length === 0)
  return end === -1 ? rest : rest.slice(0, end)
}

function numbersIn(cell = ''): number[] {
  return [...cell.matchAll(/\d+(?:\.\d+)?/g)].map(([digits]) => Number(digits))
}
