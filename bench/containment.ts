/**
 * What a worker that allocates without end does to its process: under V8's resourceLimits alone (maxOldGenerationSizeMb 64), and under Spillway
 * with a memoryLimit of 64 MiB. Each run is a process of its own.
 *
 * `node bench/containment.ts [runs, default 10] [part of a pattern's name]`
 */
import { availableParallelism } from 'node:os'
import { patternNames } from '../test/fixtures/allocation-patterns.ts'
import { contain } from './containment/contain.ts'
import type { Mode, Outcome } from './containment/contain.ts'
import { sideBySide } from './side-by-side.ts'

const runs = Number(process.argv[2] ?? 10)
const patterns = patternNames.filter((name) => name.includes(process.argv[3] ?? ''))
const mib = 1024 ** 2

function counted(values: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return Array.from(counts, ([value, count]) => (counts.size === 1 ? value : `${value} ${count}`)).join(', ')
}

const largest = (outcomes: readonly Outcome[], figure: 'time' | 'peak' | 'stall' | 'busyStall'): number =>
  Math.max(0, ...outcomes.map((outcome) => (outcome.host === 'alive' ? outcome[figure] : 0)))

console.log(`Node ${process.version}, ${availableParallelism()} processors, ${runs} runs each`)
console.log(
  'peak: resident set beyond the base; stall: the longest without a turn of the main thread, and the part of it in which it was at work; late: died more than 2 s after it was told to\n',
)
console.log(
  [
    'pattern'.padEnd(28),
    'resourceLimits: host, worker'.padEnd(48),
    'Spillway: host, worker'.padEnd(32),
    'peak MiB'.padStart(9),
    'time ms'.padStart(9),
    'stall ms'.padStart(12),
  ].join(' '),
)
const died: Record<Mode, string[]> = { limits: [], spillway: [] }
for (const pattern of patterns) {
  const run = async (mode: Mode): Promise<Outcome[]> => {
    const outcomes = await sideBySide(Array.from({ length: runs }), 2, async () => contain(mode, pattern))
    if (outcomes.some(({ host }) => host !== 'alive')) died[mode].push(pattern)
    return outcomes
  }
  const limits = await run('limits')
  const spillway = await run('spillway')
  const told = (outcomes: readonly Outcome[]): string => {
    const ends = outcomes.filter((outcome) => outcome.host === 'alive').map(({ end }) => end)
    const late = outcomes.filter((outcome) => outcome.host === 'alive' && outcome.late).length
    return `${counted(outcomes.map(({ host }) => host))}; ${counted(ends)}${late > 0 ? `, ${late} late` : ''}`
  }
  console.log(
    [
      pattern.padEnd(28),
      told(limits).padEnd(48),
      told(spillway).padEnd(32),
      (largest(spillway, 'peak') / mib).toFixed(0).padStart(9),
      largest(spillway, 'time').toFixed(0).padStart(9),
      `${largest(spillway, 'stall').toFixed(0)} (${largest(spillway, 'busyStall').toFixed(0)})`.padStart(12),
    ].join(' '),
  )
}
console.log(
  `\npatterns that took the host with them: under resourceLimits ${died.limits.length}, under Spillway ${died.spillway.length}`,
)
if (died.spillway.length > 0) process.exitCode = 1
