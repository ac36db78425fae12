import { describe, expect, it } from 'vitest'
import type { ConnectionRequest, HttpRequest } from '../../../src/services/connection-pool/api.ts'
import { LoopbackServer, closedPort } from './loopback-server.ts'
import { openPool } from './pool-fixture.ts'
import { eventually } from '../connectors/eventually.ts'

describe('an HTTP connection of the pool', () => {
  it('is open when it is obtained, and sends requests one after the other over one socket', async () => {
    await using fixture = await openPool()
    const { pool, server } = fixture
    const handle = await pool.getConnection(`${server.http}/base?x=1`)
    expect(handle).toEqual({ id: 'c1-1', url: `${server.http}/base?x=1`, kind: 'http', reused: false, protocol: '' })
    await eventually(() => expect(server.connections).toBe(1))
    const responses = await Promise.all([
      pool.send(handle.id, {}),
      pool.send(handle.id, { path: '/other' }),
      pool.send(handle.id, { method: 'POST', path: '/', body: 'text', headers: { 'x-echo': 'yes' } }),
      pool.send(handle.id, { method: 'PUT', path: '/', body: new Uint8Array([97, 98]), responseType: 'bytes' }),
    ])
    expect(responses.slice(0, 3).map(({ body }) => body)).toEqual(['GET /base?x=1 ', 'GET /other ', 'POST / text'])
    expect(responses[2]).toMatchObject({ status: 200, headers: { 'x-echo': 'yes' } })
    expect(responses[3].body).toEqual(new TextEncoder().encode('PUT / ab'))
    expect(server.opened).toBe(1)
  })

  it('is reused for the same host, under a new id; the old one is worth nothing', async () => {
    await using fixture = await openPool()
    const { pool, server } = fixture
    const first = await pool.getConnection(server.http)
    await pool.send(first.id, {})
    await pool.releaseConnection(first.id)
    const second = await pool.getConnection(`${server.http}/elsewhere`)
    expect(second).toMatchObject({ id: 'c1-2', reused: true })
    expect((await pool.send(second.id, { path: '/again' })).body).toBe('GET /again ')
    expect(server.opened).toBe(1)
    const stale = { code: 'ERR_CONNECTION', reason: 'not-held' }
    await expect(pool.send(first.id, {})).rejects.toMatchObject(stale)
    await expect(pool.closeConnection(first.id)).rejects.toMatchObject(stale)
    expect(() => pool.read(first.id)).toThrow(expect.objectContaining(stale) as Error)
    await expect(pool.releaseConnection(first.id)).resolves.toBeUndefined()
    expect(pool.getPoolStats()).toMatchObject({ held: 1 })
  })

  it.each([
    ['/hang', 'timeout'],
    ['/hang-body', 'timeout'],
    ['/reset', 'closed'],
    ['/big?bytes=2000', 'too-large'],
    ['/broken', 'protocol'],
  ])('ends a request to %s in a typed error, and works again afterwards', async (path, reason) => {
    await using fixture = await openPool({ maxResponseSize: 1_000, requestTimeout: 5_000 })
    const { pool, server } = fixture
    const { id } = await pool.getConnection(server.http)
    const error = await pool.send(id, { path, timeout: reason === 'timeout' ? 100 : 5_000 }).catch((e: unknown) => e)
    expect(error).toMatchObject({ name: 'ConnectionError', code: 'ERR_CONNECTION', reason })
    expect((await pool.send(id, { path: '/fine' })).body).toBe('GET /fine ')
    await pool.releaseConnection(id)
    expect(pool.getPoolStats()).toMatchObject({ total: 1, idle: 1 })
  })

  it('says so when the server is gone', async () => {
    await using fixture = await openPool()
    const { pool, server } = fixture
    const { id } = await pool.getConnection(server.http)
    await pool.send(id, {})
    await server[Symbol.asyncDispose]()
    await eventually(() =>
      expect(pool.send(id, {})).rejects.toMatchObject({ reason: 'connect', cause: { code: 'ECONNREFUSED' } }),
    )
    expect(pool.getPoolStats()).toMatchObject({
      hosts: [{ failures: 1, backingOffUntil: expect.any(Number) as number }],
    })
  })

  it('is opened again, unnoticed, when the server closed it while it was idle', async () => {
    await using fixture = await openPool()
    const { pool, server } = fixture
    const { id } = await pool.getConnection(server.http)
    await eventually(() => expect(server.connections).toBe(1))
    server.endConnections()
    await eventually(() => expect(server.connections).toBe(0))
    expect((await pool.send(id, { path: '/fine' })).body).toBe('GET /fine ')
    expect(server.opened).toBe(2)
  })

  it('that is released with a request under way is closed, and the request with it', async () => {
    await using fixture = await openPool()
    const { pool, server } = fixture
    const { id } = await pool.getConnection(server.http)
    const request = pool.send(id, { path: '/hang' })
    await eventually(() => expect(server.requests).toContain('GET /hang'))
    await pool.releaseConnection(id)
    await expect(request).rejects.toMatchObject({ reason: 'closed' })
    expect(pool.getPoolStats()).toMatchObject({ total: 0 })
    await eventually(() => expect(server.connections).toBe(0))
  })

  it('takes so many requests and no more', async () => {
    await using fixture = await openPool({ maxRequests: 2 })
    const { pool, server } = fixture
    const { id } = await pool.getConnection(server.http)
    const hanging = [1, 2].map(() => pool.send(id, { path: '/hang' }).catch((e: unknown) => e))
    await expect(pool.send(id, {})).rejects.toMatchObject({ code: 'ERR_OVERLOADED', limit: 2 })
    await pool.closeConnection(id)
    expect(await Promise.all(hanging)).toEqual(
      [1, 2].map(() => expect.objectContaining({ reason: 'closed' }) as unknown),
    )
  })

  it('cannot be opened where nobody listens', async () => {
    await using fixture = await openPool()
    const url = `http://127.0.0.1:${await closedPort()}/`
    await expect(fixture.pool.getConnection(url)).rejects.toMatchObject({
      name: 'ConnectionError',
      reason: 'connect',
      cause: { code: 'ECONNREFUSED' },
    })
  })

  it.each([
    [{ method: 'get' }, 'request.method'],
    [{ path: 'no-slash' }, 'request.path'],
    [{ timeout: -1 }, 'request.timeout'],
    [{ responseType: 'json' }, 'request.responseType'],
    [{ body: 5 }, 'request.body'],
    ['text', 'request'],
  ])('refuses the request %j', async (request: unknown, option) => {
    await using fixture = await openPool()
    const { id } = await fixture.pool.getConnection(fixture.server.http)
    await expect(fixture.pool.send(id, request as HttpRequest)).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTIONS',
      option,
    })
    expect(() => fixture.pool.read(id)).toThrow(expect.objectContaining({ option: 'id' }) as Error)
  })
})

