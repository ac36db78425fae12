import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { pino } from 'pino'
import { afterAll } from 'vitest'
import { ComponentCoordinator } from '../../src/index.ts'
import type { CoordinatorOptions, DefinitionOf } from '../../src/index.ts'
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
export function sink(name: string, more: Partial<DefinitionOf<KitchenSink>> = {}): DefinitionOf<KitchenSink> {
  return { name, module: fixture('kitchen-sink.ts'), ...more }
}

/** A number that a component can change while its thread is blocked. */
export function sharedCell(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
}

/** ms in which a call has begun, however busy the machine is: for a deadline that is to pass in the middle of it. */
export const begunBy = 1_000

/** Until the condition holds; what it waits for has no event of its own. The deadline is the test's. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(2)
}

/** The value once it has stayed the same for many looks: what comes and goes with workers that start or end has no event of its own either. */
export async function steady<T>(value: () => T): Promise<T> {
  let last = value()
  let looks = 0
  await until(() => {
    const now = value()
    looks = isDeepStrictEqual(now, last) ? looks + 1 : 0
    last = now
    return looks === 40
  })
  return last
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
