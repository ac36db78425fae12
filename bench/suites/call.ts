import { relays } from '../contenders/relay/start.ts'
import type { Relay } from '../contenders/relay/start.ts'
import { callsWithin, cpuOf, oneAtATime, timesOf } from '../harness/repeat.ts'
import type { Case, Figure, Setup, Suite } from '../harness/suite.ts'
import { giveUp } from '../contenders/callee.ts'
import type { Callee, Start } from '../contenders/callee.ts'
import { contendersOf, processes, threads } from '../contenders/contenders.ts'
import { cpuTime } from '../contenders/process-memory.ts'
import { sideBySide } from '../side-by-side.ts'

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

/** Calls to as many components in turn, as a program that has many makes them. */
async function inTurn(start: Start, count: number, { time }: Setup) {
  const callees = Array.from({ length: count }, () => start())
  // Not all at once: what is measured is not how long a crowd takes to start.
  await sideBySide(callees, 10, ({ call }) => call('pid'))
  let next = 0
  const call = () => callees[next++ % count]?.call('echo', text) ?? Promise.resolve()
  await timesOf(time, call)
  // Long enough for whoever looks at its threads now and then.
  return async () => oneAtATime(4 * time, call)
}

function relayed(start: () => Promise<Relay>) {
  return async ({ time }: Setup) => {
    const relay = await start()
    const measure = async (width: number) => {
      const [figures, spent] = await cpuOf(() => relay(width, time))
      return { ...figures, cpu: spent / figures.calls }
    }
    await measure(1)
    await measure(inFlight)
    return async () => {
      const [single, many] = [await measure(1), await measure(inFlight)]
      return [single.p50, single.p99, single.cpu, many.rate, many.cpu]
    }
  }
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
    quickRounds: 1,
  },
  {
    id: 'flight',
    title: `echo of 100 bytes, ${inFlight} calls in flight`,
    figures: [rate, cpu],
    contenders: contendersOf(threads, flight),
    base: 'worker',
    rounds: 7,
    quickRounds: 1,
    targets: [{ figure: 'rate', against: 'best', least: 1 }],
  },
  {
    id: 'limits',
    title: 'one at a time, with a deadline and a signal',
    figures: [p50, p99, cpu],
    contenders: contendersOf(threads, limits),
    base: 'worker',
    rounds: 7,
    quickRounds: 0,
  },
  {
    id: 'relay',
    title: `from one worker to another, echo of 100 bytes, one at a time and ${inFlight} in flight`,
    figures: [p50, p99, cpu, rate, { ...cpu, id: 'flight-cpu', title: 'CPU a call of many' }],
    contenders: threads.map(({ name }) => {
      const relay = relays[name]
      return relay ? { name, measure: relayed(relay) } : { name, cannot: 'has no way from one worker to another' }
    }),
    base: 'worker',
    rounds: 7,
    quickRounds: 1,
  },
  ...[10, 50, 200].map((count): Case => ({
    id: `turn-${count}`,
    title: `${count} components called in turn, one call at a time`,
    figures: [p50, p99, cpu],
    contenders: contendersOf(
      threads.filter(({ name }) => ['spillway', 'worker', 'comlink'].includes(name)),
      (start, setup) => inTurn(start, count, setup),
    ),
    base: 'worker',
    rounds: 5,
    // A start of 200 takes longer than all that quick may take.
    quickRounds: count === 50 ? 1 : 0,
    deadline: 180_000,
    targets:
      count === 200
        ? [
            { figure: 'cpu', against: 'worker', most: 1.3 },
            { figure: 'p50', against: 'worker', most: 1.5 },
          ]
        : [],
  })),
  {
    id: 'one-process',
    title: 'another process, one call at a time',
    figures: [p50, p99, cpu],
    contenders: contendersOf(processes, one),
    base: 'fork json',
    rounds: 5,
    quickRounds: 0,
  },
  {
    id: 'flight-process',
    title: `another process, ${inFlight} calls in flight`,
    figures: [rate, cpu],
    contenders: contendersOf(processes, flight),
    base: 'fork json',
    rounds: 5,
    quickRounds: 0,
  },
]

export default { title: 'what a call costs', cases } satisfies Suite
