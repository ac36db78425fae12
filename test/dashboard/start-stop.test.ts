import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createDashboard } from '../../src/dashboard/index.ts'
import type { DashboardAddress, DashboardOptions } from '../../src/dashboard/index.ts'
import { InvalidOptionsError } from '../../src/index.ts'
import { rejection, sharedCoordinator } from '../support/coordinator.ts'
import { ask, events, open } from './dashboard-client.ts'

const coordinator = sharedCoordinator()
const token = '0123456789abcdef'

describe('options', () => {
  it.each([
    [{ port: -1 }, 'port'],
    [{ port: 1.5 }, 'port'],
    [{ port: '8080' }, 'port'],
    [{ host: '' }, 'host'],
    [{ token: '' }, 'token'],
    [{ token: 'schlüssel' }, 'token'],
    [{ token: ' at its ends' }, 'token'],
    [{ token: 'two\nlines' }, 'token'],
    [{ token: 'x'.repeat(1_025) }, 'token'],
    [{ figures: 'all' }, 'figures'],
    [{ figures: 'token' }, 'token'],
    [{ actions: 'yes' }, 'actions'],
    [{ maxViewers: 0 }, 'maxViewers'],
    [{ allowedHosts: 'a' }, 'allowedHosts'],
    [{ allowedHosts: ['a', 'https://b.example'] }, 'allowedHosts[1]'],
    [{ allowedHosts: ['b.example:80'] }, 'allowedHosts[0]'],
    [{ allowedHosts: ['*.example'] }, 'allowedHosts[0]'],
    [{ prot: 8080 }, 'prot'],
  ])('%j is refused', (options, option) => {
    expect(() => createDashboard(coordinator, options as DashboardOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTIONS', option }) as Error,
    )
  })

  it.each(['0.0.0.0', '::', '192.0.2.1', 'example.com'])('the host %s needs a token', async (host) => {
    const error = await rejection(createDashboard(coordinator, { host, port: 0 }).start())
    expect(error).toBeInstanceOf(InvalidOptionsError)
    expect(error).toMatchObject({ option: 'token', message: expect.stringContaining(host) as string })
  })

  it.each([
    { allowedHosts: ['dash.example'] },
    { allowedHosts: ['localhost', '192.0.2.1'] },
    { allowedHosts: ['localhost.example'] },
    { allowedHosts: ['dash.example'], token: 'fifteen letters' },
    { host: '0.0.0.0', token: 'fifteen letters' },
  ])('%j asks for a long token, says how to make one, and does not repeat what it was given', async (options) => {
    const error = await rejection(createDashboard(coordinator, { port: 0, ...options }).start())
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTIONS', option: 'token' })
    expect(String(error)).toContain('`openssl rand -hex 16` makes one')
    expect(JSON.stringify(error) + String(error)).not.toContain('fifteen')
  })

  it.each([
    { host: '127.0.0.2', allowedHosts: ['app.localhost', 'LOCALHOST.', '[::ffff:127.0.0.1]'] },
    { allowedHosts: ['dash.example'], token },
  ])('%j is fine', async (options) => {
    const dashboard = createDashboard(coordinator, { port: 0, ...options })
    expect(await dashboard.start().then(({ port }) => port, String)).toEqual(expect.any(Number))
    await dashboard.stop()
  })

  it('actions need a token', async () => {
    const error = await rejection(createDashboard(coordinator, { port: 0, actions: true }).start())
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTIONS', option: 'token' })
  })

  it('a host that is no address of this machine is refused', async () => {
    const error = await rejection(createDashboard(coordinator, { host: '192.0.2.1', port: 0, token }).start())
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTIONS', option: 'host' })
  })
})

describe('a weak token', () => {
  it.each([
    ['aaaaaaaabbbbbbbb', true],
    ['correct-horse-battery', true],
    ['CorrectHorseBattery2024', true],
    ['0123456789abcdef0123', false],
    ['x7Kd93mPqLw02VbN', false],
  ])('%s, where others may try it: a warning, %s', async (weak, warned) => {
    const lines: unknown[] = []
    const log = (...line: unknown[]): void => void lines.push(...line)
    const options = { allowedHosts: ['dash.example'], logger: { info: log, warn: log, error: log } as never }
    await using dashboard = createDashboard(coordinator, { port: 0, token: weak, ...options })
    await dashboard.start()
    expect(lines.filter((line) => String(line).includes('made of words, or of few different')).length).toBe(
      warned ? 1 : 0,
    )
  })
})

describe('start', () => {
  it('listens on 127.0.0.1, and says where', async () => {
    await using dashboard = createDashboard(coordinator, { port: 0 })
    const address = await dashboard.start()
    expect(address).toEqual({
      host: '127.0.0.1',
      port: expect.any(Number) as number,
      url: `http://127.0.0.1:${address.port}`,
    })
    expect((await fetch(`${address.url}/healthz`)).status).toBe(200)
  })

  it('gives the same address when it is called again', async () => {
    await using dashboard = createDashboard(coordinator, { port: 0 })
    const [first, second] = await Promise.all([dashboard.start(), dashboard.start()])
    expect(second).toEqual(first)
    expect(await dashboard.start()).toEqual(first)
  })

  it('names the port that is in use, and leaves nothing open', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const listeners = coordinator.listenerCount('sample')
    const dashboard = createDashboard(coordinator, { port })
    const error = await rejection(dashboard.start())
    expect(error).toMatchObject({
      code: 'ERR_INVALID_OPTIONS',
      option: 'port',
      message: expect.stringContaining('a port that is free on 127.0.0.1') as string,
    })
    expect(coordinator.listenerCount('sample')).toBe(listeners)
    await new Promise((resolve) => server.close(resolve))
    // The port is free now, and the dashboard can still be started.
    expect((await dashboard.start()).port).toBe(port)
    await dashboard.stop()
  })
})

