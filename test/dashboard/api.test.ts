import { fastify } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDashboard } from '../../src/dashboard/index.ts'
import type { DashboardAddress } from '../../src/dashboard/index.ts'
import type { Snapshot, Tick } from '../../src/live/schemas.ts'
import { schemas } from '../../src/live/schemas.ts'
import { ComponentCoordinator } from '../../src/index.ts'
import { rejection, silent, sharedCoordinator, sink } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'
import { ask, events, open } from './dashboard-client.ts'

const coordinator = sharedCoordinator()
const busy = coordinator.registerComponent<KitchenSink>(sink('busy', { type: 'service', priority: 20 }))
coordinator.registerComponent<KitchenSink>(sink('a/b c?', { dependencies: ['busy'] }))
const failing = coordinator.registerComponent<KitchenSink>({
  name: 'failing',
  module: new URL('file:///nowhere.ts'),
  restart: { intensity: 0, backoff: 60_000 },
})

const dashboard = createDashboard(coordinator, { port: 0, maxViewers: 2 })
let address: DashboardAddress
beforeAll(async () => {
  address = await dashboard.start()
  for (let i = 0; i < 50; i++) await busy.echo(i)
  await rejection(failing.echo(1))
})
afterAll(async () => dashboard.stop())

/** What is wrong with a value by a schema; nothing: `[]`. Fastify's validator, made strict. */
async function faults(schema: object, value: unknown): Promise<string[]> {
  const app = fastify({ ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: true } } })
  app.post('/', { schema: { body: schema } }, async () => ({}))
  app.setErrorHandler(async (error: Error, _, reply) => reply.code(400).send({ message: error.message }))
  const response = await app.inject({ method: 'POST', url: '/', payload: value as object })
  await app.close()
  return response.statusCode === 200 ? [] : [response.json<{ message: string }>().message]
}

describe('the API', () => {
  it.each([
    ['/api/components', '/api/components'],
    ['/api/components/busy', '/api/components/:name'],
    ['/api/components/failing', '/api/components/:name'],
    ['/api/memory', '/api/memory'],
    ['/api/memory/history', '/api/memory/history'],
    ['/api/plan', '/api/plan'],
    ['/api/plan?level=critical', '/api/plan'],
    ['/api/advice', '/api/advice'],
    ['/healthz', '/healthz'],
    ['/readyz', '/readyz'],
  ] as const)('%s answers by its schema', async (path, schema) => {
    const { status, json } = await ask(address, path)
    expect(status).toBe(200)
    expect(await faults(schemas[schema], json)).toEqual([])
  })

  it('gives the schemas', async () => {
    const { json } = await ask(address, '/api/schemas')
    expect(json).toEqual(schemas)
  })

  it('tells what components do', async () => {
    const { json } = await ask(address, '/api/components')
    const { components } = json as Snapshot
    expect(components.map(({ name }) => name)).toEqual(['busy', 'a/b c?', 'failing'])
    expect(components[0]).toMatchObject({
      type: 'service',
      state: 'ready',
      priority: 20,
      dependents: ['a/b c?'],
      calls: 50,
      loads: 1,
      memory: { total: expect.any(Number) as number },
      p50: expect.any(Number) as number,
      p99: expect.any(Number) as number,
      next: { verdict: 'stays' },
    })
    expect(components[2]).toMatchObject({
      state: 'failed',
      memory: null,
      next: { verdict: 'not-loaded' },
      failure: { message: expect.stringContaining('ComponentLoadError') as string },
    })
  })

  it('finds a component of any name', async () => {
    const { json } = await ask(address, `/api/components/${encodeURIComponent('a/b c?')}`)
    expect(json).toMatchObject({ component: { name: 'a/b c?', dependencies: ['busy'] } })
  })

  it('tells what happened to one component', async () => {
    const { json } = await ask(address, '/api/components/failing')
    expect(json).toMatchObject({
      // Advice may have come meanwhile: it backs off.
      events: expect.arrayContaining([
        expect.objectContaining({
          kind: 'load-error',
          severity: 'error',
          details: expect.objectContaining({ code: 'ERR_COMPONENT_LOAD' }) as object,
        }),
      ]) as unknown[],
    })
  })

  it('keeps the history of the largest, and sums up the others', async () => {
    await coordinator.memory.sample()
    const { json } = await ask(address, '/api/memory/history?points=5&largest=1')
    const { times, totals, components, others } = json as {
      times: number[]
      totals: { usage: number[]; main: number[] }
      components: { name: string; values: number[] }[]
      others: number[]
    }
    expect(times.length).toBeGreaterThan(0)
    expect(times.length).toBeLessThanOrEqual(5)
    expect(totals.usage).toHaveLength(times.length)
    expect(others).toHaveLength(times.length)
    expect(components.map(({ name }) => name)).toEqual(['busy'])
  })

  it.each([
    ['/api/components/unknown', 404, 'ERR_COMPONENT_NOT_FOUND'],
    ['/api/plan?level=extreme', 400, 'ERR_INVALID_OPTIONS'],
    ['/api/memory/history?points=0', 400, 'ERR_INVALID_OPTIONS'],
    ['/api/memory/history?points=1e9', 400, 'ERR_INVALID_OPTIONS'],
    ['/api/nothing', 404, 'NOT_FOUND'],
  ])('%s: %i %s', async (path, status, code) => {
    const answer = await ask(address, path)
    expect(answer.status).toBe(status)
    expect(answer.json).toMatchObject({ error: { code } })
    expect(await faults(schemas.error, answer.json)).toEqual([])
  })

  it('gives metrics', async () => {
    const { status, headers, text } = await ask(address, '/metrics')
    expect(status).toBe(200)
    expect(headers['content-type']).toContain('version=0.0.4')
    expect(text).toContain('spillway_component_calls_total{component="busy"} 50\n')
  })

  it('is not ready once the coordinator is shut down, and still answers', async () => {
    const ended = new ComponentCoordinator({ logger: silent })
    await using other = createDashboard(ended, { port: 0 })
    const reached = await other.start()
    expect((await ask(reached, '/readyz')).status).toBe(200)
    await ended.shutdown()
    const { status, json } = await ask(reached, '/readyz')
    expect(status).toBe(503)
    expect(json).toMatchObject({ status: 'not ready', reason: expect.any(String) as string })
    expect((await ask(reached, '/healthz')).status).toBe(200)
    expect((await ask(reached, '/api/components')).status).toBe(200)
    expect((await ask(reached, '/metrics')).status).toBe(200)
  })
})

