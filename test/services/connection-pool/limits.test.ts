import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { ServedCall, callContext } from '../../../src/channel/call-context.ts'
import type { ConnectionPool, PoolStats } from '../../../src/services/connection-pool/api.ts'
import { createConnectionPool } from '../../../src/services/connection-pool/connection-pool.ts'
import { silent } from '../connectors/connector-fixture.ts'
import { LoopbackServer, closedPort } from './loopback-server.ts'
import { openPool, steady } from './pool-fixture.ts'
import { eventually } from '../connectors/eventually.ts'

const stats = async (pool: ConnectionPool): Promise<PoolStats> => pool.getPoolStats()

describe('a pool over its limit', () => {
  it('lets the others wait in line, and serves them in order', async () => {
    await using fixture = await openPool({ maxPerHost: 2 })
    const { pool, server } = fixture
    const held = [await pool.getConnection(server.http), await pool.getConnection(server.http)]
    const served: number[] = []
    const waiting = [1, 2, 3].map(async (number) => {
      const handle = await pool.getConnection(server.http)
      served.push(number)
      return handle
    })
    expect(await stats(pool)).toMatchObject({ total: 2, held: 2, waiting: 3 })
    await pool.releaseConnection(held[0]!.id)
    await pool.releaseConnection((await waiting[0]!).id)
    await pool.releaseConnection(held[1]!.id)
    await Promise.all(waiting)
    expect(served).toEqual([1, 2, 3])
    expect(await stats(pool)).toMatchObject({ total: 2, held: 2, waiting: 0 })
    expect(server.opened).toBe(2)
  })

  it('rejects those whose time is up, and those for whom there is no place in the line', async () => {
    await using fixture = await openPool({ maxConnections: 1, maxWaiting: 1, acquireTimeout: 100 })
    const { pool, server } = fixture
    const held = await pool.getConnection(server.http)
    const late = pool.getConnection(server.http).catch((e: unknown) => e)
    await expect(pool.getConnection(server.http)).rejects.toMatchObject({ code: 'ERR_OVERLOADED', limit: 1 })
    expect(await late).toMatchObject({ code: 'ERR_OVERLOADED', limit: 1 })
    expect(await stats(pool)).toMatchObject({ waiting: 0, counts: { overloaded: 1 } })
    await pool.releaseConnection(held.id)
    await expect(pool.getConnection(server.http)).resolves.toMatchObject({ reused: true })
  })

  it('says which limit it is', async () => {
    await using fixture = await openPool({ maxConnections: 3, maxPerHost: 1 })
    const { pool, server } = fixture
    await pool.getConnection(server.http)
    await expect(pool.getConnection(server.http, { timeout: 20 })).rejects.toMatchObject({
      code: 'ERR_OVERLOADED',
      limit: 1,
      message: expect.stringContaining(`connections to 127.0.0.1:${server.port}`) as string,
    })
  })

  it('is named as it was registered, whichever limit it is', async () => {
    await using server = await LoopbackServer.start()
    const context = { name: 'sockets', logger: silent, generation: 1 }
    const config = { maxConnections: 2, maxPerHost: 1, maxWaiting: 1, maxRequests: 1 }
    await using pool = await createConnectionPool(config, context, steady)
    const { id } = await pool.getConnection(server.http)
    const refused = { code: 'ERR_OVERLOADED', component: 'sockets' }
    const late = pool.getConnection(server.http, { timeout: 50 })
    await expect(pool.getConnection(server.http)).rejects.toMatchObject(refused)
    await expect(late).rejects.toMatchObject(refused)
    const hanging = pool.send(id, { path: '/hang' }).catch(() => {})
    await expect(pool.send(id, {})).rejects.toMatchObject(refused)
    await pool.closeConnection(id)
    await hanging
    await using other = await LoopbackServer.start()
    await using third = await LoopbackServer.start()
    await pool.getConnection(server.http)
    await pool.getConnection(other.http)
    await expect(pool.getConnection(third.http, { timeout: 50 })).rejects.toMatchObject(refused)
  })

  it('closes what has been idle longest to make room, and does not hold up other hosts', async () => {
    await using fixture = await openPool({ maxConnections: 3, maxPerHost: 2 })
    await using other = await LoopbackServer.start()
    const { pool, server } = fixture
    const [first, second] = [await pool.getConnection(server.http), await pool.getConnection(server.http)]
    const line = pool.getConnection(server.http)
    const elsewhere = await pool.getConnection(other.http)
    expect(elsewhere).toMatchObject({ reused: false })
    await pool.releaseConnection(first.id)
    await line
    await pool.releaseConnection(second.id)
    await pool.releaseConnection(elsewhere.id)
    expect(await stats(pool)).toMatchObject({ total: 3, idle: 2, held: 1 })
    await pool.getConnection(other.http)
    await pool.getConnection(other.http)
    expect(await stats(pool)).toMatchObject({ total: 3, idle: 0, held: 3, counts: { closed: 1 } })
    await eventually(() => expect(server.connections).toBe(1))
  })

  it('makes room on a host for a WebSocket to another URL', async () => {
    await using fixture = await openPool({ maxPerHost: 1 })
    const { pool, server } = fixture
    await pool.releaseConnection((await pool.getConnection(`${server.ws}/one`)).id)
    await expect(pool.getConnection(`${server.ws}/two`)).resolves.toMatchObject({ reused: false })
    expect(server.webSockets).toBe(1)
  })

  it('has room again when a connection that is held is closed by the server', async () => {
    await using fixture = await openPool({ maxPerHost: 1 })
    const { pool, server } = fixture
    const { id } = await pool.getConnection(server.ws)
    const waiting = pool.getConnection(server.ws)
    await pool.send(id, 'cut')
    await expect(waiting).resolves.toMatchObject({ reused: false })
  })

  it('never passes its limits, however it is used', async () => {
    await using fixture = await openPool({ maxConnections: 5, maxPerHost: 3 })
    await using other = await LoopbackServer.start()
    const { pool, server } = fixture
    const urls = [server.http, other.http, server.ws, `${other.ws}/x`]
    let most = 0
    let done = 0
    await Promise.all(
      Array.from({ length: 60 }, async (_, i) => {
        const { id } = await pool.getConnection(urls[i % urls.length]!)
        const { total, hosts } = await stats(pool)
        most = Math.max(most, total)
        expect(Math.max(...hosts.map((host) => host.total))).toBeLessThanOrEqual(3)
        await sleep(i % 3)
        if (i % 7 === 0) await pool.closeConnection(id)
        else await pool.releaseConnection(id)
        done++
      }),
    )
    expect(done).toBe(60)
    expect(most).toBeLessThanOrEqual(5)
    expect(await stats(pool)).toMatchObject({ held: 0, waiting: 0, opening: 0 })
  })
})

