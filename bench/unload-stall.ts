/**
 * What the end of something large costs the others: how long the main thread's event loop stands still and how long calls of another component take while components are unloaded
 * at once, and when their memory is back. Both Nodes, with V8's flags and without, each in a process of its own, in turns; medians.
 *
 * --rounds N (3), --only WORD for the scenarios or runtimes whose names contain it.
 */
import { parseArgs } from 'node:util'
import { judge, measureUnloadStall, medianStall, runtimes, scenarios } from './unload-stall/measure.ts'
import type { Delays, UnloadStall } from './unload-stall/measure.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, only: { type: 'string', multiple: true, default: [] } },
})
const chosen = <T>(all: Readonly<Record<string, T>>): [string, T][] => {
  const entries = Object.entries(all)
  const named = entries.filter(([name]) => values.only.some((word) => name.includes(word)))
  return named.length > 0 ? named : entries
}

const delays = (pick: (delays: Delays) => number, { before, meanwhile }: UnloadStall): string =>
  `${pick(before).toFixed(0)} -> ${pick(meanwhile).toFixed(0)}`

for (const [name, scenario] of chosen(scenarios)) {
  const runs = chosen(runtimes).map(([label, runtime]) => ({ label, runtime, stalls: [] as UnloadStall[] }))
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const { label, runtime, stalls } of runs) {
      process.stderr.write(`${name}, ${label} ...\n`)
      stalls.push(await measureUnloadStall(runtime, scenario))
    }
  }
  console.log(`\n**${name}**, before -> meanwhile\n`)
  console.log(
    '| | main thread stands still, ms | p99 of a call, ms | slowest, ms | thread gone, ms | 95% back, s | back in 1 s | processor, s | |',
  )
  console.log('|---|---|---|---|---|---|---|---|---|')
  for (const { label, runtime, stalls } of runs) {
    const stall = medianStall(stalls)
    const missed = Object.entries(judge(runtime, stall)).filter(([, { met }]) => !met)
    const cells = [
      label,
      delays(({ standstill }) => standstill, stall),
      delays(({ p99 }) => p99, stall),
      delays(({ slowest }) => slowest, stall),
      stall.gone.toFixed(0),
      stall.back === undefined ? `not (${(100 * stall.returned).toFixed(0)}%)` : (stall.back / 1_000).toFixed(1),
      `${(100 * stall.returnedIn1s).toFixed(0)}%`,
      (stall.cpu / 1_000).toFixed(1),
      missed.map(([what, { target }]) => `${what}: wanted ${target}`).join('; ') || 'as wanted',
    ]
    console.log(`| ${cells.join(' | ')} |`)
  }
}
