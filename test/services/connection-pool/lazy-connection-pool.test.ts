import { describe, expect, it } from 'vitest'
import type { ComponentDefinition } from '../../../src/contract/component-definition.ts'
import type { Remote } from '../../../src/contract/remote.ts'
import { ComponentCoordinator } from '../../../src/coordinator.ts'
import type { ConnectionPool } from '../../../src/services/connection-pool/api.ts'
import { createConnectionPool } from '../../../src/services/connection-pool/connection-pool.ts'
import { LazyConnectionPool } from '../../../src/services/lazy-connection-pool.ts'
import type { ConnectionPoolCoordinator } from '../../../src/services/lazy-connection-pool.ts'
import { silent } from '../connectors/connector-fixture.ts'
import { LoopbackServer } from './loopback-server.ts'
import { steady } from './pool-fixture.ts'
import { eventually } from '../connectors/eventually.ts'

/** A coordinator with the pool in this thread, which counts leases. */
class NearCoordinator implements ConnectionPoolCoordinator<string, string> {
  definition: ComponentDefinition | undefined
  leases = 0
  pool: ConnectionPool
  failing = false

  constructor(pool: ConnectionPool) {
    this.pool = pool
  }

  registerComponent<T>(definition: ComponentDefinition): Remote<T> {
    this.definition = definition
    // What a remote does, without the thread: always the pool of now.
    return new Proxy({}, { get: (_, key) => Reflect.get(this.pool, key) as unknown }) as Remote<T>
  }

  async acquire(): Promise<Disposable> {
    if (this.failing) throw new Error('cannot be loaded')
    this.leases++
    return { [Symbol.dispose]: () => void this.leases-- }
  }

  component(): unknown {
    return undefined
  }

  info(name: string): string {
    return `info of ${name}`
  }

  async unregisterComponent(): Promise<void> {}

  async unloadComponent(name: string): Promise<string> {
    return `report of ${name}`
  }
}

async function open(): Promise<
  AsyncDisposable & { server: LoopbackServer; near: NearCoordinator; lazy: LazyConnectionPool<string, string> }
> {
  const server = await LoopbackServer.start()
  const pool = await createConnectionPool({}, { name: 'pool', logger: silent, generation: 1 }, steady)
  const near = new NearCoordinator(pool)
  const lazy = new LazyConnectionPool(near)
  return {
    server,
    near,
    lazy,
    async [Symbol.asyncDispose]() {
      await near.pool[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

describe('LazyConnectionPool', () => {
  it('registers a component with the figures of a pool', async () => {
    await using fixture = await open()
    const { near, lazy } = fixture
    expect(near.definition).toMatchObject({
      name: 'connection-pool',
      type: 'pool',
      memoryEstimate: 64 * 1024 ** 2,
      timeout: 15_000,
      priority: 15,
      config: {},
    })
    expect(near.definition?.module).toBe('spillway/services/connection-pool')
    const other = new LazyConnectionPool(near, { name: 'other', maxConnections: 3 })
    expect(near.definition).toMatchObject({
      name: 'other',
      memoryEstimate: 3 * 1024 ** 2,
      config: { maxConnections: 3 },
    })
    expect([lazy.info(), other.info(), await other.unload()]).toEqual([
      'info of connection-pool',
      'info of other',
      'report of other',
    ])
    expect(() => new LazyConnectionPool(near, { maxConnections: 0 })).toThrow(
      expect.objectContaining({ option: 'maxConnections' }) as Error,
    )
  })

  it('keeps the pool loaded while a connection is held, and no longer', async () => {
    await using fixture = await open()
    const { near, lazy, server } = fixture
    const handles = await Promise.all([lazy.getConnection(server.http), lazy.getConnection(server.ws)])
    expect(near.leases).toBe(1)
    await lazy.releaseConnection(handles[0].id)
    expect(near.leases).toBe(1)
    await lazy.releaseConnection(handles[0].id)
    await lazy.closeConnection(handles[1].id)
    await eventually(() => expect(near.leases).toBe(0))
    expect(await lazy.getPoolStats()).toMatchObject({ total: 1, idle: 1 })
    expect(await lazy.cleanIdleConnections(0)).toBe(1)
  })

  it('holds nothing after a connection could not be had', async () => {
    await using fixture = await open()
    const { near, lazy } = fixture
    await expect(lazy.getConnection('nonsense')).rejects.toMatchObject({ option: 'url' })
    await eventually(() => expect(near.leases).toBe(0))
    near.failing = true
    await expect(lazy.getConnection('http://127.0.0.1/')).rejects.toThrow('cannot be loaded')
    near.failing = false
    await using server = await LoopbackServer.start()
    await expect(lazy.getConnection(server.http)).resolves.toMatchObject({ kind: 'http' })
    expect(near.leases).toBe(1)
  })

  it('lets go of connections that a reload took away', async () => {
    await using fixture = await open()
    const { near, lazy, server } = fixture
    const handles = [
      await lazy.getConnection(server.ws),
      await lazy.getConnection(server.ws),
      await lazy.getConnection(server.ws),
    ]
    await near.pool[Symbol.asyncDispose]()
    near.pool = await createConnectionPool({}, { name: 'pool', logger: silent, generation: 2 }, steady)
    const gone = { code: 'ERR_CONNECTION', reason: 'not-held' }
    await expect(lazy.send(handles[0]!.id, 'x')).rejects.toMatchObject(gone)
    await expect(lazy.read(handles[1]!.id).next()).rejects.toMatchObject(gone)
    expect(near.leases).toBe(1)
    await lazy.releaseConnection(handles[2]!.id)
    await eventually(() => expect(near.leases).toBe(0))
  })

  it('runs in a worker', async () => {
    await using server = await LoopbackServer.start()
    await using coordinator = new ComponentCoordinator({ logger: silent })
    const pool = new LazyConnectionPool(coordinator, { name: 'sockets', maxPerHost: 2 })
    expect(pool.info().state).toBe('unloaded')
    const http = await pool.getConnection(server.http)
    expect((await pool.send(http.id, { path: '/x' })).body).toBe('GET /x ')
    const ws = await pool.getConnection(server.ws)
    await expect(pool.getConnection(server.ws, { timeout: 50 })).rejects.toMatchObject({
      code: 'ERR_OVERLOADED',
      component: 'sockets',
      limit: 2,
    })
    await pool.send(ws.id, new Uint8Array([7]))
    await pool.send(ws.id, 'flood 3')
    const read: unknown[] = []
    for await (const message of pool.read(ws.id)) {
      read.push(message)
      if (read.length === 4) break
    }
    expect(read).toEqual([new Uint8Array([7]), '0', '1', '2'])
    // The lease; the stream that was left counts until the worker knows.
    await eventually(() => expect(pool.info()).toMatchObject({ state: 'ready', inUse: 1 }))
    await pool.closeConnection(http.id)
    await pool.closeConnection(ws.id)
    await eventually(() => expect(pool.info().inUse).toBe(0))
    await pool.unload()
    await eventually(() => expect(server.connections).toBe(0))
    await expect(pool.send(ws.id, 'x')).rejects.toMatchObject({ name: 'ConnectionError', reason: 'not-held' })
  })
})