describe('bad input', () => {
  it.each([
    ['nonsense', {}, 'url'],
    ['ftp://127.0.0.1/', {}, 'url'],
    ['http://user:secret@127.0.0.1/', {}, 'url'],
    ['http://127.0.0.1/', { timeout: 0 }, 'timeout'],
    ['ws://127.0.0.1/', { protocols: [1] }, 'protocols[0]'],
  ])('refuses %s with %j', async (url, request: unknown, option) => {
    await using fixture = await openPool()
    const error = await fixture.pool.getConnection(url, request as ConnectionRequest).catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTIONS', option })
    expect(String(error)).not.toContain('secret')
  })

  it.each([
    [{ maxConnections: 0 }, 'maxConnections'],
    [{ idleTimeout: Number.NaN }, 'idleTimeout'],
    [{ httpCheck: 'get' }, 'httpCheck'],
    [{ httpCheckPath: 'x' }, 'httpCheckPath'],
    [{ nonsense: 1 }, 'nonsense'],
  ])('refuses the configuration %j', async (config, option) => {
    await expect(openPool(config as object)).rejects.toMatchObject({ code: 'ERR_INVALID_OPTIONS', option })
  })
})

it('keeps hosts apart', async () => {
  await using fixture = await openPool()
  await using other = await LoopbackServer.start()
  const { pool, server } = fixture
  const one = await pool.getConnection(server.http)
  await pool.releaseConnection(one.id)
  expect(await pool.getConnection(other.http)).toMatchObject({ reused: false })
  expect([server.opened, other.opened]).toEqual([1, 1])
})
