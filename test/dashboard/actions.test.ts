import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createDashboard } from '../../src/dashboard/index.ts'
import type { DashboardAddress } from '../../src/dashboard/index.ts'
import { sharedCoordinator, sink } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'
import { act, ask, open } from './dashboard-client.ts'

const coordinator = sharedCoordinator()
const one = coordinator.registerComponent<KitchenSink>(sink('one'))
coordinator.registerComponent<KitchenSink>({
  name: 'failing',
  module: new URL('file:///nowhere.ts'),
  restart: { intensity: 0, backoff: 60_000 },
})
const logged: unknown[] = []
const dashboard = createDashboard(coordinator, {
  port: 0,
  token: 'secret',
  actions: true,
  logger: { info: (fields: unknown) => logged.push(fields) } as never,
})
let address: DashboardAddress
beforeAll(async () => {
  address = await dashboard.start()
})
afterAll(async () => dashboard.stop())
beforeEach(() => {
  logged.length = 0
})

const leftBehind = async (): Promise<string[]> =>
  (await readdir(tmpdir())).filter((name) => /^spillway-\w{6}$/.test(name))

describe('components', () => {
  it('are loaded and unloaded, and the feed and the log say who asked', async () => {
    expect(await act(address, '/api/components/one/load')).toMatchObject({ status: 200, json: { done: 'load' } })
    expect(coordinator.info('one').state).toBe('ready')
    expect(await act(address, '/api/components/one/unload')).toMatchObject({
      status: 200,
      json: { done: 'unload', report: { name: 'one', reason: 'requested' } },
    })
    expect(coordinator.info('one').state).toBe('unloaded')
    const { json } = await ask(address, '/api/components/one')
    expect((json as { events: { kind: string }[] }).events.map(({ kind }) => kind)).toEqual([
      'action',
      'load',
      'action',
      'unload',
    ])
    expect(logged).toMatchObject([
      { action: 'load', component: 'one', remote: '127.0.0.1' },
      { action: 'load', component: 'one', outcome: 'done', ms: expect.any(Number) as number },
      { action: 'unload', component: 'one' },
      { action: 'unload', component: 'one', outcome: 'done' },
    ])
  })

  it('that failed can be reset', async () => {
    expect((await act(address, '/api/components/failing/load')).status).toBe(500)
    expect(await act(address, '/api/components/failing/load')).toMatchObject({
      status: 409,
      json: { error: { code: 'ERR_COMPONENT_FAILED' } },
    })
    expect((await act(address, '/api/components/failing/reset')).status).toBe(200)
    expect(coordinator.info('failing').state).toBe('unloaded')
  })

  it('that are unknown are not found', async () => {
    for (const action of ['load', 'unload', 'reset', 'heap-snapshot', 'cpu-profile']) {
      logged.length = 0
      expect([action, (await act(address, `/api/components/unknown/${action}`)).status]).toEqual([action, 404])
      expect(logged).toMatchObject([
        { component: 'unknown' },
        { outcome: 'failed', component: 'unknown', code: 'ERR_COMPONENT_NOT_FOUND' },
      ])
    }
  })
})

describe('memory', () => {
  it('is freed', async () => {
    await one.echo(1)
    // One that has just been called may not have told yet that it is idle.
    await expect
      .poll(async () => (await act(address, '/api/memory/free', { bytes: '1kb' })).json, { timeout: 10_000 })
      .toMatchObject({ result: { satisfied: true, unloaded: ['one'] } })
  })

  it.each([{}, { bytes: 0 }, { bytes: '1' }, { bytes: null }, []])('%j is no amount', async (body) => {
    expect((await act(address, '/api/memory/free', body)).status).toBe(400)
  })

  it('options are changed as a whole, or not at all', async () => {
    const before = coordinator.memory.options
    expect(
      (await act(address, '/api/memory/options', { lowThreshold: 0.5, mediumThreshold: 0.7, totalLimit: '3gb' }))
        .status,
    ).toBe(200)
    expect(coordinator.memory.options).toMatchObject({
      lowThreshold: 0.5,
      mediumThreshold: 0.7,
      totalLimit: 3 * 1024 ** 3,
    })
    for (const body of [{ lowThreshold: 0.9 }, { totalLimit: 'much' }, { policy: 'cost-aware' }, { unknown: 1 }]) {
      expect((await act(address, '/api/memory/options', body)).status).toBe(400)
    }
    expect(coordinator.memory.options).toMatchObject({ lowThreshold: 0.5, mediumThreshold: 0.7 })
    coordinator.memory.configure(before)
  })
})