describe('a caller that gives up', () => {
  it('leaves the line, and leaves no connection held', async () => {
    await using fixture = await openPool({ maxPerHost: 1 })
    const { pool, server } = fixture
    const held = await pool.getConnection(server.http)
    const call = new ServedCall()
    const waiting = callContext.run(call, () => pool.getConnection(server.http))
    expect(await stats(pool)).toMatchObject({ waiting: 1 })
    call.abort(new Error('gave up'))
    await expect(waiting).rejects.toThrow('gave up')
    expect(await stats(pool)).toMatchObject({ waiting: 0, held: 1 })
    await pool.releaseConnection(held.id)
    expect(await stats(pool)).toMatchObject({ held: 0, idle: 1 })
  })

  it('while its connection is being opened does no harm to the host', async () => {
    await using fixture = await openPool()
    const { pool, server } = fixture
    const call = new ServedCall()
    const opening = callContext.run(call, () => pool.getConnection(`${server.ws}/hang`))
    await eventually(() => expect(server.upgrades).toHaveLength(1))
    call.abort(new Error('gave up'))
    await expect(opening).rejects.toThrow('gave up')
    await eventually(() => expect(server.connections).toBe(0))
    expect(await stats(pool)).toMatchObject({ total: 0, hosts: [] })
  })
})

