import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cases } from './cases.ts'
import type { Measured } from './cases.ts'

// How much of the memory that V8 does not count is in usage, and whether a limit holds it. `npm run bench:native -- --size 200`
const mib = 1024 ** 2
const at = process.argv.indexOf('--size')
const size = at === -1 ? '200' : (process.argv[at + 1] ?? '200')
const file = fileURLToPath(new URL('one.ts', import.meta.url))

console.log('| | grown, MiB | in usage after 2 s | of the component | past its limit |')
console.log('|---|---|---|---|---|')
for (const name of Object.keys(cases)) {
  rmSync('bench.db', { force: true })
  const flags = ['--no-memory-pool-share-memory-on-teardown', '--disable-warning=ExperimentalWarning']
  const run = promisify(execFile)(process.execPath, [...flags, file, name, size], { timeout: 120_000 })
  // A thread of DuckDB that is ended in the middle of a query takes the process with it: by then it has said what it measured.
  const { stdout } = await run.catch((error: { readonly stdout: string }) => error)
  const { grown, counted, own, outcome, took } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Measured
  const share = (bytes: number): string => `${Math.round((100 * bytes) / grown)}%`
  const seconds = (took / 1_000).toFixed(1)
  console.log(`| ${name} | ${Math.round(grown / mib)} | ${share(counted)} | ${share(own)} | ${outcome}, ${seconds} s |`)
}
rmSync('bench.db', { force: true })
