import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

const mib = 1024 ** 2
/** Some 400 MB of objects. */
const holder = new Worker(
  `globalThis.held = Array.from({ length: 3_200_000 }, (_, i) => ({ i, pair: [i, i + 1] }))
  require('node:worker_threads').parentPort.postMessage('ready')
  setInterval(() => {}, 10_000)`,
  { eval: true, resourceLimits: { maxOldGenerationSizeMb: 2_048 } },
)
/** Allocates at each call, so it collects its young generation again and again. */
const other = new Worker(
  `const { parentPort } = require('node:worker_threads')
  const recent = []
  parentPort.on('message', () => {
    for (let i = 0; i < 200_000; i++) recent[i % 1_000] = { i }
    parentPort.postMessage('done')
  })`,
  { eval: true },
)
await once(holder, 'message')

/** ms */
async function call(): Promise<number> {
  const start = performance.now()
  other.postMessage('go')
  await once(other, 'message')
  return performance.now() - start
}

for (let i = 0; i < 50; i++) await call()
let usual = 0
for (let i = 0; i < 50; i++) usual = Math.max(usual, await call())

const loaded = process.memoryUsage.rss()
const start = performance.now()
const end: { after?: number } = {}
void holder.terminate().then(() => (end.after = performance.now() - start))
let slowest = 0
while (end.after === undefined) slowest = Math.max(slowest, await call())
await sleep(1_000)

const ms = (time: number): string => `${Math.round(time)} ms`
const size = (bytes: number): string => `${Math.round(bytes / mib)} MiB`
console.log(
  `slowest call before: ${ms(usual)}, meanwhile: ${ms(slowest)}; thread gone after ${ms(end.after)}; ` +
    `resident before: ${size(loaded)}, 1 s after: ${size(process.memoryUsage.rss())}`,
)
await other.terminate()
