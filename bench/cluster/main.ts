/**
 * What a call through the cluster costs, against NATS request and reply with JSON as one writes it by hand: two processes on this machine, taking turns in one run. And where keys go, what
 * a host costs that does nothing, and what a large value takes.
 *
 * npm run bench:cluster [-- --rounds 9] [--quick]
 */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { connect } from '@nats-io/transport-node'
import { pino } from 'pino'
import { joinCluster } from 'spillway/cluster'
import { ComponentCoordinator } from 'spillway'
import { NatsServer } from '../../test/support/nats-server.ts'
import type work from '../contenders/work.js'
import { Progress } from '../harness/progress.ts'
import { quantile, ratios, spreadOf } from '../harness/statistics.ts'
import { measurePlacement } from './placement.ts'
import { kinds, subjectOf } from './subject.ts'
import type { Kind } from './subject.ts'

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '9' }, quick: { type: 'boolean', default: false } },
})
const rounds = options.quick ? 3 : Number(options.rounds)
/** Of a round. */
const calls = options.quick ? 200 : 1_000
const inFlight = 64
const batch = options.quick ? 2_000 : 20_000
/** ms in which nothing is called. */
const idleFor = options.quick ? 2_000 : 10_000
const text = 'x'.repeat(100)

type Call = (value: unknown) => Promise<unknown>
const callers = ['spillway', 'by hand', 'by hand, with a worker'] as const

const number = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2))
let missed = 0
function verdict(what: string, had: string, wanted: string, isMet: boolean): void {
  if (!isMet) missed++
  console.log(`- ${isMet ? 'met' : 'MISSED'}: ${what}: ${had}, wanted ${wanted}`)
}

