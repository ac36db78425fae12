import { Registry } from 'prom-client'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { isComponentFailedError, LockManager } from '../../src/index.ts'
import type { ComponentCoordinator, ComponentFailedError } from '../../src/index.ts'
import type { LongHold } from '../../src/locks/long-holds.ts'
import { collectMetrics } from '../../src/metrics/index.ts'
import { quietCoordinator, rejection, sink, until } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const hour = 3_600_000
const realNow = Date.now.bind(Date)

/** Sets the wall clock of this thread. */
function setClock(by: number): void {
  vi.spyOn(Date, 'now').mockImplementation(() => realNow() + by)
}

afterEach(() => void vi.restoreAllMocks())

function coordinatorForTest(): ComponentCoordinator {
  const coordinator = quietCoordinator({ spareWorkers: 0 })
  onTestFinished(async () => void (await coordinator.shutdown()))
  return coordinator
}

describe.each([
  ['back', -hour],
  ['forward', hour],
])('when the clock is set %s by an hour', (_, by) => {
  test('a back-off lasts as long as it would have, and its end is told as the clock says now', async () => {
    const coordinator = coordinatorForTest()
    const backoff = 600
    const remote = coordinator.registerComponent<KitchenSink>(sink('a', { restart: { intensity: 0, backoff } }))
    await remote.add(1, 1)
    await rejection(remote.exit(1))
    const failedAt = performance.now()
    setClock(by)
    const error = await rejection(remote.add(1, 1))
    expect(error).toSatisfy(isComponentFailedError)
    // Told up to 2 ms late, so that who waits for it by the clock is let in.
    expect(Math.abs((error as ComponentFailedError).retryAt - Date.now())).toBeLessThanOrEqual(backoff + 2)
    const { failure, since } = coordinator.info('a')
    expect(Math.abs((failure?.retryAt ?? 0) - Date.now())).toBeLessThanOrEqual(backoff + 2)
    expect(Math.abs(since - Date.now())).toBeLessThan(60_000)
    await until(async () => {
      try {
        return (await remote.add(1, 1)) === 2
      } catch {
        return false
      }
    })
    expect(performance.now() - failedAt).toBeGreaterThanOrEqual(backoff - 50)
  })

  test('a component is idle for as long as it is, and what is told of it is of now', async () => {
    const coordinator = coordinatorForTest()
    const remote = coordinator.registerComponent<KitchenSink>(sink('a'))
    await remote.add(1, 1)
    await coordinator.memory.sample()
    const calledAt = performance.now()
    setClock(by)
    const { idleTime: before } = coordinator.info('a')
    await until(() => coordinator.info('a').idleTime > before)
    const info = coordinator.info('a')
    expect(info.idleTime).toBeLessThanOrEqual(performance.now() - calledAt + 60_000)
    for (const time of [info.lastAccess, info.memory?.sampledAt, coordinator.memory.ledger().time]) {
      expect(Math.abs((time ?? 0) - Date.now())).toBeLessThan(60_000)
    }
    await remote.add(1, 1)
    expect(coordinator.info('a').idleTime).toBeLessThan(60_000)
    using lease = await coordinator.acquire<KitchenSink>('a')
    lease.release()
    expect(coordinator.info('a').idleTime).toBeLessThan(60_000)
    const [candidate] = coordinator.memory.plan('critical').victims
    expect(candidate?.name).toBe('a')
  })

  test('the holders and waiters of a lock are told as the clock says now, in whole ms', async () => {
    const held: LongHold[] = []
    using locks = new LockManager({ longHold: 50, onLongHold: (hold) => void held.push(hold) })
    using _lease = await locks.acquire('a')
    const waiting = rejection(locks.acquire('a', { timeout: 60_000 }))
    setClock(by)
    const [lock] = locks.list()
    await until(() => held.length > 0)
    const times = [lock?.holders[0]?.since, lock?.waiters[0]?.waitingSince, held[0]?.since]
    for (const time of times) {
      expect(Number.isInteger(time)).toBe(true)
      expect(Math.abs((time ?? 0) - Date.now())).toBeLessThan(60_000)
    }
    locks.close()
    await waiting
  })

  test('the figures are as old as they are', async () => {
    const coordinator = coordinatorForTest()
    await coordinator.registerComponent<KitchenSink>(sink('a')).add(1, 1)
    const registry = new Registry()
    using _ = collectMetrics(coordinator, { registry })
    await coordinator.memory.sample()
    setClock(by)
    const text = await registry.metrics()
    const ages = [...text.matchAll(/^spillway_\S*sample_age_seconds\S* (\S+)$/gm)].map(([, age]) => Number(age))
    expect(ages).toHaveLength(2)
    for (const age of ages) expect(age).toBeLessThan(60)
  })
})
