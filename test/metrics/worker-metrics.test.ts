import { Registry } from 'prom-client'
import { afterAll, describe, expect, it } from 'vitest'
import { collectMetrics } from '../../src/metrics/index.ts'
import type measuring from '../fixtures/measuring.ts'
import { fixture, quietCoordinator } from '../support/coordinator.ts'

const coordinator = quietCoordinator()
const registry = new Registry()
const collecting = collectMetrics(coordinator, { registry })
afterAll(async () => {
  collecting[Symbol.dispose]()
  await coordinator.shutdown()
})

const register = (name: string, broken?: 'hangs' | 'nonsense' | 'throws') =>
  coordinator.registerComponent<typeof measuring>({ name, module: fixture('measuring.ts'), config: { broken } })

/** The second of two scrapes: what is new at the first is in the second. */
async function scrape(): Promise<string[]> {
  await registry.metrics()
  return (await registry.metrics()).split('\n')
}

describe('metrics that components keep themselves', () => {
  it('are merged in with the label component', async () => {
    const one = register('one')
    const two = register('two')
    await one.work('a', 0.5)
    await one.work('b', 5)
    await one.queue(3)
    await two.work('a', 20)
    const lines = await scrape()
    expect(lines).toEqual(
      expect.arrayContaining([
        '# TYPE jobs_total counter',
        'jobs_total{kind="a",component="one"} 1',
        'jobs_total{kind="b",component="one"} 1',
        'jobs_total{kind="a",component="two"} 1',
        'queue_depth{component="one"} 3',
        'queue_depth{component="two"} 0',
        'job_seconds_bucket{le="1",component="one"} 1',
        'job_seconds_bucket{le="+Inf",component="one"} 2',
        'job_seconds_count{component="two"} 1',
        'job_seconds_sum{component="two"} 20',
      ]),
    )
  })

  it('do not make it used, nor load it', async () => {
    const before = coordinator.info('one').lastAccess
    await scrape()
    expect(coordinator.info('one')).toMatchObject({ lastAccess: before, calls: 3 })
    await coordinator.unloadComponent('two')
    await scrape()
    expect(coordinator.info('two').state).toBe('unloaded')
  })

  it('keep counts, and lose gauges, when it is unloaded; counts go on from there when it is loaded again', async () => {
    await coordinator.unloadComponent('one')
    const gone = await scrape()
    expect(gone).toContain('jobs_total{kind="a",component="one"} 1')
    expect(gone.filter((line) => line.startsWith('queue_depth{'))).toEqual([])
    const one = coordinator.component<typeof measuring>('one')
    await one.queue(1)
    await one.work('a', 0.1)
    const lines = await scrape()
    expect(lines).toContain('jobs_total{kind="a",component="one"} 2')
    expect(lines).toContain('queue_depth{component="one"} 1')
  })

  it('are those of this scrape, not of the one before', async () => {
    const one = coordinator.component<typeof measuring>('one')
    await one.work('fresh', 0.1)
    for (const count of [1, 2, 3]) {
      expect(await registry.metrics()).toContain(`jobs_total{kind="fresh",component="one"} ${count}`)
      await one.work('fresh', 0.1)
    }
  })

  it('lose nothing that was counted before an unload, whether scraped before, at the same time, or not at all', async () => {
    const brief = register('brief')
    let calls = 0
    for (const scraped of ['not at all', 'before', 'at the same time', 'not at all']) {
      await Promise.all(Array.from({ length: 3 }, async () => brief.work('a', 0.1)))
      if (scraped === 'before') await registry.metrics()
      await brief.work('a', 0.1)
      const scraping = scraped === 'at the same time' ? registry.metrics() : undefined
      await coordinator.unloadComponent('brief')
      await scraping
      calls += 4
      const lines = await registry.metrics()
      expect(lines).toContain(`jobs_total{kind="a",component="brief"} ${calls}`)
      expect(lines).toContain(`job_seconds_count{component="brief"} ${calls}`)
      expect(lines).not.toContain('queue_depth{component="brief"}')
    }
    await coordinator.unregisterComponent('brief')
  })

  it('go on from there also when it is registered anew, and its successor has come as far', async () => {
    await register('anew').work('a', 0.1)
    await scrape()
    void coordinator.unregisterComponent('anew')
    const successor = register('anew')
    await successor.work('a', 0.1)
    await successor.work('a', 0.1)
    expect(await scrape()).toContain('jobs_total{kind="a",component="anew"} 3')
    await coordinator.unregisterComponent('anew')
  })

  it('of several copies are one: added up, also with those that were replaced', async () => {
    const copies = coordinator.registerComponent<typeof measuring>({
      name: 'copies',
      module: fixture('measuring.ts'),
      config: {},
      instances: { min: 2, max: 2 },
    })
    await coordinator.preload(['copies'])
    await Promise.all([copies.work('a', 0.5), copies.work('a', 0.5)])
    await Promise.all([copies.queue(3), copies.queue(4)])
    const lines = await scrape()
    expect(lines).toContain('jobs_total{kind="a",component="copies"} 2')
    expect(lines).toContain('queue_depth{component="copies"} 7')
    await coordinator.recycleComponent('copies')
    await copies.work('a', 0.5)
    const after = await scrape()
    expect(after).toContain('jobs_total{kind="a",component="copies"} 3')
    expect(after).toContain('queue_depth{component="copies"} 0')
    expect(after.join('\n')).not.toContain('copies#')
    await coordinator.unregisterComponent('copies')
  })

  it.each(['throws', 'hangs', 'nonsense'] as const)('one whose collecting %s spoils nothing', async (broken) => {
    const odd = register(`odd-${broken}`, broken)
    await odd.work('a', 1)
    const lines = await scrape()
    expect(lines).toContain('jobs_total{kind="a",component="one"} 2')
    expect(lines.join('\n')).not.toContain('bad name')
    expect(lines.filter((line) => line.startsWith('spillway_components'))).toHaveLength(1)
    await coordinator.unregisterComponent(`odd-${broken}`)
  })

  it('are taken out with the others', () => {
    const own = new Registry()
    collectMetrics(coordinator, { registry: own })[Symbol.dispose]()
    expect(own.getMetricsAsArray()).toEqual([])
  })
})