describe('looking into a component', () => {
  it('gives a heap snapshot, and leaves no file', async () => {
    await one.hold(1)
    const { status, headers, json, text } = await act(address, '/api/components/one/heap-snapshot')
    expect(status).toBe(200)
    expect(json).toBeUndefined()
    const { generation } = coordinator.info('one')
    expect(headers['content-disposition']).toMatch(
      new RegExp(`^attachment; filename="one-g${generation}-\\d{8}T\\d{6}Z\\.heapsnapshot"$`),
    )
    expect(Number(headers['content-length'])).toBe(Buffer.byteLength(text))
    expect(JSON.parse(text)).toMatchObject({ snapshot: { node_count: expect.any(Number) as number } })
    await expect.poll(leftBehind).toEqual([])
  })

  it('gives a CPU profile that shows what it did', async () => {
    const profiling = act(address, '/api/components/one/cpu-profile', { duration: 500 })
    const over = new AbortController()
    void profiling.finally(() => over.abort())
    while (!over.signal.aborted) await one.spinFor(20)
    const { status, text } = await profiling
    expect(status).toBe(200)
    const { nodes } = JSON.parse(text) as { nodes: { callFrame: { functionName: string }; hitCount: number }[] }
    const hits = (named: (name: string) => boolean): number =>
      nodes.filter(({ callFrame }) => named(callFrame.functionName)).reduce((sum, { hitCount }) => sum + hitCount, 0)
    expect(hits((name) => !/^\((idle|program|root)\)$/.test(name))).toBeGreaterThan(hits((name) => name === '(idle)'))
    await expect.poll(leftBehind).toEqual([])
  })

  it('leaves no file when the viewer goes away', async () => {
    const response = await open(address, '/api/components/one/heap-snapshot', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer secret' },
      body: '{}',
    })
    expect(response.statusCode).toBe(200)
    response.destroy()
    await expect.poll(leftBehind).toEqual([])
  })

  it('keeps it loaded meanwhile', async () => {
    const profiling = act(address, '/api/components/one/cpu-profile', { duration: 1_000 })
    await expect.poll(() => coordinator.info('one').inUse).toBe(1)
    expect(await coordinator.memory.freeMemory(1)).toMatchObject({ satisfied: false, unloaded: [] })
    expect((await profiling).status).toBe(200)
    expect(coordinator.info('one')).toMatchObject({ state: 'ready', inUse: 0 })
  })

  it('is told off when it is not loaded: nothing is loaded for that', async () => {
    await coordinator.unloadComponent('one')
    for (const kind of ['heap-snapshot', 'cpu-profile']) {
      expect(await act(address, `/api/components/one/${kind}`)).toMatchObject({
        status: 409,
        json: { error: { code: 'NOT_LOADED' } },
      })
    }
    expect(coordinator.info('one').state).toBe('unloaded')
  })

  it('survives an unload by name while the snapshot is being written', async () => {
    await one.hold(5)
    const snapshot = act(address, '/api/components/one/heap-snapshot')
    await expect.poll(() => coordinator.info('one').inUse).toBe(1)
    const unloading = coordinator.unloadComponent('one', { deadline: 0 })
    const { status } = await snapshot
    // It came in time, or the worker was ended first; the process lives either way.
    expect([200, 500]).toContain(status)
    expect(await unloading).toMatchObject({ name: 'one' })
    expect(await one.echo('alive')).toBe('alive')
    await expect.poll(leftBehind).toEqual([])
  })
})
