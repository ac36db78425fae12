/**
 * Loads and unloads a component many times and looks for anything that grows: resident set, memory maps, threads, file descriptors, message ports and listeners of
 * the process, and what the main thread's heap holds. Its garbage is collected before each look: it grows by itself, and is no leak. Exit code 1 when something grows.
 *
 * --cycles N (200), --mb MEGABYTES of objects in the component (20), --spares N workers kept ready (1).
 */
import { pino } from 'pino'
import { readdirSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { getHeapStatistics, queryObjects } from 'node:v8'
import { MessagePort } from 'node:worker_threads'
import { collectGarbage } from '../src/host/collect-garbage.ts'
import { ComponentCoordinator } from '../src/index.ts'
import type { default as holder, HolderConfig } from './reclaim/holder.ts'

interface Figures {
  readonly 'resident set, MB': number
  readonly 'main heap, MB': number
  readonly 'memory maps': number
  readonly threads: number
  readonly 'file descriptors': number
  readonly 'message ports': number
  readonly listeners: number
}

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '200' },
    mb: { type: 'string', default: '20' },
    spares: { type: 'string', default: '1' },
  },
})
const cycles = Number(values.cycles)
const config: HolderConfig = { shape: 'objects', bytes: Number(values.mb) * 1e6 }
/** Cycles that are averaged at the beginning, after as many to warm up, and at the end. */
const window = Math.max(1, Math.floor(cycles / 10))

await using coordinator = new ComponentCoordinator({
  logger: pino({ level: 'silent' }),
  spareWorkers: Number(values.spares),
})
const component = coordinator.registerComponent<typeof holder>({
  name: 'holder',
  module: new URL('reclaim/holder.ts', import.meta.url),
  config,
})

function figures(): Figures {
  collectGarbage('major')
  return {
    'resident set, MB': process.memoryUsage.rss() / 1e6,
    'main heap, MB': getHeapStatistics().used_heap_size / 1e6,
    'memory maps': readFileSync('/proc/self/maps', 'latin1').split('\n').length,
    threads: readdirSync('/proc/self/task').length,
    'file descriptors': readdirSync('/proc/self/fd').length,
    'message ports': queryObjects(MessagePort, { format: 'count' }),
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
  }
}

function average(samples: readonly Figures[], key: keyof Figures): number {
  return samples.reduce((sum, sample) => sum + sample[key], 0) / samples.length
}

const samples: Figures[] = []
for (let cycle = 1; cycle <= cycles; cycle++) {
  await component.isHolding()
  await coordinator.unloadComponent('holder')
  samples.push(figures())
  if (cycle % window === 0) process.stderr.write(`cycle ${cycle} of ${cycles}\n`)
}

const early = samples.slice(window, 2 * window)
const late = samples.slice(-window)
console.log(
  `Node ${process.version} ${process.execArgv.join(' ')}: ${cycles} cycles of ${values.mb} MB; averages of ${window} cycles`,
)
console.log(`${''.padEnd(20)}${['early', 'late', 'drift'].map((title) => title.padStart(10)).join('')}`)
for (const key of Object.keys(early[0] ?? {}) as (keyof Figures)[]) {
  const [before, after] = [average(early, key), average(late, key)]
  const drift = after / before - 1
  const cells = [before.toFixed(1), after.toFixed(1), `${(100 * drift).toFixed(1)}%`]
  console.log(`${key.padEnd(20)}${cells.map((cell) => cell.padStart(10)).join('')}`)
  if (drift > 0.05) process.exitCode = 1
}
