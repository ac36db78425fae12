import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { ComponentCoordinator } from '../../src/index.ts'

const module = new URL('../../test/fixtures/hog.ts', import.meta.url)

export interface ManyOptions {
  readonly workers: number
  readonly registered: number
}

export interface ManyResult {
  /** ms of the main thread for one sample that asks all workers, on average, and per worker in microseconds. */
  readonly sample: number
  readonly perWorker: number
  /** ms of the main thread for one second with all of them loaded and idle. */
  readonly idleSecond: number
  /** Microseconds for one registration. */
  readonly registration: number
  /** ms of the main thread for one sample with many registered and none loaded. */
  readonly tick: number
}

/** What many idle workers, and many components that are not loaded, cost. */
export async function many({ workers, registered }: ManyOptions): Promise<ManyResult> {
  await using coordinator = new ComponentCoordinator({
    logger: pino({ level: 'silent' }),
    memory: { totalLimit: 64 * 1024 ** 3 },
    spareWorkers: 0,
  })
  const register = (name: string): void => void coordinator.registerComponent({ name, module })
  const start = performance.now()
  for (let i = 0; i < registered; i++) register(`component-${i}`)
  const registration = ((performance.now() - start) * 1_000) / registered
  const tick = await cpuOf(50, async () => void (await coordinator.memory.sample()))
  const names = Array.from({ length: workers }, (_, i) => `component-${i}`)
  for (let i = 0; i < workers; i += 4) await coordinator.preload(names.slice(i, i + 4))
  // Until nobody has anything left over from its start.
  await sleep(3_000)
  const sample = await cpuOf(20, async () => void (await coordinator.memory.sample()))
  const idleSecond = await cpuOf(3, async () => sleep(1_000))
  return { sample, perWorker: (sample * 1_000) / workers, idleSecond, registration, tick }
}

/** ms of the main thread that a piece of work takes, on average of so many times. */
async function cpuOf(times: number, work: () => Promise<void>): Promise<number> {
  await work()
  const before = process.threadCpuUsage()
  for (let i = 0; i < times; i++) await work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1_000 / times
}