describe('a host that fails', () => {
  it('is left alone for a while', async () => {
    await using fixture = await openPool({ backoff: 20_000 })
    const { pool, server } = fixture
    server.refusing = true
    const tries = await Promise.allSettled([1, 2, 3].map(() => pool.getConnection(server.ws)))
    expect(tries.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    // Three that fail together are one failure.
    expect(await stats(pool)).toMatchObject({ hosts: [{ failures: 1, total: 0 }] })
    const tried = server.upgrades.length
    await expect(pool.getConnection(server.ws, { timeout: 50 })).rejects.toMatchObject({
      name: 'ConnectionError',
      reason: 'backing-off',
      retryAfter: expect.any(Number) as number,
      cause: { reason: 'connect' },
    })
    expect(server.upgrades).toHaveLength(tried)
  })

  it('is tried again, by one for all that wait', async () => {
    await using fixture = await openPool({ backoff: 100 })
    const { pool, server } = fixture
    server.refusing = true
    await expect(pool.getConnection(server.ws)).rejects.toMatchObject({ reason: 'connect' })
    server.refusing = false
    const patient = await Promise.all([1, 2, 3].map(() => pool.getConnection(server.ws)))
    expect(patient).toHaveLength(3)
    expect(await stats(pool)).toMatchObject({ hosts: [{ failures: 0, backingOffUntil: null, held: 3 }] })
  })

  it('is counted each time it fails', async () => {
    await using fixture = await openPool({ backoff: 5 })
    const { pool } = fixture
    const url = `http://127.0.0.1:${await closedPort()}/`
    for (const failures of [1, 2, 3]) {
      await expect(pool.getConnection(url)).rejects.toMatchObject({ reason: 'connect' })
      expect(await stats(pool)).toMatchObject({ hosts: [{ failures }], counts: { failedToOpen: failures, opened: 0 } })
    }
  })

  it('serves over the connections it has', async () => {
    await using fixture = await openPool({ backoff: 10_000 })
    const { pool, server } = fixture
    await pool.releaseConnection((await pool.getConnection(server.ws)).id)
    server.refusing = true
    await expect(pool.getConnection(`${server.ws}/other`)).rejects.toMatchObject({ reason: 'connect' })
    await expect(pool.getConnection(server.ws)).resolves.toMatchObject({ reused: true })
  })
})

describe('unloading', () => {
  it('rejects who waits and closes everything', async () => {
    await using server = await LoopbackServer.start()
    const pool = await createConnectionPool({ maxPerHost: 2 }, { name: 'pool', logger: silent, generation: 3 }, steady)
    const ws = await pool.getConnection(server.ws)
    const http = await pool.getConnection(server.http)
    expect(ws.id).toBe('c3-1')
    const waiting = pool.getConnection(server.http).catch((e: unknown) => e)
    const request = pool.send(http.id, { path: '/hang' }).catch((e: unknown) => e)
    const reading = pool.read(ws.id).next()
    await pool[Symbol.asyncDispose]()
    const closed = { name: 'ConnectionError', reason: 'closed' }
    expect(await waiting).toMatchObject(closed)
    expect(await request).toMatchObject(closed)
    expect(await reading).toMatchObject({ done: true })
    await expect(pool.getConnection(server.http)).rejects.toMatchObject(closed)
    await eventually(() => expect(server.connections).toBe(0))
    expect(await stats(pool)).toMatchObject({ total: 0, waiting: 0 })
  })

  it('ends connections that are being opened', async () => {
    await using server = await LoopbackServer.start()
    const pool = await createConnectionPool({}, { name: 'pool', logger: silent, generation: 1 }, steady)
    const opening = pool.getConnection(`${server.ws}/hang`).catch((e: unknown) => e)
    await eventually(() => expect(server.upgrades).toHaveLength(1))
    await pool[Symbol.asyncDispose]()
    expect(await opening).toMatchObject({ reason: 'closed' })
    await eventually(() => expect(server.connections).toBe(0))
  })
})
