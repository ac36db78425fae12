import { describe, expect, it } from 'vitest'
import type { LoadEvent } from '../../src/index.ts'
import { until } from '../support/coordinator.ts'
import { bigCoordinator, gib, registerHog } from '../support/hogs.ts'

describe('the time of a load', () => {
  it('is without the wait for memory, which the event has', async () => {
    await using coordinator = bigCoordinator()
    await registerHog(coordinator, 'large', 70 * gib).touch()
    const lease = await coordinator.acquire('large')
    const events: LoadEvent[] = []
    coordinator.on('load', (event) => events.push(event))
    const waiting = registerHog(coordinator, 'waiting', 40 * gib).touch()
    await until(() => coordinator.info('waiting').state === 'loading')
    const since = performance.now()
    await until(() => performance.now() - since > 300)
    const waited = performance.now() - since
    lease.release()
    await waiting
    const duration = events[0]?.duration ?? 0
    const { lastLoadTime } = coordinator.info('waiting')
    expect(lastLoadTime).toBeGreaterThan(0)
    expect(duration - (lastLoadTime ?? 0)).toBeGreaterThanOrEqual(waited)
  })

  it('is without that of its dependencies', async () => {
    await using coordinator = bigCoordinator()
    registerHog(coordinator, 'needed', 0, { config: { initDelay: 300 } })
    const events: LoadEvent[] = []
    coordinator.on('load', (event) => events.push(event))
    await registerHog(coordinator, 'needing', 0, { dependencies: ['needed'] }).touch()
    const [needed, needing] = events
    expect([needed?.name, needing?.name]).toEqual(['needed', 'needing'])
    const { lastLoadTime } = coordinator.info('needing')
    const dependency = coordinator.info('needed').lastLoadTime
    expect((needing?.duration ?? 0) - (lastLoadTime ?? 0)).toBeGreaterThanOrEqual(dependency ?? Number.NaN)
  })
})
