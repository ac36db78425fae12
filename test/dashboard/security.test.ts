import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDashboard } from '../../src/dashboard/index.ts'
import type { DashboardAddress } from '../../src/dashboard/index.ts'
import { sharedCoordinator, sink } from '../support/coordinator.ts'
import { act, ask } from './dashboard-client.ts'

const coordinator = sharedCoordinator()
coordinator.registerComponent(sink('quiet'))
const dashboard = createDashboard(coordinator, {
  port: 0,
  token: 'secret',
  actions: true,
  allowedHosts: ['Ops.example'],
})
let address: DashboardAddress
beforeAll(async () => {
  address = await dashboard.start()
})
afterAll(async () => dashboard.stop())

const json = { 'content-type': 'application/json', authorization: 'Bearer secret' }
const reset = '/api/components/quiet/reset'

describe('the Host header', () => {
  it.each(['127.0.0.1', 'localhost', 'localhost:9999', '[::1]:80', 'ops.example', 'OPS.EXAMPLE:8080'])(
    '%s is known',
    async (host) => {
      expect((await ask(address, '/api/memory', { headers: { host } })).status).toBe(200)
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
    for (const authorization of ['', 'Bearer ', 'Bearer wrong', 'Bearer secretsecret', 'Basic c2VjcmV0', 'secret']) {
      const answer = await act(address, reset, {}, authorization ? { authorization } : {})
      expect([authorization, answer.status]).toEqual([authorization, 401])
      expect(answer.json).toMatchObject({ error: { code: 'TOKEN_NEEDED' } })
      expect(answer.headers['www-authenticate']).toBe('Bearer')
    }
    expect((await act(address, reset)).status).toBe(200)
  })

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonx'])(
    'are not taken as %s',
    async (type) => {
      expect((await act(address, reset, {}, { ...json, 'content-type': type })).status).toBe(415)
    },
  )

  it('are not taken by GET, and without a content type', async () => {
    expect((await ask(address, reset, { headers: json })).status).toBe(404)
    expect((await ask(address, reset, { method: 'POST', headers: { authorization: 'Bearer secret' } })).status).toBe(
      415,
    )
  })

  it('are refused when they are not enabled, with or without a token', async () => {
    await using readOnly = createDashboard(coordinator, { port: 0, token: 'secret' })
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
      expect([path, (await ask(address, path)).status]).toEqual([path, 404])
    }
  })
})

describe('a dashboard that other machines reach', () => {
  const outside = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address

  it('shows no figures without the token, however the path is written', async () => {
    await using open = createDashboard(coordinator, { host: '0.0.0.0', port: 0, token: 'secret' })
    const reached = await open.start()
    const host = outside ?? '127.0.0.1'
    for (const path of ['/api/memory', '/api/events', '/metrics', '/%61pi/memory', '/api/memory?x', '/api/memory/']) {
      const answer = await ask({ ...reached, host }, path)
      expect([path, answer.status]).toEqual([path, 401])
    }
    const headers = { authorization: 'Bearer secret' }
    expect((await ask({ ...reached, host }, '/api/memory', { headers })).status).toBe(200)
    expect((await ask({ ...reached, host }, '/')).status).toBe(200)
    expect((await ask({ ...reached, host }, '/healthz')).status).toBe(200)
    expect((await ask({ ...reached, host }, '/healthz', { headers: { host: 'evil.example' } })).status).toBe(421)
  })
})
