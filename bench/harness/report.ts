import type { CaseResults, Machine, SuiteResults } from './results.ts'
import { valuesOf } from './results.ts'
import { ratios, spreadOf } from './statistics.ts'

/** A suite's tables, each with its verdicts. */
export function report({ suite, title, cases }: SuiteResults): string {
  const parts = cases.map((each) => {
    const missing = each.contenders.flatMap((one) => (one.missing === undefined ? [] : `  ${one.name}: ${one.missing}`))
    const verdicts = each.verdicts.map(({ result, text }) => `  ${result.padEnd(10)} ${text}`)
    return [`\n${each.title}`, ...aligned(readableRows(each)), ...missing, ...verdicts].join('\n')
  })
  return [`\n=== ${suite}: ${title}`, ...parts].join('\n')
}

/** Columns beyond which a table is turned: nobody reads a line of twenty. */
const manyFigures = 6

/** The table of a case, with its contenders as rows, or as columns where there are many figures. */
export function readableRows(each: CaseResults): string[][] {
  const rows = tableOf(each)
  if (each.figures.length <= manyFigures) return rows
  return (rows[0] ?? []).map((_, column) => rows.map((row) => row[column] ?? ''))
}

/** The rows of a case's table, head first, of those who have figures: how many times the base's, with the least and the most of all rounds, and the median itself. */
export function tableOf({ figures, contenders, base }: CaseResults): string[][] {
  const basis = contenders.find(({ name }) => name === base)
  const head = ['', ...figures.map(({ title, unit }) => (unit ? `${title}, ${unit}` : title))]
  const measured = contenders.filter(({ missing }) => missing === undefined)
  const rows = measured.map((contender) => [
    contender.name,
    ...figures.map((_, index) => {
      const values = valuesOf(contender, index)
      const numbers = spreadOf(values.filter((value) => typeof value === 'number'))
      if (!numbers) return String(values[0] ?? '')
      if (contender === basis) return `1: ${shown(numbers.median)}`
      const times = basis && ratios(values, valuesOf(basis, index))
      if (!times) return shown(numbers.median)
      const spread = times.low === times.high ? '' : ` (${times.low.toFixed(2)}-${times.high.toFixed(2)})`
      return `${times.median.toFixed(2)}x${spread}: ${shown(numbers.median)}`
    }),
  ])
  return [head, ...rows]
}

export function machineLine({ node, platform, cores, load, versions }: Machine): string {
  const compared = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return `Node ${node}, ${platform}, ${cores} cores, load ${load[0].toFixed(1)} before, ${load[1].toFixed(1)} after; ${compared.join(', ')}`
}

/** Three digits, or all before the point. */
export function shown(value: number): string {
  const size = Math.abs(value)
  if (size >= 100) return Math.round(value).toLocaleString('en')
  return String(Number(value.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3)))
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
}
