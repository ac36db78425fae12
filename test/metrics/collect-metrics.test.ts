import { Registry } from 'prom-client'
import type { MetricObjectWithValues, MetricValue, OpenMetricsContentType } from 'prom-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ComponentCoordinator, isInvalidOptionsError } from '../../src/index.ts'
import { collectMetrics } from '../../src/metrics/index.ts'
import { manualClock } from '../../src/testing/index.ts'
import { showCluster } from '../../src/live/joined-cluster.ts'
import { FakeCluster, fakeHost } from '../support/fake-cluster.ts'
import { quietCoordinator, rejection, silent, sink } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

type Values = Map<string, number>

/** Every series of one metric by its labels, as `{component="a"}` without the braces' contents changed. */
async function series(registry: Registry, name: string): Promise<Values> {
  const all = await registry.getMetricsAsJSON()
  // What it gives has values, whatever its type says.
  const metric = all.find((candidate) => candidate.name === name) as MetricObjectWithValues<MetricValue<string>>
  if (!metric) throw new Error(`There is no metric ${name}`)
  return new Map(metric.values.map(({ labels, value }) => [Object.values(labels).join(' '), value]))
}

describe('collectMetrics', () => {
  const coordinator = quietCoordinator()
  const registry = new Registry()
  const collecting = collectMetrics(coordinator, { registry })
  const busy = coordinator.registerComponent<KitchenSink>(sink('busy', { memoryLimit: 200 * 1024 ** 2 }))

  beforeAll(async () => {
    for (let i = 0; i < 20; i++) await busy.echo(i)
    await rejection(busy.throwError())
    await rejection((busy as unknown as { missing(): Promise<void> }).missing())
    await coordinator.unloadComponent('busy')
    await busy.echo(1)
  })
  afterAll(async () => {
    collecting[Symbol.dispose]()
    await coordinator.shutdown()
  })

  it('counts calls, and errors by code', async () => {
    expect((await series(registry, 'spillway_component_calls_total')).get('busy')).toBe(23)
    const errors = await series(registry, 'spillway_component_call_errors_total')
    expect(Object.fromEntries(errors)).toEqual({ 'busy component': 1, 'busy ERR_NO_SUCH_METHOD': 1 })
  })

  it('counts loads, and unloads by reason', async () => {
    expect((await series(registry, 'spillway_component_loads_total')).get('busy')).toBe(2)
    const unloads = await series(registry, 'spillway_component_unloads_total')
    expect(Object.fromEntries(unloads)).toEqual({ 'busy requested': 1 })
    expect((await series(registry, 'spillway_component_reloads_after_unload_total')).get('busy')).toBe(0)
  })

  it('has cumulative histograms of calls, loads and the phases of unloads', async () => {
    const text = await registry.metrics()
    expect(text).toContain('spillway_component_call_duration_seconds_count{component="busy"} 23\n')
    expect(text).toContain('spillway_component_call_duration_seconds_bucket{component="busy",le="+Inf"} 23\n')
    expect(text).toContain('spillway_component_load_duration_seconds_count{component="busy"} 2\n')
    for (const phase of ['drain', 'dispose', 'terminate']) {
      expect(text).toContain(`spillway_component_unload_duration_seconds_count{component="busy",phase="${phase}"} 1\n`)
    }
  })

  it('shows state, memory and limits of now', async () => {
    await coordinator.memory.sample()
    expect(Object.fromEntries(await series(registry, 'spillway_component_state'))).toEqual({ 'busy ready': 1 })
    /** A sample may come between what is compared. */
    const ratio = async (name: string, expected: number, labels = ''): Promise<number> =>
      ((await series(registry, name)).get(labels) ?? 0) / expected
    const { total, physical } = coordinator.info('busy').memory ?? { total: 0, physical: 0 }
    expect(await ratio('spillway_component_memory_bytes', total, 'busy')).toBeCloseTo(1, 0)
    expect(await ratio('spillway_component_heap_physical_bytes', physical, 'busy')).toBeCloseTo(1, 0)
    expect((await series(registry, 'spillway_component_memory_limit_bytes')).get('busy')).toBe(200 * 1024 ** 2)
    const { usage, limit } = coordinator.memory.ledger()
    expect(await ratio('spillway_memory_usage_bytes', usage)).toBeCloseTo(1, 0)
    expect((await series(registry, 'spillway_memory_limit_bytes')).get('')).toBe(limit)
    expect(Object.fromEntries(await series(registry, 'spillway_pressure_level'))).toEqual({
      low: 1,
      medium: 0,
      high: 0,
      critical: 0,
    })
  })

  it('tells how busy the worker is once it was read twice', async () => {
    await expect
      .poll(async () => (await series(registry, 'spillway_component_cpu_ratio')).get('busy'), { timeout: 10_000 })
      .toBeGreaterThanOrEqual(0)
    expect((await series(registry, 'spillway_component_event_loop_utilization_ratio')).get('busy')).toBeLessThan(1)
  })

  it('counts locks', async () => {
    const lease = await coordinator.locks.acquire('a')
    expect((await series(registry, 'spillway_locks_held')).get('')).toBe(1)
    lease.release()
    expect((await series(registry, 'spillway_locks_held')).get('')).toBe(0)
    expect((await series(registry, 'spillway_lock_grants_total')).get('')).toBe(1)
  })

  it('tells which components have a process of their own', async () => {
    coordinator.registerComponent(sink('apart', { isolation: 'process' }))
    const processes = await series(registry, 'spillway_component_in_process')
    expect(Object.fromEntries(processes)).toEqual({ busy: 0, apart: 1 })
    await coordinator.unregisterComponent('apart')
  })

  it('labels components as they are called, however odd', async () => {
    coordinator.registerComponent(sink('odd "\\ name'))
    expect(await registry.metrics()).toContain('spillway_component_generation{component="odd \\"\\\\ name"} 0')
    await coordinator.unregisterComponent('odd "\\ name')
  })

  it('drops the gauges of a component that is gone, and keeps its counters from falling when it comes again', async () => {
    const first = coordinator.registerComponent<KitchenSink>(sink('passing'))
    await first.echo(1)
    await first.echo(2)
    expect((await series(registry, 'spillway_component_calls_total')).get('passing')).toBe(2)
    await coordinator.unregisterComponent('passing')
    expect([...(await series(registry, 'spillway_component_generation')).keys()]).toEqual(['busy'])
    expect((await series(registry, 'spillway_component_calls_total')).get('passing')).toBe(2)

    const again = coordinator.registerComponent<KitchenSink>(sink('passing'))
    await again.echo(1)
    expect((await series(registry, 'spillway_component_calls_total')).get('passing')).toBe(3)
    void coordinator.unregisterComponent('passing')

    // At once, and called more often than the one before before anybody looks.
    const third = coordinator.registerComponent<KitchenSink>(sink('passing'))
    for (let calls = 0; calls < 4; calls++) await third.echo(1)
    expect((await series(registry, 'spillway_component_calls_total')).get('passing')).toBe(7)
    await coordinator.unregisterComponent('passing')
  })

  it('counts crashes by reason, and loads that failed by code', async () => {
    const crashing = coordinator.registerComponent<KitchenSink>(sink('crashing'))
    await rejection(crashing.exit(3))
    const nowhere = coordinator.registerComponent<KitchenSink>({ name: 'nowhere', module: new URL('file:///nowhere') })
    await rejection(nowhere.echo(1))
    expect(Object.fromEntries(await series(registry, 'spillway_component_crashes_total'))).toEqual({
      'crashing exit': 1,
    })
    expect(Object.fromEntries(await series(registry, 'spillway_component_load_errors_total'))).toEqual({
      'nowhere ERR_COMPONENT_LOAD': 1,
    })
    const errors = await series(registry, 'spillway_component_call_errors_total')
    expect(errors.get('crashing ERR_COMPONENT_CRASHED')).toBe(1)
    expect(errors.get('nowhere ERR_COMPONENT_LOAD')).toBe(1)
  })

  it('writes OpenMetrics as well', async () => {
    const open = new Registry<OpenMetricsContentType>()
    open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
    using _collecting = collectMetrics(coordinator, { registry: open })
    const text = await open.metrics()
    expect(text).toContain('# TYPE spillway_component_calls counter\nspillway_component_calls_total{component="busy"}')
    expect(text.endsWith('# EOF\n')).toBe(true)
  })

  it('refuses what is no registry, and a registry that has the metrics already', () => {
    const thrown = (options: unknown): unknown => {
      try {
        collectMetrics(coordinator, options as { registry: Registry })
      } catch (error) {
        return error
      }
      return undefined
    }
    for (const options of [
      undefined,
      {},
      { registry: {} },
      { registry },
      { registry: new Registry(), families: 'all' },
    ]) {
      expect(isInvalidOptionsError(thrown(options))).toBe(true)
    }
  })

  it('leaves nothing behind when it is disposed of', async () => {
    const own = new Registry()
    const listeners = coordinator.listenerCount('unload')
    collectMetrics(coordinator, { registry: own })[Symbol.dispose]()
    expect(own.getMetricsAsArray()).toEqual([])
    expect(coordinator.listenerCount('unload')).toBe(listeners)
  })
})

