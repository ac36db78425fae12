import { callsWithin, cpuOf, oneAtATime } from '../harness/repeat.ts'
import type { Case, Figure, Setup, Suite } from '../harness/suite.ts'
import { giveUp } from '../contenders/callee.ts'
import type { Callee, Start } from '../contenders/callee.ts'
import { contendersOf, processes, threads } from '../contenders/contenders.ts'
import { cpuTime } from '../contenders/process-memory.ts'

const text = 'x'.repeat(100)
const inFlight = 64
/** ms: far away, as deadlines mostly are. */
const timeout = 10_000

const p50: Figure = { id: 'p50', title: 'p50', unit: 'µs', better: 'less' }
const p99: Figure = { id: 'p99', title: 'p99', unit: 'µs', better: 'less' }
const cpu: Figure = { id: 'cpu', title: 'CPU a call', unit: 'µs', better: 'less' }
const rate: Figure = { id: 'rate', title: 'calls', unit: '1,000/s', better: 'more' }

async function warm(start: Start, time: number): Promise<Callee> {
  const callee = start()
  await callsWithin(time, 1, () => callee.call('echo', text))
  await callsWithin(time, inFlight, () => callee.call('echo', text))
  return callee
}

async function one(start: Start, { time }: Setup) {
  const callee = await warm(start, time)
  const others = await cpuOfOthers(callee)
  return async () => oneAtATime(time, () => callee.call('echo', text), others)
}

async function flight(start: Start, { time }: Setup) {
  const callee = await warm(start, time)
  const others = await cpuOfOthers(callee)
  return async () => {
    const before = performance.now()
    const [calls, spent] = await cpuOf(() => callsWithin(time, inFlight, () => callee.call('echo', text)), others)
    return [calls / (performance.now() - before), spent / calls]
  }
}

async function limits(start: Start, { time }: Setup) {
  const callee = await warm(start, time)
  // A request has one, its calls share it.
  const { signal } = new AbortController()
  const { callWithin = (method, argument, given) => giveUp(callee.call(method, argument), given) } = callee
  const call = () => callWithin('echo', text, { timeout, signal })
  await callsWithin(time, 1, call)
  return async () => oneAtATime(time, call)
}

/** What a process uses besides this one: nothing where the callee is a thread. */
async function cpuOfOthers(callee: Callee): Promise<() => Promise<number>> {
  const pid = Number(await callee.call('pid'))
  return pid === process.pid ? async () => 0 : () => cpuTime(pid)
}

const cases: readonly Case[] = [
  {
    id: 'one',
    title: 'echo of 100 bytes, one call at a time',
    figures: [p50, p99, cpu],
    contenders: contendersOf(threads, one),
    base: 'worker',
    rounds: 7,
  },
  {
    id: 'flight',
    title: `the same, ${inFlight} calls in flight`,
    figures: [rate, cpu],
    contenders: contendersOf(threads, flight),
    base: 'worker',
    rounds: 7,
    targets: [{ figure: 'rate', against: 'best', least: 1 }],
  },
  {
    id: 'limits',
    title: 'one at a time, with a deadline and a signal',
    figures: [p50, p99, cpu],
    contenders: contendersOf(threads, limits),
    base: 'worker',
    rounds: 7,
  },
  {
    id: 'one-process',
    title: 'another process, one call at a time',
    figures: [p50, p99, cpu],
    contenders: contendersOf(processes, one),
    base: 'fork json',
    rounds: 5,
  },
  {
    id: 'flight-process',
    title: `another process, ${inFlight} calls in flight`,
    figures: [rate, cpu],
    contenders: contendersOf(processes, flight),
    base: 'fork json',
    rounds: 5,
  },
]

export default { title: 'what a call costs', cases } satisfies Suite
