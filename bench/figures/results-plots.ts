import type { CaseResults, SuiteResults } from '../harness/results.ts'
import { valuesOf } from '../harness/results.ts'
import { quantile } from '../harness/statistics.ts'
import { timeline } from '../suites/footprint.ts'
import { barChart } from './bar-chart.ts'
import { lineChart } from './line-chart.ts'

/** Bars of a suite's results: the medians of a group for each contender, or for each case. */
interface Bars {
  readonly file: string
  readonly suite: string
  readonly title: string
  readonly unit: string
  readonly figure: string
  /** Each with its name in the plot. */
  readonly cases: Readonly<Record<string, string>>
  readonly groups: 'contenders' | 'cases'
}

const bars: readonly Bars[] = [
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

/** Plots of the results that are there, each with the file of docs/figures it belongs in. */
export function renderResults(
  results: ReadonlyMap<string, SuiteResults>,
): { readonly file: string; readonly svg: string }[] {
  const drawn = bars.flatMap((plot) => {
    const measured = (results.get(plot.suite)?.cases ?? []).filter(({ id }) => id in plot.cases)
    return measured.length === 0 ? [] : { file: plot.file, svg: barsOf(plot, measured) }
  })
  const unload = results.get('footprint')?.cases.find(({ id }) => id === 'unload')
  return unload ? [...drawn, { file: 'unload.svg', svg: aroundUnload(unload) }] : drawn
}

function barsOf({ title, unit, figure, cases, groups }: Bars, measured: readonly CaseResults[]): string {
  const names = [...new Set(measured.flatMap(({ contenders }) => contenders.map(({ name }) => name)))]
  const nameOf = ({ id }: CaseResults): string => cases[id] ?? id
  if (groups === 'cases') {
    const values = (each: CaseResults) => names.map((name) => medianOf(each, name, figure))
    return barChart({
      title,
      unit,
      series: names,
      groups: measured.map((each) => ({ label: nameOf(each), values: values(each) })),
    })
  }
  return barChart({
    title,
    unit,
    series: measured.map(nameOf),
    groups: names.map((name) => ({ label: name, values: measured.map((each) => medianOf(each, name, figure)) })),
  })
}

/** The memory of a process around the unload of a component of it. */
function aroundUnload(each: CaseResults): string {
  return lineChart({
    title: 'A component fills a cache of 300 MB, and is unloaded some seconds later',
    unit: 'MB resident, the whole process',
    xUnit: 's',
    x: each.figures.map(({ id }) => Number(id)),
    lines: each.contenders.map(({ name }) => ({
      label: name === 'worker' ? 'bare worker' : name,
      values: each.figures.map(({ id }) => medianOf(each, name, id) ?? 0),
    })),
    events: [
      { x: timeline.load, label: 'loaded, filled' },
      { x: timeline.unload, label: 'unloaded' },
    ],
  })
}

function medianOf({ figures, contenders }: CaseResults, name: string, figure: string): number | undefined {
  const index = figures.findIndex(({ id }) => id === figure)
  const contender = contenders.find((each) => each.name === name)
  const values = contender ? valuesOf(contender, index).filter((value) => typeof value === 'number') : []
  return values.length === 0 ? undefined : Number(quantile(values, 0.5).toPrecision(3))
}