describe('stop', () => {
  it('ends open streams and idle connections, and frees the port', async () => {
    const dashboard = createDashboard(coordinator, { port: 0 })
    const address = await dashboard.start()
    const streams = await Promise.all(Array.from({ length: 3 }, async () => open(address, '/api/events')))
    const ended = streams.map(async (stream) => {
      for await (const { event } of events(stream)) expect(event).toMatch(/^(snapshot|tick)$/)
    })
    await dashboard.stop()
    await Promise.all(ended)
    await expect(ask(address, '/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('takes all listeners off the coordinator', async () => {
    const names = ['load', 'loadError', 'unload', 'crash', 'pressure', 'sample', 'exhausted', 'zombie'] as const
    const counts = (): number[] => names.map((name) => coordinator.listenerCount(name))
    const before = counts()
    const dashboard = createDashboard(coordinator, { port: 0 })
    await dashboard.start()
    expect(counts()).not.toEqual(before)
    await dashboard.stop()
    expect(counts()).toEqual(before)
  })

  it('may be called twice, before start, while it starts, and starts again after', async () => {
    const dashboard = createDashboard(coordinator, { port: 0 })
    await dashboard.stop()
    const starting = dashboard.start()
    await dashboard.stop()
    await starting
    await dashboard.stop()
    const address = await dashboard.start()
    expect((await ask(address, '/healthz')).status).toBe(200)
    await dashboard.stop()
  })

  it('asked for in the same turn as starts, in any order, leaves what was asked for last', async () => {
    const listeners = coordinator.listenerCount('sample')
    const dashboard = createDashboard(coordinator, { port: 0 })
    const starts: Promise<DashboardAddress>[] = []
    const does = async (what: 'start' | 'stop'): Promise<unknown> => {
      if (what === 'stop') return dashboard.stop()
      starts.push(dashboard.start())
      return starts.at(-1)
    }
    await Promise.all([does('start'), does('stop')])
    await Promise.all([does('stop'), does('start'), does('stop'), does('start'), does('stop')])
    expect(starts).toHaveLength(3)
    for (const address of await Promise.all(starts)) {
      await expect(ask(address, '/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    }
    expect(coordinator.listenerCount('sample')).toBe(listeners)
    const [, , last] = await Promise.all([dashboard.start(), dashboard.stop(), dashboard.start()])
    expect((await ask(last, '/healthz')).status).toBe(200)
    await dashboard.stop()
    expect(coordinator.listenerCount('sample')).toBe(listeners)
  })
})
