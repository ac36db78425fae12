import type { Entry } from './contenders.ts'
import { bestOf, summary, timesWorse } from './report.ts'
import type { Results } from './report.ts'
import type { Row } from './rows.ts'

const ours = 'spillway process'

/** What the process host is to reach, row by row: times the best other, where 1 is as good and less is better. */
const wanted: Readonly<Record<string, { readonly most: number; readonly against: readonly string[] | 'others' }>> = {
  cold: { most: 1.15, against: ['fork json process', 'fork advanced process'] },
  call: { most: 1, against: 'others' },
  // Twice as many.
  flight: { most: 0.5, against: 'others' },
  array: { most: 1, against: 'others' },
  footprint: { most: 1.15, against: ['fork json process', 'fork advanced process'] },
  back: { most: 1, against: 'others' },
}

/** A line for each figure of the process host; none where it was not measured. */
export function verdict(all: ReadonlyMap<Row, Results>): string[] {
  return [...all].flatMap(([row, results]) => {
    const { most, against } = wanted[row.id] ?? { most: 1, against: 'others' }
    const isAsked = ({ name, isolation }: Entry): boolean =>
      isolation === 'process' && name !== ours && (against === 'others' || against.includes(name))
    const entries = [...results.keys()]
    const own = entries.find(({ name }) => name === ours)
    return row.figures.flatMap((figure, index) => {
      const value = own && summary(results, own, figure, index)
      const others = entries.filter(isAsked).flatMap((other) => summary(results, other, figure, index) ?? [])
      if (value === undefined || others.length === 0) return []
      const times = timesWorse(figure, value, bestOf(figure, others))
      // The goal of twice as many is about calls, not about the CPU they take.
      const goal = figure.better === 'less' ? Math.max(most, 1) : most
      const rival = against === 'others' ? 'the best other process' : 'a bare fork that imports the same module'
      return [
        `${times <= goal ? 'reached' : 'MISSED '}  ${figure.title}: ${times.toFixed(2)} times ${rival}, wanted at most ${goal}`,
      ]
    })
  })
}
