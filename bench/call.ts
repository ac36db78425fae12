/**
 * What a call to another thread costs: a raw MessagePort, stock comlink, piscina.run and a Spillway call, in one run, one call at a time and 64 in
 * flight. Spillway is the compiled package, as its users run it. With the threads on two cores, one call at a time mostly measures how the system wakes a
 * sleeping core, which is the same for all; pinned to one core (`taskset -c 0 npm run bench:call`) the contenders' own work shows.
 */
import { availableParallelism } from 'node:os'
import { Bench } from 'tinybench'
import type { Task } from 'tinybench'
import { comlink, piscina, rawMessagePort, spillway } from './call/contenders.ts'
import type { Contender } from './call/contenders.ts'

interface Result {
  readonly callsPerSecond: number
  /** Of all threads of the process, µs. */
  readonly cpuPerCall: number
}

const payloads = {
  'string of 100 bytes': 'x'.repeat(100),
  'small object': { symbol: 'BTC-USD', price: 64_250.5, size: 0.25, tags: ['spot', 'usd'], live: true },
}
const callsPerIteration = 1_024
/** Contenders take turns, and the best round of each counts: what else the machine does only ever makes a round slower. */
const rounds = 7

/** `inFlight` callers side by side, each of which makes its next call when the last one is answered. */
async function callAll({ echo }: Contender, payload: unknown, inFlight: number): Promise<void> {
  const caller = async (): Promise<void> => {
    for (let i = 0; i < callsPerIteration / inFlight; i++) await echo(payload)
  }
  await Promise.all(Array.from({ length: inFlight }, caller))
}

async function measure(contender: Contender, payload: unknown, inFlight: number, first: boolean): Promise<Result> {
  const bench = new Bench({ time: 300, warmupTime: first ? 500 : 50, iterations: 1, warmupIterations: 1, throws: true })
  let cpu = process.cpuUsage()
  bench.add(contender.name, () => callAll(contender, payload, inFlight), {
    beforeAll: () => void (cpu = process.cpuUsage()),
    afterAll: () => void (cpu = process.cpuUsage(cpu)),
  })
  const [task] = (await bench.run()) as [Task]
  const { result, runs } = task
  if (result.state !== 'completed') throw new Error(`${contender.name} did not complete: ${result.state}`)
  return {
    callsPerSecond: (callsPerIteration * 1000) / result.latency.p50,
    cpuPerCall: (cpu.user + cpu.system) / (runs * callsPerIteration),
  }
}

function best(results: readonly Result[]): Result {
  return {
    callsPerSecond: Math.max(...results.map((result) => result.callsPerSecond)),
    cpuPerCall: Math.min(...results.map((result) => result.cpuPerCall)),
  }
}

function print(title: string, results: ReadonlyMap<string, Result>): void {
  const row = (name: string, cells: readonly string[]): void =>
    console.log(name.padEnd(18) + cells.map((cell) => cell.padStart(12)).join(''))
  const others = ['raw MessagePort', 'comlink', 'piscina.run']
  console.log(`\n${title}`)
  row('', ['calls/s', 'µs a call', 'CPU µs', 'to raw', 'to comlink', 'to piscina'])
  for (const [name, { callsPerSecond, cpuPerCall }] of results) {
    const ratios = others.map((other) => callsPerSecond / (results.get(other)?.callsPerSecond ?? Number.NaN))
    row(name, [
      Math.round(callsPerSecond).toLocaleString('en'),
      (1e6 / callsPerSecond).toFixed(1),
      cpuPerCall.toFixed(1),
      ...ratios.map((ratio) => `${ratio.toFixed(2)}x`),
    ])
  }
}

console.log(
  `Node ${process.version}, ${availableParallelism()} cores; each the best of ${rounds} rounds, taken in turns; ` +
    `CPU is that of all threads, for each call; ratios are of calls/s`,
)
for (const [what, payload] of Object.entries(payloads)) {
  for (const inFlight of [1, 64]) {
    const title = `Echo of a ${what}, ${inFlight === 1 ? 'one at a time' : `${inFlight} in flight`}`
    await using stack = new AsyncDisposableStack()
    const contenders: Contender[] = []
    for (const start of [rawMessagePort, comlink, piscina, spillway]) contenders.push(stack.use(await start()))
    const results = new Map(contenders.map(({ name }) => [name, [] as Result[]]))
    for (let round = 1; round <= rounds; round++) {
      process.stderr.write(`${title}: round ${round} of ${rounds}\n`)
      for (const contender of contenders) {
        results.get(contender.name)?.push(await measure(contender, payload, inFlight, round === 1))
      }
    }
    print(title, new Map([...results].map(([name, all]) => [name, best(all)])))
  }
}
