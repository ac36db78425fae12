import { describe, expect, it } from 'vitest'
import { createConnectionPool } from '../../../src/services/connection-pool/connection-pool.ts'
import { HoldWatch } from '../../../src/services/connection-pool/hold-watch.ts'
import { LazyConnectionPool } from '../../../src/services/lazy-connection-pool.ts'
import { ComponentCoordinator } from '../../../src/coordinator.ts'
import { silent } from '../connectors/connector-fixture.ts'
import { eventually } from '../connectors/eventually.ts'
import { LoopbackServer } from './loopback-server.ts'
import { openPool, steady } from './pool-fixture.ts'

describe('HoldWatch', () => {
  it('finds what was not used for the limit, and nothing else', () => {
    const watch = new HoldWatch(100)
    watch.touch('forgotten', 0)
    watch.touch('used', 0)
    watch.touch('in use', 0)
    watch.touch('given back', 0)
    watch.forget('given back')
    expect(watch.overdue(99, () => false)).toEqual([])
    watch.touch('used', 50)
    expect(watch.overdue(100, (id) => id === 'in use')).toEqual(['forgotten'])
    watch.forget('forgotten')
    expect(watch.overdue(199, () => false)).toEqual(['used'])
    expect(watch.overdue(200, () => false)).toEqual(['used', 'in use'])
  })

  it('finds nothing without a limit', () => {
    const watch = new HoldWatch(Infinity)
    watch.touch('forgotten', 0)
    expect(watch.overdue(Number.MAX_VALUE, () => false)).toEqual([])
  })
})

describe('a connection that is never given back', () => {
  it('is closed with a warning when it is not used, and whoever waits goes on', async () => {
    await using server = await LoopbackServer.start()
    const warnings: unknown[] = []
    const logger = { ...silent, warn: (...record: unknown[]) => void warnings.push(record) }
    const config = { maxPerHost: 1, maxHoldTime: 400 }
    await using pool = await createConnectionPool(config, { name: 'pool', logger, generation: 1 }, steady)
    const forgotten = await pool.getConnection(server.ws)
    const next = await pool.getConnection(server.ws, { timeout: 30_000 })
    expect(next.id).not.toBe(forgotten.id)
    await expect(pool.send(forgotten.id, 'x')).rejects.toMatchObject({ code: 'ERR_CONNECTION', reason: 'not-held' })
    expect(await pool.getPoolStats()).toMatchObject({ total: 1, held: 1, counts: { takenBack: 1, overloaded: 0 } })
    expect(warnings).toEqual([[{ url: server.ws, maxHoldTime: 400 }, expect.stringContaining('taken back') as string]])
  })

  it('stays with a holder who uses it: reads it, or has a request under way', async () => {
    await using fixture = await openPool({ maxHoldTime: 400 })
    const { pool, server } = fixture
    const forgotten = await pool.getConnection(server.http)
    const [socket, http] = [await pool.getConnection(server.ws), await pool.getConnection(server.http)]
    const reading = pool.read(socket.id).next()
    const request = pool.send(http.id, { path: '/hang', timeout: 20_000 }).catch((error: unknown) => error)
    await eventually(async () => expect(await pool.getPoolStats()).toMatchObject({ held: 2, counts: { takenBack: 1 } }))
    await expect(pool.send(forgotten.id, {})).rejects.toMatchObject({ reason: 'not-held' })
    await pool.getConnection(server.http)
    await eventually(async () => expect(await pool.getPoolStats()).toMatchObject({ held: 2, counts: { takenBack: 2 } }))
    await pool.send(socket.id, 'still here')
    expect(await reading).toEqual({ done: false, value: 'still here' })
    await pool.closeConnection(http.id)
    expect(await request).toMatchObject({ reason: 'closed' })
  })

  it('keeps the pool loaded no longer than that, nor does one that was lost with a worker', async () => {
    await using server = await LoopbackServer.start()
    await using coordinator = new ComponentCoordinator({ logger: silent, spareWorkers: 0 })
    const pool = new LazyConnectionPool(coordinator, { maxHoldTime: 700 })
    const forgotten = await pool.getConnection(server.http)
    expect(pool.info().inUse).toBe(1)
    await eventually(() => expect(pool.info().inUse).toBe(0))
    await eventually(async () => expect(await pool.getPoolStats()).toMatchObject({ counts: { takenBack: 1 } }))
    await expect(pool.send(forgotten, {})).rejects.toMatchObject({ name: 'ConnectionError', reason: 'not-held' })

    await pool.getConnection(server.http)
    await coordinator.unloadComponent('connection-pool', { deadline: 0 })
    await pool.getPoolStats()
    await eventually(() => expect(pool.info().inUse).toBe(0))
  })
})

it('a connection is named by its handle or its id, and nothing else', async () => {
  await using server = await LoopbackServer.start()
  await using coordinator = new ComponentCoordinator({ logger: silent, spareWorkers: 0 })
  const pool = new LazyConnectionPool(coordinator)
  const http = await pool.getConnection(server.http)
  expect(await pool.send(http, { path: '/handle' })).toMatchObject({ status: 200 })
  expect(await pool.send(http.id, { path: '/id' })).toMatchObject({ status: 200 })
  for (const bad of [undefined, null, 7, {}, '']) {
    await expect(pool.releaseConnection(bad as string)).rejects.toMatchObject({ option: 'connection' })
  }
  await pool.releaseConnection(http)
  expect(await pool.getPoolStats()).toMatchObject({ idle: 1, held: 0 })
})