describe('reloads after an unload', () => {
  it('are counted when memory had been the reason', async () => {
    await using coordinator = new ComponentCoordinator({ logger: silent, spareWorkers: 0, memory: { minIdleTime: 0 } })
    const registry = new Registry()
    using _collecting = collectMetrics(coordinator, { registry })
    const first = coordinator.registerComponent<KitchenSink>(sink('first'))
    const second = coordinator.registerComponent<KitchenSink>(sink('second'))
    await first.echo(1)
    const { usage } = await coordinator.memory.sample()
    // So little is left that the second one only fits in place of the first.
    coordinator.memory.configure({ totalLimit: Math.round(usage * 1.15) })
    await second.echo(1)
    expect(coordinator.info('first')).toMatchObject({ state: 'unloaded', unloads: 1 })
    coordinator.memory.configure({ totalLimit: 2 * 1024 ** 3 })
    await first.echo(1)
    // The unload is told of once its memory was given back, which may be after the reload.
    await expect
      .poll(async () => (await series(registry, 'spillway_component_reloads_after_unload_total')).get('first'))
      .toBe(1)
  })
})

describe('series of families and of what is gone', () => {
  const registered = async (registry: Registry): Promise<number> =>
    (await registry.getMetricsAsJSON())
      .flatMap(({ values }) => values)
      .filter(({ labels }) => 'component' in labels || 'family' in labels).length

  it('those of components that are gone are told for another minute, and leave', async () => {
    const clock = manualClock()
    await using coordinator = quietCoordinator({ clock })
    const registry = new Registry()
    using _collecting = collectMetrics(coordinator, { registry })
    const family = coordinator.registerFamily<KitchenSink>({ ...sink('many'), config: () => undefined })
    const keys = Array.from({ length: 100 }, (_, key) => String(key))
    for (const key of keys) family.get(key)
    await family.get('0').echo(1)
    expect(await registered(registry)).toBeGreaterThan(100)
    await family.releaseAll()
    const calls = (): Promise<Values> => series(registry, 'spillway_component_calls_total')
    expect((await calls()).get('many:0')).toBe(1)
    await clock.advance(59_000)
    expect((await calls()).get('many:0')).toBe(1)
    await clock.advance(1_000)
    expect((await calls()).size).toBe(0)
    expect(await registered(registry)).toBe(0)
    // It begins anew, which is what a counter does when its program has begun anew.
    await family.get('0').echo(1)
    expect(Object.fromEntries(await calls())).toEqual({ 'many:0': 1 })
  })

  it('members of a family are one series where that is wanted: added up, or the largest', async () => {
    const clock = manualClock()
    await using coordinator = quietCoordinator({ clock })
    const registry = new Registry()
    using _collecting = collectMetrics(coordinator, { registry, families: 'one' })
    const family = coordinator.registerFamily<KitchenSink>({ ...sink('many'), config: () => undefined })
    const [a, b] = [family.get('a'), family.get('b')]
    const alone = coordinator.registerComponent<KitchenSink>(sink('alone'))
    for (const remote of [a, b, b, alone]) await remote.echo(1)
    await rejection(b.throwError())
    await coordinator.memory.sample()
    const text = await registry.metrics()
    expect(text).toContain('spillway_component_calls_total{family="many"} 4\n')
    expect(text).toContain('spillway_component_calls_total{component="alone"} 1\n')
    expect(text).toContain('spillway_component_call_errors_total{family="many",code="component"} 1\n')
    expect(text).toContain('spillway_component_state{family="many",state="ready"} 2\n')
    expect(text).toContain('spillway_component_priority{family="many"} 50\n')
    expect(text).toContain('spillway_component_call_duration_seconds_count{family="many"} 4\n')
    expect(text).not.toContain('many:')
    // One of them leaves: what it has counted stays.
    await family.release('b')
    await registry.metrics()
    await clock.advance(60_000)
    expect(await registry.metrics()).toContain('spillway_component_calls_total{family="many"} 4\n')
    expect(await registry.metrics()).toContain('spillway_component_state{family="many",state="ready"} 1\n')
  })
})