await using server = await NatsServer.start()
const children = new Map<Kind, ChildProcess>()
for (const kind of kinds) {
  const child = fork(fileURLToPath(new URL('subject.ts', import.meta.url)), [kind, server.url], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  children.set(kind, child)
  await once(child, 'message')
}
await using coordinator = new ComponentCoordinator({ logger: pino({ level: 'silent' }), autoUnloadEnabled: false })
await using cluster = await joinCluster(coordinator, { servers: server.url, name: 'caller' })
const remote = cluster.component<typeof work>('work')
const connection = await connect({ servers: server.url })
const byHand =
  (kind: Kind): Call =>
  async (value) =>
    (await connection.request(subjectOf(kind), JSON.stringify(value), { timeout: 10_000 })).json()
const make: Readonly<Record<(typeof callers)[number], Call>> = {
  spillway: async (value) => remote.echo(value),
  'by hand': byHand('by hand'),
  'by hand, with a worker': byHand('by hand, with a worker'),
}

async function oneAtATime(call: Call): Promise<{ p50: number; p99: number }> {
  const took: number[] = []
  for (let i = 0; i < calls; i++) {
    const began = performance.now()
    await call(text)
    took.push((performance.now() - began) * 1_000)
  }
  return { p50: quantile(took, 0.5), p99: quantile(took, 0.99) }
}

/** 1,000 a second. */
async function manyInFlight(call: Call): Promise<number> {
  let left = batch
  const began = performance.now()
  const caller = async (): Promise<void> => {
    while (left-- > 0) await call(text)
  }
  await Promise.all(Array.from({ length: inFlight }, caller))
  return batch / (performance.now() - began)
}

const figures = callers.map((name) => ({ name, p50: [] as number[], p99: [] as number[], rate: [] as number[] }))
const progress = new Progress((rounds + 1) * callers.length)
for (let round = 0; round <= rounds; round++) {
  // Nobody is always the one that comes after the others; the first round is for warming up.
  for (let turn = 0; turn < callers.length; turn++) {
    const figure = figures[(round + turn) % callers.length]
    if (!figure) continue
    const call = make[figure.name]
    const { p50, p99 } = await oneAtATime(call)
    const rate = await manyInFlight(call)
    progress.advance(`round ${round} of ${rounds}`)
    if (round === 0) continue
    figure.p50.push(p50)
    figure.p99.push(p99)
    figure.rate.push(rate)
  }
}
progress.end()

const [ours, theirs] = figures
console.log(`Node ${process.version}; echo of 100 bytes, ${rounds} rounds in turns, medians\n`)
console.log('| | p50, µs | p99, µs | with 64 in flight, 1,000/s |')
console.log('|---|---|---|---|')
for (const { name, p50, p99, rate } of figures) {
  const cell = (values: readonly number[], others: readonly number[] = []): string => {
    const ratio = ratios(values, others)
    const shown = ratio ? `${ratio.median.toFixed(2)}x (${ratio.low.toFixed(2)}-${ratio.high.toFixed(2)}): ` : ''
    return shown + number(spreadOf(values)?.median ?? Number.NaN)
  }
  console.log(`| ${name} | ${cell(p50, theirs?.p50)} | ${cell(p99, theirs?.p99)} | ${cell(rate, theirs?.rate)} |`)
}
console.log('')
const latency = ratios(ours?.p50 ?? [], theirs?.p50 ?? [])?.median ?? Number.NaN
const throughput = ratios(ours?.rate ?? [], theirs?.rate ?? [])?.median ?? Number.NaN
verdict('one at a time', `${latency.toFixed(2)} times by hand`, 'at most 1.3', latency <= 1.3)
verdict('64 in flight', `${throughput.toFixed(2)} times by hand`, 'at least 2', throughput >= 2)

console.log(
  '\n| 10,000 keys over 10 hosts | off its share by room, at most | move when one leaves | when one joins | µs a key |',
)
console.log('|---|---|---|---|---|')
const rooms = {
  'of the same room': Array.from({ length: 10 }, () => 4),
  'of 1 to 10 GB': Array.from({ length: 10 }, (_, i) => i + 1),
}
const placements = Object.entries(rooms).map(([name, weights]) => ({
  name,
  weights,
  ...measurePlacement(10_000, weights),
}))
for (const { name, unevenness, movedByLeave, movedByJoin, took } of placements) {
  const percent = (share: number): string => `${(100 * share).toFixed(1)}%`
  console.log(
    `| ${name} | ${percent(unevenness)} | ${percent(movedByLeave)} | ${percent(movedByJoin)} | ${number(took)} |`,
  )
}
console.log('')
for (const { name, unevenness, movedByLeave, movedByJoin, movedForNothing, weights } of placements) {
  verdict(`hosts ${name}`, `${(100 * unevenness).toFixed(1)}% off`, 'at most 10%', unevenness <= 0.1)
  // Who leaves has its share, which is even within those 10%; who joins has the mean room.
  const share = (weights[0] ?? 0) / weights.reduce((sum, weight) => sum + weight, 0)
  const isMet = movedByLeave <= share * 1.1 && movedByJoin <= 0.1 && movedForNothing === 0
  verdict(`moves, ${name}`, `${movedForNothing} between others`, 'only those of who came or left', isMet)
}

const cpuOf = async (kind: Kind): Promise<number> => {
  const child = children.get(kind)
  child?.send('cpu')
  const [{ user, system }] = (await once(child as ChildProcess, 'message')) as [NodeJS.CpuUsage]
  return (user + system) / 1_000
}
const traffic = async (): Promise<{ in_msgs: number; in_bytes: number }> =>
  (await server.monitor('varz')) as { in_msgs: number; in_bytes: number }
const before = { joined: await cpuOf('spillway'), idle: await cpuOf('idle'), ...(await traffic()) }
await sleep(idleFor)
const after = { joined: await cpuOf('spillway'), idle: await cpuOf('idle'), ...(await traffic()) }
const perSecond = (key: keyof typeof before): number => ((after[key] - before[key]) * 1_000) / idleFor
console.log(
  `\nTwo hosts that do nothing: ${number(perSecond('joined'))} ms of processor time a second of one of them (a process that has not joined: ${number(perSecond('idle'))}), ` +
    `${number(perSecond('in_msgs'))} messages and ${number(perSecond('in_bytes'))} bytes a second at the server`,
)

const large = new Uint8Array(10_000_000).fill(7)
const tookLarge: number[] = []
for (let i = 0; i < 5; i++) {
  const began = performance.now()
  const back = (await make.spillway(large)) as Uint8Array
  if (back.length !== large.length) throw new Error('It came back shorter')
  tookLarge.push(performance.now() - began)
}
console.log(`One value of 10 MB there and back: ${number(quantile(tookLarge, 0.5))} ms`)
await connection.close()
for (const child of children.values()) child.disconnect()
console.log(`\n=== targets: ${missed} MISSED`)
