/*
 * npm run soak:cluster -- --minutes 10 [--seed N]: three hosts, a server and a caller, with faults, for as long as wanted. --rounds 1 with a seed replays one
 * round; --trace says what is done.
 */
import { parseArgs } from 'node:util'
import { natsProgram, notChecked } from '../support/nats-program.ts'
import { runClusterRound } from './cluster/round.ts'
import { freshSeed } from './random.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    rounds: { type: 'string' },
    faults: { type: 'string', default: '8' },
    trace: { type: 'boolean', default: false },
  },
})
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const duration = values.minutes === undefined && values.rounds ? Infinity : Number(values.minutes ?? 1) * 60_000
const rounds = Number(values.rounds ?? Infinity)
let seed = Number(values.seed ?? freshSeed())
if (!(duration > 0) || !(rounds > 0) || !Number.isInteger(seed) || natsProgram === undefined) {
  say(natsProgram === undefined ? notChecked : 'usage: npm run soak:cluster -- [--minutes 10] [--seed N] [--rounds N]')
  process.exit(2)
}

const began = performance.now()
const elapsed = (): number => performance.now() - began
const totals = { done: new Map<string, number>(), settled: new Map<string, number>(), orders: 0, rounds: 0, failed: 0 }
const add = (to: Map<string, number>, from: ReadonlyMap<string, number>): void => {
  for (const [name, count] of from) to.set(name, (to.get(name) ?? 0) + count)
}
const list = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .toSorted(([, one], [, other]) => other - one)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')

/** Signs of the bar. */
const width = 30
function progress(): void {
  const share = Math.min(1, Number.isFinite(rounds) ? totals.rounds / rounds : elapsed() / duration)
  const bar = '█'.repeat(Math.round(share * width)).padEnd(width, '░')
  say(
    `${bar} ${Math.round(elapsed() / 1_000)} s, ${totals.rounds} rounds, ${totals.failed} FAILED; ${list(totals.settled)}`,
  )
}

say(`node ${process.version}, seeds from ${seed} on`)
for (; totals.rounds < rounds && elapsed() < duration; seed++) {
  const trace = (line: string): void => say(`${Math.round(performance.now())} ms  ${line}`)
  const round = await runClusterRound(seed, { faults: Number(values.faults), ...(values.trace && { trace }) })
  totals.rounds++
  totals.orders += round.orders
  add(totals.done, round.done)
  add(totals.settled, round.settled)
  if (round.problems.length > 0) {
    totals.failed++
    for (const problem of round.problems) say(`FAILED  seed ${seed}: ${problem}`)
    say(`        again: npm run soak:cluster -- --seed ${seed} --rounds 1`)
  }
  progress()
}
say(`faults: ${list(totals.done)}`)
say(`calls: ${list(totals.settled)}`)
say(`orders: ${totals.orders} acknowledged, all looked for in the end`)
process.exitCode = totals.failed > 0 ? 1 : 0
