import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDashboard } from '../../src/dashboard/index.ts'
import type { DashboardAddress } from '../../src/dashboard/index.ts'
import { sharedCoordinator, sink } from '../support/coordinator.ts'
import { act, ask } from './dashboard-client.ts'

const token = 'sixteen-or-more-of-them'
const authorization = `Bearer ${token}`
const coordinator = sharedCoordinator()
coordinator.registerComponent(sink('quiet'))
const dashboard = createDashboard(coordinator, {
  port: 0,
  token,
  actions: true,
  allowedHosts: ['Ops.example', 'app.localhost'],
})
/** No name of it is one by which others come. */
const local = createDashboard(coordinator, { port: 0, token, actions: true, allowedHosts: ['app.localhost'] })
let address: DashboardAddress
let localAddress: DashboardAddress
beforeAll(async () => {
  address = await dashboard.start()
  localAddress = await local.start()
})
afterAll(async () => Promise.all([dashboard.stop(), local.stop()]))

const json = { 'content-type': 'application/json', authorization }
const reset = '/api/components/quiet/reset'

describe('the Host header', () => {
  it.each([
    '127.0.0.1',
    '127.1.2.3:80',
    'localhost',
    'localhost:9999',
    'LOCALHOST.',
    '[::1]:80',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]:80',
    'app.localhost',
  ])(
    '%s is known as a name of this machine: figures need no token, unless others come by another name',
    async (host) => {
      expect((await ask(localAddress, '/api/memory', { headers: { host } })).status).toBe(200)
      expect((await ask(address, '/api/memory', { headers: { host } })).status).toBe(401)
      expect((await ask(address, '/healthz', { headers: { host } })).status).toBe(200)
    },
  )

  it.each(['ops.example', 'OPS.EXAMPLE:8080', 'ops.example.'])(
    '%s is known as one by which others come: figures need the token, the page and probes do not',
    async (host) => {
      for (const path of ['/api/memory', '/api/events', '/api/schemas', '/metrics', '/nothing']) {
        expect([path, (await ask(address, path, { headers: { host } })).status]).toEqual([path, 401])
      }
      for (const path of ['/', '/page/app.js', '/healthz', '/readyz']) {
        expect([path, (await ask(address, path, { headers: { host } })).status]).toEqual([path, 200])
      }
      expect((await ask(address, '/api/memory', { headers: { host, authorization } })).status).toBe(200)
    },
  )

  it.each(['evil.example', 'evil.example:8080', '192.0.2.1', 'localhost.evil.example', '127.0.0.1@evil.example'])(
    '%j is not, for anything',
    async (host) => {
      for (const path of ['/', '/api/memory', '/healthz', '/metrics', '/nothing', '/%E0%A4%A']) {
        const answer = await ask(address, path, { headers: { host } })
        expect([path, answer.status]).toEqual([path, 421])
      }
    },
  )
})

describe('what tells of a proxy', () => {
  it.each([
    { forwarded: 'for=192.0.2.1' },
    { 'x-forwarded-for': '127.0.0.1' },
    { 'x-forwarded-host': 'localhost' },
    { 'x-forwarded-proto': 'https' },
    { via: '1.1 proxy' },
    { 'x-real-ip': '127.0.0.1' },
    { 'cf-connecting-ip': '192.0.2.1' },
    { 'cf-ray': '1' },
    { 'x-original-forwarded-for': '192.0.2.1' },
    { 'forwarded-for': '192.0.2.1' },
    { 'client-ip': '192.0.2.1' },
    { 'x-remote-ip': '192.0.2.1' },
    { 'x-proxyuser-ip': '192.0.2.1' },
    { 'x-azure-clientip': '192.0.2.1' },
    { 'x-appengine-user-ip': '192.0.2.1' },
    { 'x-scheme': 'https' },
    { 'x-original-url': '/' },
    { 'proxy-connection': 'keep-alive' },
  ])('%j: figures need the token, whatever the host is said to be', async (headers) => {
    for (const host of ['localhost', '127.0.0.1']) {
      const refused = await ask(localAddress, '/api/memory', { headers: { ...headers, host } })
      expect(refused).toMatchObject({ status: 401, json: { error: { code: 'TOKEN_NEEDED' } } })
      expect((await ask(localAddress, '/api/memory', { headers: { ...headers, host, authorization } })).status).toBe(
        200,
      )
      expect((await ask(localAddress, '/readyz', { headers: { ...headers, host } })).status).toBe(200)
    }
  })

  it('a proxy that says nothing of itself gets no figures where everybody needs the token for them', async () => {
    await using guarded = createDashboard(coordinator, { port: 0, token, figures: 'token' })
    const reached = await guarded.start()
    for (const path of ['/api/memory', '/api/events', '/metrics', '/nothing']) {
      const { status, text } = await ask(reached, path, { headers: { host: 'localhost' } })
      expect([status, text]).toEqual([401, expect.stringContaining('everybody needs it for figures')])
    }
    expect((await ask(reached, '/api/memory', { headers: { authorization } })).status).toBe(200)
    expect((await ask(reached, '/', {})).status).toBe(200)
  })

  it('without any token figures are shown to nobody behind one, and the answer says why', async () => {
    await using open = createDashboard(coordinator, { port: 0 })
    const reached = await open.start()
    expect((await ask(reached, '/api/memory')).status).toBe(200)
    const { status, text } = await ask(reached, '/api/memory', { headers: { 'x-forwarded-for': '192.0.2.1' } })
    expect([status, text]).toEqual([401, expect.stringContaining('the header x-forwarded-for says that a proxy')])
  })
})

