import { readableRows } from '../harness/report.ts'
import type { SuiteResults } from '../harness/results.ts'

/** The page with what `bench/results` has between the marks of each suite: `<!-- bench call -->` and `<!-- end call -->`. */
export function withResults(page: string, results: ReadonlyMap<string, SuiteResults>): string {
  return [...results].reduce((text, [suite, each]) => {
    const [begin, end] = [`<!-- bench ${suite} -->\n`, `<!-- end ${suite} -->`]
    const from = text.indexOf(begin)
    const to = text.indexOf(end)
    if (from === -1 || to < from) throw new Error(`The page has no place for ${suite}: ${begin.trim()}, ${end}`)
    return `${text.slice(0, from + begin.length)}\n${suiteTables(each)}\n${text.slice(to)}`
  }, page)
}

function suiteTables({ measuredAt, machine, cases }: SuiteResults): string {
  const { node, platform, cores, load, versions } = machine
  const compared = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const tables = cases.map((each) => {
    const missing = each.contenders.flatMap(({ name, missing: why }) => (why === undefined ? [] : [`${name} ${why}`]))
    return [
      `**${capitalised(each.title)}**\n`,
      table(readableRows(each)),
      ...(missing.length > 0 ? [`\n${capitalised(missing.join('; '))}.`] : []),
      ...(each.verdicts.length > 0 ? [''] : []),
      ...each.verdicts.map(({ result, text }) => `- ${result}: ${text}`),
    ].join('\n')
  })
  return [
    `Node ${node}, ${platform}, ${cores} cores, load ${load[0].toFixed(1)} before and ${load[1].toFixed(1)} after, ${measuredAt.slice(0, 10)}; ${compared.join(', ')}.\n`,
    ...tables.map((text) => `${text}\n`),
  ].join('\n')
}

function table([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`.replaceAll('|  |', '| |')
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