describe('the event stream', () => {
  it('begins with a snapshot, and tells of an unload', async () => {
    const response = await open(address, '/api/events')
    const stream = events(response)
    const first = (await stream.next()).value as { event: string; data: Snapshot }
    expect(first.event).toBe('snapshot')
    expect(await faults(schemas['/api/events'], { snapshot: first.data })).toEqual([])

    await coordinator.unloadComponent('busy')
    let state = ''
    for await (const { event, data } of stream) {
      expect(event).toBe('tick')
      expect(await faults(schemas['/api/events'], { tick: data })).toEqual([])
      state = (data as Tick).components.find(({ name }) => name === 'busy')?.state ?? state
      const unload = (data as Tick).events.find(({ kind }) => kind === 'unload')
      if (!unload) continue
      expect(unload).toMatchObject({ component: 'busy', details: { reason: 'requested', generation: 1 } })
      expect(state).toBe('unloaded')
      break
    }
    response.destroy()
  })

  it('sends what changed, and names of components that are gone', async () => {
    coordinator.registerComponent(sink('passing'))
    const response = await open(address, '/api/events')
    const stream = events(response)
    await stream.next()
    // The first tick brings what changed since the last one, whenever that was.
    await stream.next()
    await coordinator.unregisterComponent('passing')
    for await (const { data } of stream) {
      const { gone, components } = data as Tick
      expect(components.map(({ name }) => name)).not.toContain('passing')
      if (gone.includes('passing')) break
    }
    response.destroy()
  })

  it('tells that a component is gone which only the snapshot had', async () => {
    await using other = createDashboard(coordinator, { port: 0 })
    const reached = await other.start()
    coordinator.registerComponent(sink('brief'))
    const response = await open(reached, '/api/events')
    const stream = events(response)
    const first = (await stream.next()).value as { data: Snapshot }
    expect(first.data.components.map(({ name }) => name)).toContain('brief')
    await coordinator.unregisterComponent('brief')
    const { data } = (await stream.next()).value as { data: Tick }
    expect(data.gone).toEqual(['brief'])
    response.destroy()
  })

  it('is refused to more viewers than allowed, until one leaves', async () => {
    const viewers = await Promise.all([open(address, '/api/events'), open(address, '/api/events')])
    const refused = await ask(address, '/api/events')
    expect(refused.status).toBe(503)
    expect(refused.json).toMatchObject({ error: { code: 'TOO_MANY_VIEWERS' } })
    expect(refused.headers['retry-after']).toBe('10')
    for (const viewer of viewers) viewer.destroy()
    await expect
      .poll(
        async () => {
          const again = await open(address, '/api/events')
          again.destroy()
          return again.statusCode
        },
        { timeout: 10_000 },
      )
      .toBe(200)
  })
})
