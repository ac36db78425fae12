import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { ComponentCoordinator } from 'spillway'
import type component from './component.js'

/** Each is called so often, ms. */
const pace = 20
/** Started at a time: more would only wait for each other. */
const atATime = 4

/** Many that do the same little work when they are called. */
export interface Many {
  readonly call: (index: number) => Promise<unknown>
}

export interface ManyComponents extends Many {
  readonly coordinator: ComponentCoordinator
  /** From here on nobody is measured any more: what everything else costs, to compare with. */
  stopMeasuring(): void
}

export async function components(count: number): Promise<ManyComponents> {
  const coordinator = new ComponentCoordinator({ spareWorkers: 0, memory: { totalLimit: '32gb' } })
  const names = Array.from({ length: count }, (_, i) => `component-${i}`)
  const module = new URL('component.js', import.meta.url)
  const remotes = names.map((name) => coordinator.registerComponent<typeof component>({ name, module }))
  for (let i = 0; i < count; i += atATime) await coordinator.preload(names.slice(i, i + atATime))
  // Not public: only here anybody wants to be without.
  const manager = coordinator.memory as unknown as { stop(): void }
  return { coordinator, call: async (index) => remotes[index]?.work(), stopMeasuring: () => manager.stop() }
}

export async function bareWorkers(count: number): Promise<Many> {
  const workers: Worker[] = []
  for (let i = 0; i < count; i += atATime) {
    const some = Array.from({ length: Math.min(atATime, count - i) }, () => {
      return new Worker(new URL('work-worker.js', import.meta.url))
    })
    workers.push(...some)
    await Promise.all(some.map(async (worker) => once(worker, 'online')))
  }
  const waiting = new Map<number, (value: unknown) => void>()
  for (const worker of workers) {
    worker.on('message', ([id, value]: readonly [number, unknown]) => {
      waiting.get(id)?.(value)
      waiting.delete(id)
    })
  }
  let lastId = 0
  const call = async (index: number): Promise<unknown> =>
    new Promise((resolve) => {
      waiting.set(++lastId, resolve)
      workers[index]?.postMessage(lastId)
    })
  return { call }
}

/** Has so many of them called, each at the pace, spread over it; stops when the signal says so. */
export async function keepCalling({ call }: Many, atWork: number, signal: AbortSignal): Promise<void> {
  const one = async (index: number): Promise<void> => {
    await sleep((pace * index) / atWork)
    for (let due = performance.now(); !signal.aborted; due += pace) {
      await call(index)
      await sleep(Math.max(0, due + pace - performance.now()))
    }
  }
  await Promise.all(Array.from({ length: atWork }, (_, index) => one(index)))
}

/** Share of a processor, in %, that this process takes for `time` ms while so many are at work. */
export async function loadOf(many: Many, atWork: number, time: number): Promise<number> {
  const stop = new AbortController()
  const working = keepCalling(many, atWork, stop.signal)
  // Not the beginning.
  await sleep(time / 5)
  const start = performance.now()
  const before = process.cpuUsage()
  await sleep(time)
  const { user, system } = process.cpuUsage(before)
  const share = (user + system) / 10 / (performance.now() - start)
  stop.abort()
  await working
  return share
}
