import { Agent, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ComponentCoordinator } from '../../src/coordinator.ts'
import {
  isCoordinatorShutdownError,
  isDuplicateComponentError,
  isInvalidOptionsError,
} from '../../src/contract/errors.ts'
import { spillway } from '../../src/integrations/fastify.ts'
import type { SpillwayFastifyOptions } from '../../src/integrations/fastify.ts'
import type counting from '../fixtures/counting.ts'
import { startServer } from './child.ts'
import { request, endUnderLoad, tally } from './load.ts'

const counter = { name: 'counting', module: new URL('../fixtures/counting.ts', import.meta.url) }

async function start(
  options: SpillwayFastifyOptions = {},
  server: FastifyServerOptions = {},
): Promise<FastifyInstance> {
  const app = Fastify(server)
  onTestFinished(async () => app.close())
  await app.register(spillway, { components: [counter], ...options })
  return app
}

const health = async (app: FastifyInstance, probe: string): Promise<[number, Record<string, unknown>]> => {
  const response = await app.inject(`/health/${probe}`)
  return [response.statusCode, response.json()]
}

describe('the plugin', () => {
  test('decorates the instance it is registered on with the coordinator, whose components work', async () => {
    const app = await start()
    expect(app.spillway).toBeInstanceOf(ComponentCoordinator)
    app.get('/', async () => app.spillway.component<typeof counting>('counting').work(0))
    expect((await app.inject('/')).body).toBe('1')
    await app.close()
    await expect(app.spillway.getComponent('counting')).rejects.toSatisfy(isCoordinatorShutdownError)
  })

  test('takes a coordinator of the program, and shuts it down only if it may', async () => {
    await using coordinator = new ComponentCoordinator({ spareWorkers: 0, logger: pino({ level: 'silent' }) })
    const app = await start({ coordinator, shutdown: false })
    expect(app.spillway).toBe(coordinator)
    await app.close()
    expect(await coordinator.component<typeof counting>('counting').work(0)).toBe(1)
  })

  test('loads what is to be loaded before the server is ready', async () => {
    const app = await start({ preload: ['counting'], coordinator: { spareWorkers: 0 } })
    expect(app.spillway.info('counting').state).toBe('unloaded')
    await app.ready()
    expect(app.spillway.info('counting').state).toBe('ready')
  })

  test.each([
    ['closeTimeout', { closeTimeout: -1 }],
    ['drainDelay', { drainDelay: Number.NaN }],
    ['unreadyAt', { unreadyAt: 'extreme' as 'high' }],
    ['unhealthyAfter', { unhealthyAfter: -1 }],
    ['routes.liveness', { routes: { liveness: '' } }],
    ['preload[0]', { preload: [''] }],
    ['shutdown', { shutdown: 'yes' as unknown as boolean }],
  ] as const)('names a bad option: %s', async (option, options) => {
    await expect(start(options)).rejects.toSatisfy((error) => isInvalidOptionsError(error) && error.option === option)
  })

  test('fails to load when a component is registered twice', async () => {
    await expect(start({ components: [counter, counter] })).rejects.toSatisfy(isDuplicateComponentError)
  })
})

describe('the probes', () => {
  test('say yes while there is memory, and what there is', async () => {
    const app = await start()
    const expected = { ok: true, status: 'ok', pressure: 'low', limit: 1024 ** 3, components: { unloaded: 1 } }
    await app.spillway.memory.sample()
    expect(await health(app, 'ready')).toEqual([200, expect.objectContaining(expected)])
    expect(await health(app, 'live')).toEqual([200, expect.objectContaining(expected)])
  })

  test('under pressure: not ready; alive, unless it lasts', async () => {
    // A limit that the main thread alone is over.
    const coordinator = { memory: { totalLimit: 1024 ** 2 } }
    const app = await start({ coordinator, unhealthyAfter: 0 })
    const patient = await start({ coordinator, unhealthyAfter: 3_600_000 })
    for (const each of [app, patient]) {
      await each.spillway.memory.sample()
      expect(await health(each, 'ready')).toEqual([
        503,
        expect.objectContaining({ status: 'pressure', pressure: 'critical' }),
      ])
    }
    expect((await health(app, 'live'))[0]).toBe(503)
    expect((await health(patient, 'live'))[0]).toBe(200)
  })

  test('have paths of their own, or none', async () => {
    const app = await start({ routes: { readiness: '/ready' } })
    expect((await app.inject('/ready')).statusCode).toBe(200)
    expect((await app.inject('/health/live')).statusCode).toBe(200)
    const bare = await start({ routes: false })
    expect((await bare.inject('/health/live')).statusCode).toBe(404)
  })
})

describe('a close', () => {
  test('waits for a request whose client has gone, with the components still there', async () => {
    const app = await start()
    const component = app.spillway.component<typeof counting>('counting')
    const began = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<unknown>()
    app.get('/', async () => {
      began.resolve()
      await component.work(150)
      // Another call, which would be refused after the shutdown.
      const result = await component.work(0).catch((error: unknown) => error)
      ended.resolve(result)
      return result
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    const sent = get(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}/`)
    sent.on('error', () => {})
    await began.promise
    sent.destroy()
    await app.close()
    expect(await ended.promise).toBe(2)
  })

  test('does not wait for ever for a request that does not end', async () => {
    const app = await start({ closeTimeout: 50 })
    const began = Promise.withResolvers<void>()
    app.get('/', async () => {
      began.resolve()
      return new Promise<never>(() => {})
    })
    void app.inject('/')
    await began.promise
    await app.close()
    await expect(app.spillway.getComponent('counting')).rejects.toSatisfy(isCoordinatorShutdownError)
  })
})

describe('a server that is ended by SIGTERM under load', () => {
  test('answers every request when its probe is looked at', async () => {
    const server = await startServer('fastify-server.ts', JSON.stringify({ signals: ['SIGTERM'], drainDelay: 1_000 }))
    const { outcomes, exit } = await endUnderLoad(server)
    const { length } = outcomes
    expect(tally(outcomes)).toEqual({ '200': length })
    expect(exit).toEqual({ code: 0, signal: null })
    const [counts] = server.lines.map((line) => JSON.parse(line) as Record<string, number>)
    expect(counts).toEqual({ received: length, answered: length, begun: length, done: length })
  })

  test('answers everything it has received, also when it just closes and nobody looks at the probe', async () => {
    const server = await startServer('fastify-server.ts')
    const agent = new Agent({ keepAlive: true })
    onTestFinished(() => agent.destroy())
    const sent = Array.from({ length: 40 }, async () => request(`${server.url}/work`, agent))
    await Promise.race(sent)
    const late = Array.from({ length: 20 }, async () => request(`${server.url}/work`))
    const ended = server.end('SIGTERM')
    const outcomes = await Promise.all([...sent, ...late])
    expect(await ended).toEqual({ code: 0, signal: null })
    const [counts] = server.lines.map((line) => JSON.parse(line) as Record<string, number>)
    const served = outcomes.filter((outcome) => outcome.kind === 'answered' && outcome.status === 200).length
    expect(counts).toEqual({ received: served, answered: served, begun: served, done: served })
    expect(served).toBeGreaterThan(0)
  })
})
