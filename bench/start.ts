/**
 * Where the time of a worker's start goes: the steps before its component's first line, with what the main thread has compiled and without it, and the
 * processor time of each worker until then. In turns; the least and the median of `--rounds` (20).
 */
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import 'spillway'

interface Said {
  readonly steps: Readonly<Record<string, number>>
  readonly rejected?: boolean
  readonly used: NodeJS.CpuUsage
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '20' } } })
const runtime = fileURLToPath(new URL('runtime/', import.meta.resolve('spillway')))
const { compiledCore } = createRequire(import.meta.url)(`${runtime}load.cjs`) as {
  compiledCore: () => Record<'source' | 'code', Uint8Array>
}
const file = `${runtime}core.cjs`
const component = new URL('start/component.js', import.meta.url).href
const compiled = compiledCore()

const kinds = {
  bare: { entry: 'bare.js', data: {} },
  'compiled by itself': { entry: 'steps.cjs', data: { file, component } },
  'compiled once': { entry: 'steps.cjs', data: { file, component, compiled } },
}
const figures = new Map<string, number[]>()

function note(name: string, value: number): void {
  figures.set(name, [...(figures.get(name) ?? []), value])
}

for (let round = 0; round < Number(values.rounds); round++) {
  for (const [kind, { entry, data }] of Object.entries(kinds)) {
    const worker = new Worker(new URL(`start/${entry}`, import.meta.url), { workerData: data })
    const [{ steps, rejected, used }] = (await once(worker, 'message')) as [Said]
    await worker.terminate()
    if (rejected === true) throw new Error('V8 refused what the main thread has compiled')
    for (const [step, time] of Object.entries(steps)) note(`${kind}: ${step}`, time)
    note(`${kind}: processor time of the worker`, (used.user + used.system) / 1_000)
  }
}

console.log(
  `Node ${process.version}, ${compiled.code.byteLength} bytes compiled; ms, least and median of ${values.rounds}`,
)
for (const [name, times] of figures) {
  const sorted = times.toSorted((a, b) => a - b)
  const [least = 0, median = 0] = [sorted[0], sorted[Math.floor(sorted.length / 2)]]
  console.log(`${name.padEnd(60)} ${least.toFixed(2).padStart(7)} ${median.toFixed(2).padStart(7)}`)
}
