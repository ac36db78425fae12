import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { afterAll } from 'vitest'
import { ComponentCoordinator } from '../../src/index.ts'
import type { ComponentDefinition, CoordinatorOptions } from '../../src/index.ts'
import { standStill } from './stand-still.ts'
import type kitchenSink from '../fixtures/kitchen-sink.ts'

export type KitchenSink = typeof kitchenSink

export const silent = pino({ level: 'silent' })

/** A coordinator for one test file or one test, which nothing unloads by itself. */
export function quietCoordinator(options: CoordinatorOptions = {}): ComponentCoordinator {
  return new ComponentCoordinator({ logger: silent, autoUnloadEnabled: false, ...options })
}

/** A coordinator that is shut down after the file's tests. */
export function sharedCoordinator(options?: CoordinatorOptions): ComponentCoordinator {
  const coordinator = quietCoordinator(options)
  afterAll(async () => {
    await coordinator.shutdown()
  })
  return coordinator
}

export function fixture(name: string): URL {
  return new URL(`../fixtures/${name}`, import.meta.url)
}

/** The definition of a kitchen sink. */
export function sink(name: string, more: Partial<ComponentDefinition> = {}): ComponentDefinition {
  return { name, module: fixture('kitchen-sink.ts'), ...more }
}

/** Until the condition holds; what it waits for has no event of its own. The deadline is the test's. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(2)
}

/** What a promise rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('The promise was fulfilled, and should have been rejected')
}

/**
 * Keeps this thread from doing anything else for so many ms. It begins between two turns of the event loop: timers that are due at its end come before
 * the messages that arrived meanwhile.
 */
export async function stall(ms: number): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  standStill(ms)
}
