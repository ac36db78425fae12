import type { Entry } from './contenders.ts'
import type { Figure, Row } from './rows.ts'

/** For each contender the figures of each round, or why there are none. */
export type Results = ReadonlyMap<Entry, readonly (readonly (number | undefined)[])[] | Error>

/** The figure of a contender: undefined where it has none. */
export function summary(results: Results, contender: Entry, figure: Figure, index: number): number | undefined {
  const rounds = results.get(contender)
  if (!rounds || rounds instanceof Error) return undefined
  const values = rounds
    .flatMap((round) => round[index] ?? [])
    .toSorted((a, b) => (figure.better === 'less' ? a - b : b - a))
  return values[figure.of === 'best' ? 0 : Math.floor(values.length / 2)]
}

/** By how much `value` is worse than `best`: 1 is as good. */
export function timesWorse({ better }: Figure, value: number, best: number): number {
  return better === 'less' ? value / best : best / value
}

export function bestOf({ better }: Figure, values: readonly number[]): number {
  return better === 'less' ? Math.min(...values) : Math.max(...values)
}

/** A table for one kind of isolation, with how many times worse than its best each is. */
export function table(
  title: string,
  rows: readonly Row[],
  all: ReadonlyMap<Row, Results>,
  columns: readonly Entry[],
): string {
  const head = [title, ...columns.map(({ name }) => name.replace(/ (?:thread|process)$/, ''))]
  const body = rows.flatMap((row) =>
    row.figures.map((figure, index) => {
      const results: Results = all.get(row) ?? new Map()
      const values = columns.map((column) => summary(results, column, figure, index))
      const best = bestOf(
        figure,
        values.filter((value) => value !== undefined),
      )
      const cells = columns.map((column, at) => {
        const value = values[at]
        if (results.get(column) instanceof Error) return 'not available'
        if (value === undefined) return ''
        if (value === Infinity) return 'not within 3 s'
        return `${shown(value)} (${value === best ? 'best' : `${timesWorse(figure, value, best).toFixed(2)}x`})`
      })
      return { title: figure.title, cells }
    }),
  )
  const lines = [head, ...body.filter(({ cells }) => cells.some(Boolean)).map(({ title, cells }) => [title, ...cells])]
  const widths = head.map((_, column) => Math.max(3, ...lines.map((line) => line[column]?.length ?? 0)))
  const drawn = lines.map((line) => `| ${line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`)
  return [drawn[0], `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...drawn.slice(1)].join('\n')
}

function shown(value: number): string {
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)
}
