import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { ComponentCoordinator } from '../../src/index.ts'
import { trimAllocator } from '../../src/memory/act/allocator-trim.ts'
import { cases } from './cases.ts'
import type { Measured } from './cases.ts'
import type { Hoard } from './components/hoard.ts'

// One case in a process of its own: its name, and how much it takes (MiB).
const mib = 1024 ** 2
const [name = '', size = '200'] = process.argv.slice(2)
const { module, config } = cases[name] ?? {}
const definition = { module: new URL(`components/${module}.ts`, import.meta.url), config }
const logger = pino({ level: 'silent' })

/** Without what the allocator keeps; code and libraries are nobody's memory. */
async function anonymous(): Promise<number> {
  await trimAllocator(5_000)
  const status = readFileSync('/proc/self/status', 'utf8')
  const field = (key: string): number => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1]) * 1024
  return field('RssAnon') + field('RssShmem')
}

async function grow(): Promise<Pick<Measured, 'grown' | 'counted' | 'own'>> {
  await using coordinator = new ComponentCoordinator({ logger, spareWorkers: 0, memory: { totalLimit: '4gb' } })
  const hoard = coordinator.registerComponent({ name: 'hoard', ...definition }) as unknown as Hoard
  await coordinator.getComponent('hoard')
  await sleep(1_000)
  const before = { grown: await anonymous(), counted: (await coordinator.memory.sample()).usage }
  const own = coordinator.info('hoard').memory?.total ?? 0
  await hoard.hold(Number(size))
  await sleep(2_000)
  const { usage } = coordinator.memory.ledger()
  const ownNow = coordinator.info('hoard').memory?.total ?? 0
  return { counted: usage - before.counted, own: ownNow - own, grown: (await anonymous()) - before.grown }
}

async function pass(): Promise<Pick<Measured, 'outcome' | 'took'>> {
  await using coordinator = new ComponentCoordinator({ logger, spareWorkers: 0, memory: { totalLimit: '4gb' } })
  const limit = { memoryLimit: 96 * mib, minIdleTime: 0 }
  const hoard = coordinator.registerComponent({ name: 'hoard', ...definition, ...limit }) as unknown as Hoard
  await coordinator.getComponent('hoard')
  await sleep(1_000)
  const start = performance.now()
  const ended = new Promise<string>((resolve) => coordinator.once('crash', ({ reason }) => resolve(reason)))
  await hoard.hold(Number(size)).catch(() => undefined)
  let outcome: string = await Promise.race([ended, sleep(3_000, 'stays')])
  if (outcome === 'stays') {
    const { usage } = await coordinator.memory.sample()
    const unloaded = new Promise<string>((resolve) => coordinator.once('unload', () => resolve('unloaded')))
    coordinator.memory.configure({ totalLimit: usage })
    outcome = await Promise.race([unloaded, sleep(3_000, 'stays')])
  }
  return { outcome, took: performance.now() - start }
}

const measured: Measured = { ...(await grow()), ...(await pass()) }
console.log(JSON.stringify(measured))
