import { describe, expect, it } from 'vitest'
import { openPool, take } from './pool-fixture.ts'
import { eventually } from '../connectors/eventually.ts'

describe('an idle connection', () => {
  it('that the server closed is not given out', async () => {
    await using fixture = await openPool({ checkAfter: 0 })
    const { pool, server } = fixture
    for (const url of [server.http, server.ws]) await pool.releaseConnection((await pool.getConnection(url)).id)
    await eventually(() => expect(server.connections).toBe(2))
    server.endConnections()
    await eventually(() => expect(server.connections).toBe(0))
    for (const url of [server.http, server.ws]) {
      expect(await pool.getConnection(url)).toMatchObject({ reused: false })
    }
  })

  it('of a WebSocket is asked with a ping before it is given out, and replaced when it does not answer', async () => {
    await using fixture = await openPool({ checkAfter: 0, checkTimeout: 500 })
    const { pool, server } = fixture
    await pool.releaseConnection((await pool.getConnection(server.ws)).id)
    const answered = await pool.getConnection(server.ws)
    expect(answered.reused).toBe(true)
    await pool.releaseConnection(answered.id)
    server.mute = true
    const fresh = await pool.getConnection(server.ws)
    expect(fresh.reused).toBe(false)
    await pool.send(fresh.id, 'works')
    expect(await take(pool.read(fresh.id), 1)).toEqual(['works'])
    expect(pool.getPoolStats()).toMatchObject({ total: 1, counts: { failedChecks: 1, opened: 2, reused: 1 } })
    await eventually(() => expect(server.webSockets).toBe(1))
  })

  it('of HTTP can be asked with a HEAD request', async () => {
    await using fixture = await openPool({ checkAfter: 0, httpCheck: 'head', httpCheckPath: '/healthy' })
    const { pool, server } = fixture
    await pool.releaseConnection((await pool.getConnection(server.http)).id)
    expect(await pool.getConnection(server.http)).toMatchObject({ reused: true })
    expect(server.requests).toEqual(['HEAD /healthy'])
  })

  it.each(['/unhealthy', '/hang', '/reset'])('of HTTP is replaced when that gives %s', async (httpCheckPath) => {
    await using fixture = await openPool({ checkAfter: 0, checkTimeout: 100, httpCheck: 'head', httpCheckPath })
    const { pool, server } = fixture
    await pool.releaseConnection((await pool.getConnection(server.http)).id)
    expect(await pool.getConnection(server.http)).toMatchObject({ reused: false })
    expect(pool.getPoolStats()).toMatchObject({ total: 1, counts: { failedChecks: 1 } })
  })

  it('is not asked when it was used just now', async () => {
    await using fixture = await openPool({ checkAfter: 60_000, httpCheck: 'head' })
    const { pool, server } = fixture
    await pool.releaseConnection((await pool.getConnection(server.http)).id)
    expect(await pool.getConnection(server.http)).toMatchObject({ reused: true })
    expect(server.requests).toEqual([])
  })

  it('is closed when it has been idle for long enough, by itself or when asked for', async () => {
    await using fixture = await openPool({ idleTimeout: 60 })
    const { pool, server } = fixture
    const held = await pool.getConnection(server.http)
    for (const url of [server.http, server.ws]) await pool.releaseConnection((await pool.getConnection(url)).id)
    await eventually(() => expect(pool.getPoolStats()).toMatchObject({ total: 1, held: 1 }))
    await eventually(() => expect(server.webSockets).toBe(0))
    await pool.releaseConnection(held.id)

    await using patient = await openPool()
    const { id } = await patient.pool.getConnection(server.http)
    await patient.pool.releaseConnection(id)
    expect(await patient.pool.cleanIdleConnections()).toBe(0)
    expect(await patient.pool.cleanIdleConnections(0)).toBe(1)
    expect(patient.pool.getPoolStats()).toMatchObject({ total: 0 })
    await expect(patient.pool.cleanIdleConnections(-1)).rejects.toMatchObject({ option: 'maxIdle' })
  })
})

describe('a WebSocket that is held', () => {
  it('and silent is pinged, and ended with an error when nothing answers', async () => {
    await using fixture = await openPool({ pingInterval: 40, checkTimeout: 500 })
    const { pool, server } = fixture
    const { id } = await pool.getConnection(server.ws)
    const next = pool
      .read(id)
      .next()
      .catch((e: unknown) => e)
    await eventually(() => expect(server.pings).toBeGreaterThan(3))
    expect(pool.getPoolStats()).toMatchObject({ held: 1, counts: { failedChecks: 0 } })
    server.mute = true
    expect(await next).toMatchObject({ name: 'ConnectionError', reason: 'timeout' })
    expect(pool.getPoolStats()).toMatchObject({ total: 0, counts: { failedChecks: 1 } })
    await expect(pool.send(id, 'x')).rejects.toMatchObject({ reason: 'timeout' })
    await eventually(() => expect(server.webSockets).toBe(0))
  })
})
