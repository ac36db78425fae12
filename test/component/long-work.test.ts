import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { quietCoordinator, rejection, sharedCell, sink, until } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

describe('long synchronous work without a deadline or a watchdog', () => {
  it('is never ended; it is told of once, after 10 s, for as long as it takes', { timeout: 60_000 }, async () => {
    const lines: { advice?: string; component?: string }[] = []
    const warn = (fields: object): void => void lines.push(fields)
    const ignore = (): void => {}
    const logger = { level: 'info', trace: ignore, debug: ignore, info: ignore, warn, error: ignore, fatal: ignore }
    await using own = quietCoordinator({ logger: { ...logger, child: () => logger } as never })
    const crashes: unknown[] = []
    own.on('crash', (event) => crashes.push(event))
    const remote = own.registerComponent<KitchenSink>(sink('long'))
    await remote.add(1, 1)
    const work = remote.standStill(16_000)
    const isAdvised = (): boolean => own.advice().some(({ id }) => id === 'stuck:long')
    await until(isAdvised)
    expect(own.info('long').stuckFor).toBeGreaterThan(9_000)
    await work
    await until(() => !isAdvised())
    expect(own.info('long')).toMatchObject({ stuckFor: 0, state: 'ready', generation: 1 })
    expect(lines.filter(({ advice }) => advice === 'stuck:long')).toMatchObject([{ component: 'long' }])
    expect(crashes).toEqual([])
  })

  it(
    'is told of while calls with a deadline never get their turn, as what a watchdog helps with',
    { timeout: 60_000 },
    async () => {
      await using coordinator = quietCoordinator({ spareWorkers: 0 })
      const crashes: unknown[] = []
      coordinator.on('crash', (event) => crashes.push(event))
      const begun = sharedCell()
      const remote = coordinator.registerComponent<KitchenSink>(sink('unread', { callTimeout: 300, config: { begun } }))
      await coordinator.getComponent('unread')
      await remote.standStillLater(60_000)
      await until(() => begun[0] === 1)
      const advised = (): string | undefined => coordinator.advice().find(({ id }) => id === 'stuck:unread')?.message
      const calling = new AbortController()
      let rejected = 0
      const call = async (): Promise<void> => {
        await rejection(remote.add(1, 1))
        rejected++
        // Now and then nobody calls.
        await sleep(200)
        if (!calling.signal.aborted) await call()
      }
      const calls = call()
      await until(() => coordinator.info('unread').stuckFor > 5_000)
      expect(advised()).toBeUndefined()
      await until(() => advised() !== undefined)
      expect(advised()).toContain('set watchdog')
      const later = rejected + 3
      await until(() => rejected >= later)
      expect(advised()).toBeDefined()
      calling.abort()
      await calls
      expect(crashes).toEqual([])
      await coordinator.unloadComponent('unread', { deadline: 0 })
    },
  )
})
