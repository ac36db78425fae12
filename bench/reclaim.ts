/**
 * Does memory come back? For each of four shapes of memory a component holds 300 MB and is unloaded, in a process of its own; what is printed is the
 * resident set of that process as the operating system counts it.
 *
 * By default on Node 26 with the flag that gives memory back at once; with --all also without the flag, and on Node 24.
 */
import { parseArgs } from 'node:util'
import { shapes } from './reclaim/holder.ts'
import { returnedShare, runCycle, runtimes } from './reclaim/run-cycle.ts'
import type { Runtime } from './reclaim/run-cycle.ts'

const { values } = parseArgs({
  options: { all: { type: 'boolean', default: false }, mb: { type: 'string', default: '300' } },
})
const bytes = Number(values.mb) * 1e6
const mb = (value: number): string => (value / 1e6).toFixed(0)

function row(name: string, cells: readonly string[]): void {
  console.log(name.padEnd(16) + cells.map((cell) => cell.padStart(12)).join(''))
}

const chosen = (Object.keys(runtimes) as Runtime[]).slice(0, values.all ? undefined : 1)
for (const runtime of chosen) {
  console.log(`\n${runtime}: resident set in MB, and how much of what loading added is back`)
  row('', ['base', 'loaded', 'after 0 s', 'after 1 s', 'after 12 s', 'back in 1 s', 'in 12 s', 'predicted', 'released'])
  for (const shape of shapes) {
    process.stderr.write(`${runtime}: ${shape} ...\n`)
    const result = await runCycle(runtime, shape, bytes, 12)
    const { base, loaded, after, report } = result
    const sizes = [base, loaded, after[0] ?? 0, after[1] ?? 0, after[12] ?? 0].map(mb)
    const shares = [1, 12].map((seconds) => `${(100 * returnedShare(result, seconds)).toFixed(1)}%`)
    row(shape, [...sizes, ...shares, mb(report.predicted), mb(report.released)])
  }
}