describe('requests of other origins', () => {
  it.each([
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])('%j gets neither figures nor actions', async (headers) => {
    expect((await ask(address, '/api/events', { headers })).status).toBe(403)
    expect((await act(address, reset, {}, { ...json, ...headers })).status).toBe(403)
  })

  it('are told from those of the page itself', async () => {
    const origin = address.url
    const headers = { ...json, origin, 'sec-fetch-site': 'same-origin' }
    expect((await act(address, reset, {}, headers)).status).toBe(200)
  })
})

describe('actions', () => {
  it('need the token', async () => {
    for (const given of ['', 'Bearer ', 'Bearer wrong', `${authorization}x`, `Basic ${btoa(token)}`, token]) {
      const answer = await act(address, reset, {}, given ? { authorization: given } : {})
      expect([given, answer.status]).toEqual([given, 401])
      expect(answer.json).toMatchObject({ error: { code: 'TOKEN_NEEDED' } })
      expect(answer.headers['www-authenticate']).toBe('Bearer')
    }
    expect((await act(address, reset, {}, json)).status).toBe(200)
  })

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonx'])(
    'are not taken as %s',
    async (type) => {
      expect((await act(address, reset, {}, { ...json, 'content-type': type })).status).toBe(415)
    },
  )

  it('are not taken by GET, and without a content type', async () => {
    expect((await ask(address, reset, { headers: json })).status).toBe(404)
    expect((await ask(address, reset, { method: 'POST', headers: { authorization } })).status).toBe(415)
  })

  it('are refused when they are not enabled, with or without a token', async () => {
    await using readOnly = createDashboard(coordinator, { port: 0, token })
    const answer = await act(await readOnly.start(), reset)
    expect(answer.status).toBe(403)
    expect(answer.json).toMatchObject({ error: { code: 'ACTIONS_DISABLED' } })
  })

  it('take no body that is no JSON, or too large', async () => {
    const send = async (body: string): Promise<number> =>
      (await ask(address, reset, { method: 'POST', headers: json, body })).status
    expect(await send('{"a":')).toBe(400)
    expect(await send(JSON.stringify({ a: 'x'.repeat(100_000) }))).toBe(413)
  })
})

describe('every answer', () => {
  it.each(['/', '/page/app.js', '/api/components', '/metrics', '/healthz', '/nothing', '/%E0%A4%A'])(
    'of %s is not kept, not framed, and runs nothing foreign',
    async (path) => {
      const { headers } = await ask(address, path)
      expect(headers['cache-control']).toBe('no-store')
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['x-frame-options']).toBe('DENY')
      expect(headers['referrer-policy']).toBe('no-referrer')
      expect(headers['access-control-allow-origin']).toBeUndefined()
      const policy = headers['content-security-policy'] as string
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toMatch(/unsafe|\*|https?:/)
    },
  )

  it('has no file but those of the page', async () => {
    for (const path of [
      '/page/../dashboard.ts',
      '/page/%2e%2e/dashboard.ts',
      '/vendor/preact/package.json',
      '/package.json',
    ]) {
      expect([path, (await ask(localAddress, path)).status]).toEqual([path, 404])
    }
  })
})

describe('a dashboard that other machines reach', () => {
  const outside = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address

  it('shows no figures without the token, however the path is written', async () => {
    await using open = createDashboard(coordinator, { host: '0.0.0.0', port: 0, token })
    const reached = await open.start()
    const host = outside ?? '127.0.0.1'
    for (const path of ['/api/memory', '/api/events', '/metrics', '/%61pi/memory', '/api/memory?x', '/api/memory/']) {
      const answer = await ask({ ...reached, host }, path)
      expect([path, answer.status]).toEqual([path, 401])
    }
    const headers = { authorization }
    expect((await ask({ ...reached, host }, '/api/memory', { headers })).status).toBe(200)
    expect((await ask({ ...reached, host }, '/')).status).toBe(200)
    expect((await ask({ ...reached, host }, '/healthz')).status).toBe(200)
    expect((await ask({ ...reached, host }, '/healthz', { headers: { host: 'evil.example' } })).status).toBe(421)
  })
})
