import { readdirSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { proxy } from '../../src/index.ts'
import { quietCoordinator, rejection, sink, steady, until } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

/** SPILLWAY_SOAK=1: the long run. */
const soak = process.env['SPILLWAY_SOAK'] === '1'
const cycles = soak ? 200 : 16
const timeout = soak ? 600_000 : 30_000

const warnings: Error[] = []
const unhandled: unknown[] = []
const onWarning = (warning: Error): void => void warnings.push(warning)
const onUnhandled = (reason: unknown): void => void unhandled.push(reason)
beforeEach(() => {
  warnings.length = unhandled.length = 0
  process.on('warning', onWarning).on('unhandledRejection', onUnhandled)
})
afterEach(() => {
  process.off('warning', onWarning).off('unhandledRejection', onUnhandled)
})

interface Held {
  readonly threads: number
  readonly descriptors: number
  readonly ports: number
  readonly timers: number
}
function held(): Held {
  const resources = process.getActiveResourcesInfo()
  return {
    threads: readdirSync('/proc/self/task').length,
    descriptors: readdirSync('/proc/self/fd').length,
    ports: resources.filter((type) => type === 'MessagePort').length,
    timers: resources.filter((type) => type === 'Timeout').length,
  }
}
const within = (now: Held, before: Held): boolean =>
  (Object.keys(before) as (keyof Held)[]).every((key) => now[key] <= before[key])

describe('loads and unloads, again and again', () => {
  it(`leave nothing behind: ${cycles} cycles`, { timeout }, async () => {
    await using coordinator = quietCoordinator({ spareWorkers: 0 })
    const remote = coordinator.registerComponent<KitchenSink>(sink('cycled', { restart: { intensity: 1_000 } }))
    const abort = new AbortController()
    const cycle = async (index: number): Promise<void> => {
      const kept = coordinator.getComponent('cycled', { signal: abort.signal })
      await Promise.all([
        remote.add(1, 1),
        remote.callBack(
          proxy((x: number) => x),
          2,
        ),
        kept,
      ])
      for await (const value of remote.endless()) if (value === 20) break
      if (index % 4 === 3) await rejection(remote.exit(1))
      else await coordinator.unloadComponent('cycled')
    }
    for (let i = 0; i < 4; i++) await cycle(i)
    const before = await steady(held)
    for (let i = 0; i < cycles; i++) await cycle(i)
    await until(() => within(held(), before))
    expect(within(held(), before)).toBe(true)
    expect(coordinator.eventNames()).toEqual([])
    expect({ warnings, unhandled }).toEqual({ warnings: [], unhandled: [] })
  })

  it('of a coordinator leave nothing behind either', { timeout }, async () => {
    const once = async (): Promise<void> => {
      await using coordinator = quietCoordinator()
      const remote = coordinator.registerComponent<KitchenSink>(sink('a'))
      await remote.add(1, 1)
      coordinator.createEndpoint('a')
    }
    await once()
    const before = await steady(held)
    for (let i = 0; i < (soak ? 30 : 4); i++) await once()
    await until(() => within(held(), before))
    expect(within(held(), before)).toBe(true)
    expect({ warnings, unhandled }).toEqual({ warnings: [], unhandled: [] })
  })
})
