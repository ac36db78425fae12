/*
 * npm run soak -- --minutes 30 [--seed N]: the nemesis for as long as wanted. --rounds 1 with a seed replays one round.
 * For the search for a cause: --only 'call;stream' (nothing else), --but 'callback' (the rest as it was), --steps 10-40, --all, --trace.
 */
import { parseArgs } from 'node:util'
import { runCampaign } from './campaign.ts'
import { catalogue } from './catalogue.ts'
import { Figures } from './figures.ts'
import { freshSeed } from './random.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string', multiple: true },
    rounds: { type: 'string' },
    only: { type: 'string' },
    but: { type: 'string' },
    steps: { type: 'string' },
    all: { type: 'boolean' },
    trace: { type: 'boolean' },
  },
})
/** ms that a timer takes. */
const longest = 2 ** 31 - 1
const say = (line: string): void => void process.stdout.write(`${line}\n`)

const duration = values.seconds ? Number(values.seconds) * 1_000 : Number(values.minutes ?? 1) * 60_000
const seeds = (values.seed ?? []).map(Number)
if (!(duration > 0) || seeds.some((seed) => !Number.isInteger(seed))) {
  say('usage: npm run soak -- [--minutes 30 | --seconds 60] [--seed N] [--rounds N]')
  process.exit(2)
}
// Those that are named are replayed; then, unless there is one only, something new.
if (seeds.length !== 1) seeds.push(freshSeed())

const figures = new Figures(catalogue({ all: true }))
const began = performance.now()
const seconds = (): string => `${Math.round((performance.now() - began) / 1_000)} s`.padStart(7)
const choice = [
  ...(values.only ? [`--only=${values.only}`] : []),
  ...(values.but ? [`--but=${values.but}`] : []),
  ...(values.steps ? [`--steps=${values.steps}`] : []),
  ...(values.all ? ['--all'] : []),
  ...(values.trace ? ['--trace'] : []),
]
const replay = choice.map((each) => ` '${each}'`).join('')

say(`node ${process.version}, seeds ${seeds.join(', ')} and on`)
const progress = setInterval(() => say(`${seconds()}  ${figures.line()}`), 10_000)
await runCampaign({
  duration: values.rounds && !values.minutes && !values.seconds ? longest : Math.min(duration, longest),
  seeds,
  ...(values.rounds && { rounds: Number(values.rounds) }),
  args: choice,
  done: (report) => figures.add(report),
  failed: (seed, { kind, text }) => {
    figures.failed(kind)
    say(`FAILED  seed ${seed}: ${kind}: ${text}\n        again: npm run soak -- --seed ${seed} --rounds 1${replay}`)
  },
})
clearInterval(progress)
say(`faults: ${figures.table('fault')}`)
say(`bad inputs: ${figures.table('bad input')}`)
say(`operations: ${figures.table('operation')}`)
say(`heap of the main thread after a round, MiB: ${figures.heaps()}`)
say(`${seconds()}  ${figures.line()}`)
process.exitCode = figures.failures > 0 ? 1 : 0
