/**
 * What the dashboard costs: 200 loaded components, each called once a second, with and without 20 viewers. The viewers live in a process of their own.
 *
 * node bench/dashboard.ts [components] [viewers] [seconds a phase] [phases of each kind]
 */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { createDashboard } from '../src/dashboard/index.ts'
import { ComponentCoordinator } from '../src/index.ts'
import type { Remote } from '../src/index.ts'
import type work from './contenders/work.js'

interface Phase {
  /** Share of one processor that the main thread used. */
  readonly cpu: number
  /** ms. */
  readonly p50: number
  readonly p99: number
}

if (process.argv[2] === 'viewer') watch(Number(process.argv[3]), Number(process.argv[4]))
else await measure()

/** Reads so many event streams and throws them away. */
function watch(port: number, viewers: number): void {
  let bytes = 0
  for (let i = 0; i < viewers; i++) {
    get({ host: '127.0.0.1', port, path: '/api/events', agent: false }, (response) => {
      response.on('data', (chunk: Buffer) => (bytes += chunk.length))
      response.on('error', () => {})
    })
  }
  process.on('message', () => process.send?.(bytes))
}

async function measure(): Promise<void> {
  const [components = 200, viewers = 20, seconds = 10, rounds = 3] = process.argv.slice(2).map(Number)
  await using coordinator = new ComponentCoordinator({
    logger: pino({ level: 'silent' }),
    autoUnloadEnabled: false,
    memory: { totalLimit: 16 * 1024 ** 3 },
  })
  const module = new URL('./contenders/work.js', import.meta.url)
  const remotes = Array.from({ length: components }, (_, i) =>
    coordinator.registerComponent<typeof work>({
      name: `component-${i}`,
      module,
      dependencies: i % 4 === 0 ? [] : [`component-${i - (i % 4)}`],
    }),
  )
  for (let i = 0; i < components; i += 10)
    await Promise.all(remotes.slice(i, i + 10).map(async (remote) => remote.echo('')))
  await run(remotes, 3)

  const without: Phase[] = []
  const watched: Phase[] = []
  let sent = 0
  for (let round = 0; round < rounds; round++) {
    without.push(await run(remotes, seconds))
    await using dashboard = createDashboard(coordinator, { port: 0 })
    const { port } = await dashboard.start()
    const child = fork(import.meta.filename, ['viewer', String(port), String(viewers)])
    await sleep(2_000)
    const before = await received(child)
    watched.push(await run(remotes, seconds))
    sent += (await received(child)) - before
    child.kill()
  }
  const table = { 'no dashboard': median(without), [`${viewers} viewers`]: median(watched) }
  console.log(`${components} components, ${components} calls/s, ${rounds} phases of ${seconds} s each, medians:`)
  console.table(table)
  const { cpu, p99 } = median(watched)
  const base = median(without)
  console.log(`more processor time of the main thread: ${(100 * (cpu - base.cpu)).toFixed(2)}% of a core`)
  console.log(`p99 of calls: ${(100 * (p99 / base.p99 - 1)).toFixed(1)}% more`)
  console.log(`sent: ${Math.round(sent / rounds / seconds / 1024)} KiB/s to all viewers`)
}

/** Calls every component once a second, evenly spread. */
async function run(remotes: readonly Remote<typeof work>[], seconds: number): Promise<Phase> {
  const took: number[] = []
  const pending: Promise<void>[] = []
  const start = performance.now()
  const cpu = process.threadCpuUsage()
  for (let call = 0; call < remotes.length * seconds; call++) {
    const due = start + (call * 1_000) / remotes.length
    const wait = due - performance.now()
    if (wait > 0) await sleep(wait)
    const called = performance.now()
    const answer = remotes[call % remotes.length]?.echo('x'.repeat(100))
    pending.push(Promise.resolve(answer).then(() => void took.push(performance.now() - called)))
  }
  await Promise.all(pending)
  const { user, system } = process.threadCpuUsage(cpu)
  took.sort((a, b) => a - b)
  const quantile = (share: number): number => took[Math.floor(took.length * share)] ?? 0
  return { cpu: (user + system) / 1_000 / (performance.now() - start), p50: quantile(0.5), p99: quantile(0.99) }
}

function median(phases: readonly Phase[]): Phase {
  const middle = (of: (phase: Phase) => number): number => {
    const sorted = phases.map(of).sort((a, b) => a - b)
    return Number((sorted[Math.floor(sorted.length / 2)] ?? 0).toFixed(4))
  }
  return { cpu: middle(({ cpu }) => cpu), p50: middle(({ p50 }) => p50), p99: middle(({ p99 }) => p99) }
}

async function received(child: ChildProcess): Promise<number> {
  const answer = new Promise<number>((resolve) => child.once('message', (bytes) => resolve(bytes as number)))
  child.send('how much')
  return answer
}
