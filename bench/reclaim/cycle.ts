/**
 * Loads and unloads a component that holds much memory, and prints as JSON what the operating system says of this process: its resident set before, with the component
 * loaded, and 0, 1 and more seconds after it was unloaded. A program of its own, because the flags of a process are part of what is measured.
 *
 * Arguments: shape, bytes, seconds to watch, and optionally the share of what loading added that is enough: no need to watch once it is back.
 */
import { pino } from 'pino'
import { setTimeout as sleep } from 'node:timers/promises'
import { ComponentCoordinator } from '../../src/index.ts'
import type { UnloadReport } from '../../src/index.ts'
import { shapes } from './holder.ts'
import type { default as holder, HolderConfig, Shape } from './holder.ts'

/** Bytes; `before` is the last look before the unload's report was there, 10 ms earlier at most if nothing kept this thread; `after` by seconds since. */
export interface CycleResult {
  readonly shape: Shape
  readonly base: number
  readonly loaded: number
  readonly before: number
  readonly after: Readonly<Record<number, number>>
  readonly report: UnloadReport
}

const [shapeName, bytes, seconds, enough = Infinity] = process.argv.slice(2)
const shape = shapes.find((known) => known === shapeName)
if (!shape) throw new Error(`shape: expected one of ${shapes.join(', ')}, got ${shapeName}`)

const logger = pino({ level: 'silent' })
// One that is kept ready would be there at one look and not at another.
await using coordinator = new ComponentCoordinator({ logger, spareWorkers: 0 })

async function load(name: string, config: HolderConfig): Promise<void> {
  const component = coordinator.registerComponent<typeof holder>({
    name,
    module: new URL('holder.ts', import.meta.url),
    config,
    // A busy machine is no reason to fail.
    timeout: 120_000,
  })
  if (!(await component.isHolding())) throw new Error('The component holds nothing')
}

// A first cycle with next to nothing to hold: what a program needs only once is part of the base.
await load('warm-up', { shape, bytes: 1_048_576 })
await coordinator.unloadComponent('warm-up')
await sleep(500)

const base = process.memoryUsage.rss()
await load('holder', { shape, bytes: Number(bytes) })
const loaded = process.memoryUsage.rss()
let before = loaded
const watch = setInterval(() => (before = process.memoryUsage.rss()), 10)
const report = await coordinator.unloadComponent('holder')
clearInterval(watch)
const after: Record<number, number> = { 0: process.memoryUsage.rss() }
for (let second = 1; second <= Number(seconds); second++) {
  await sleep(1_000)
  const now = process.memoryUsage.rss()
  after[second] = now
  if (loaded - now >= Number(enough) * (loaded - base)) break
}
process.stdout.write(`${JSON.stringify({ shape, base, loaded, before, after, report } satisfies CycleResult)}\n`)
