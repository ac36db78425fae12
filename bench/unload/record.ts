/** One program that fills a cache and gives it up again: `node record.ts <way> <megabytes> <seconds>`. Prints the timeline as one line of JSON. */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { ComponentCoordinator } from 'spillway'
import { ownMemory } from '../contenders/process-memory.ts'
import { ProcessWatch } from '../process-watch.ts'
import * as cache from './cache.js'
import type { Timeline, Way } from './timeline.ts'

const [way, megabytes, seconds] = process.argv.slice(2) as [Way, string, string]
/** ms between two samples. */
const interval = 50

await using coordinator = new ComponentCoordinator({ spareWorkers: 0, memory: { totalLimit: '8gb' } })
const component = coordinator.registerComponent<{ fill(megabytes: number): number }>({
  name: 'cache',
  module: new URL('cache.js', import.meta.url),
  isolation: way === 'process' ? 'process' : 'thread',
})

const resident = async (): Promise<number> => {
  const children = readdirSync('/proc/self/task').flatMap((task) => childrenOf(task))
  const others = await Promise.all(children.map(ownMemory))
  return others.reduce((sum, bytes) => sum + bytes, process.memoryUsage.rss())
}

const start = performance.now()
const now = (): number => Math.round(performance.now() - start)
const samples: [number, number][] = []
const recording = new AbortController()
const recorder = (async () => {
  while (!recording.signal.aborted) {
    samples.push([now(), await resident()])
    await sleep(interval)
  }
})()
// A program that does something: a little garbage all the time.
const requests = setInterval(() => JSON.parse(JSON.stringify(Array.from({ length: 1_000 }, (_, id) => ({ id })))), 10)

await sleep(1_000)
if (way === 'undefined') cache.fill(Number(megabytes))
else await component.fill(Number(megabytes))
const filledAt = now()
await sleep(2_000)
const watch = new ProcessWatch()
const droppedAt = now()
if (way === 'undefined') cache.drop()
else await coordinator.unloadComponent('cache')
await sleep(Number(seconds) * 1_000)
const { stall } = watch
watch[Symbol.dispose]()
clearInterval(requests)
recording.abort()
await recorder
process.stdout.write(`${JSON.stringify({ way, samples, filledAt, droppedAt, stall } satisfies Timeline)}\n`)

function childrenOf(task: string): number[] {
  const text = readFileSync(`/proc/self/task/${task}/children`, 'utf8')
  return text.split(' ').filter(Boolean).map(Number)
}
