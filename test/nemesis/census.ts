/** What the process holds, beyond what the coordinator knows of. */
import { readdirSync } from 'node:fs'
import { platform } from 'node:process'
import { queryObjects } from 'node:v8'
import { MessagePort } from 'node:worker_threads'
import { ComponentCoordinator } from '../../src/coordinator.ts'
import { liveWorkers } from './faults/workers.ts'

export interface Census {
  readonly workers: number
  readonly ports: number
  readonly coordinators: number
  readonly threads: number
  readonly descriptors: number
  readonly listeners: number
  readonly heap: number
}

const entries = (path: string): number => (platform === 'linux' ? readdirSync(path).length : 0)

/** Collects garbage: what it counts is reachable. */
export function takeCensus(): Census {
  const ports = queryObjects(MessagePort, { format: 'count' })
  const coordinators = queryObjects(ComponentCoordinator, { format: 'count' })
  return {
    workers: liveWorkers(),
    ports,
    coordinators,
    threads: entries('/proc/self/task'),
    descriptors: entries('/proc/self/fd'),
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    heap: process.memoryUsage().heapUsed,
  }
}

/** What there is more of than there was. */
export function surplus(now: Census, before: Census): string[] {
  return (['workers', 'ports', 'coordinators', 'threads', 'descriptors', 'listeners'] as const)
    .filter((key) => now[key] > before[key])
    .map((key) => `${now[key]} ${key}, before ${before[key]}`)
}