describe('decisions', () => {
  it('are counted by their rules, what stayed by its reasons, and bytes are whole', async () => {
    await using coordinator = quietCoordinator({ memory: { minIdleTime: 0 } })
    const registry = new Registry()
    using _collecting = collectMetrics(coordinator, { registry })
    const kept = coordinator.registerComponent<KitchenSink>(sink('kept', { pinned: true }))
    await kept.echo(1)
    await coordinator.registerComponent<KitchenSink>(sink('goes')).echo(1)
    await coordinator.memory.freeMemory(1)
    expect((await series(registry, 'spillway_decisions_total')).get('free-memory')).toBe(1)
    expect((await series(registry, 'spillway_decisions_total')).get('pressure')).toBe(0)
    expect(Object.fromEntries(await series(registry, 'spillway_kept_total'))).toEqual({ pinned: 1 })
    const all = await registry.getMetricsAsJSON()
    const bytes = all.filter(({ name }) => /_bytes(_total)?$/.test(name)).flatMap(({ values }) => values)
    expect(bytes.length).toBeGreaterThan(15)
    expect(bytes.filter(({ value }) => !Number.isInteger(value))).toEqual([])
  })
})

describe('the metrics of a cluster', () => {
  it('have series while one is joined, and none before and after', async () => {
    await using coordinator = quietCoordinator()
    const registry = new Registry()
    using _collecting = collectMetrics(coordinator, { registry })
    const told = async () =>
      (await registry.metrics()).split('\n').filter((line) => line.startsWith('spillway_cluster_'))
    expect(await told()).toEqual([])
    const cluster = new FakeCluster('a', 'b')
    cluster.told[1] = fakeHost('b', { room: 5 })
    cluster.happened.push({ kind: 'placed', time: 0, family: 'books', key: 'BTC', from: undefined, to: 'b', why: '' })
    const leave = showCluster(coordinator, cluster)
    expect(await told()).toEqual([
      'spillway_cluster_hosts 2',
      `spillway_cluster_room_bytes{host="a"} ${200 * 1024 ** 2}`,
      'spillway_cluster_room_bytes{host="b"} 5',
      'spillway_cluster_keys 3',
      'spillway_cluster_moves_total{kind="placed"} 1',
      'spillway_cluster_moves_total{kind="taken-over"} 0',
      'spillway_cluster_moves_total{kind="handed-over"} 0',
      'spillway_cluster_moves_total{kind="given-back"} 0',
      'spillway_cluster_moves_total{kind="lost"} 0',
    ])
    leave()
    expect(await told()).toEqual([])
  })
})
