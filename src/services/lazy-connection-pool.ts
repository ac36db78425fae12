import { InvalidOptionsError } from '../index.ts'
import type { ComponentInfo, ComponentModule, UnloadReport } from '../index.ts'
import type {
  ConnectionHandle,
  ConnectionPool,
  ConnectionRequest,
  HttpRequest,
  HttpResponse,
  PoolStats,
  SocketMessage,
} from './connection-pool/api.ts'
import { parsePoolConfig, poolOptions } from './connection-pool/config.ts'
import type { ConnectionPoolConfig } from './connection-pool/config.ts'
import { isConnectionError } from './connection-pool/errors.ts'
import { HoldWatch, holdWatchInterval } from './connection-pool/hold-watch.ts'
import { LazyComponent } from './lazy-service.ts'
import type { ComponentHost } from './lazy-service.ts'
import { sortOptions } from './service-options.ts'
import type { ServiceSettings } from './service-options.ts'

type ConnectionPoolModule = ComponentModule<ConnectionPool, ConnectionPoolConfig>

/** What the service asks of a coordinator; a ComponentCoordinator is one. */
export interface ConnectionPoolCoordinator<Info, Report> extends ComponentHost<Info, Report> {
  /** Keeps the component loaded until the lease is given back. */
  acquire(name: string): Promise<Disposable>
}

/**
 * Defaults: name 'connection-pool', memoryEstimate 1 MiB for each of `maxConnections`, timeout (to load) 15,000 ms, priority 15. `idleTimeout` is
 * for connections, and where it is given for the pool as well, which then has none left.
 */
export type LazyConnectionPoolOptions = ConnectionPoolConfig & ServiceSettings

/** Bytes of buffers, TLS state and messages on their way, per connection. */
const MEMORY_PER_CONNECTION = 1024 ** 2

/** How much later than the pool itself, which looks at all of a connection's uses, this side gives up on one. */
const PATIENCE = 1.25

/**
 * WebSocket and HTTP connections that live in a worker of their own. It starts with the first connection asked for,
 * and is not unloaded while one is held. Methods are those of ConnectionPool.
 *
 * @throws InvalidOptionsError for a bad option, DuplicateComponentError when the name is taken.
 */
export class LazyConnectionPool<Info = ComponentInfo, Report = UnloadReport> extends LazyComponent<
  ConnectionPoolModule,
  Info,
  Report
> {
  readonly #coordinator: ConnectionPoolCoordinator<Info, Report>
  /** How many uses of a held connection are under way. */
  readonly #held = new Map<string, number>()
  /** What the pool takes back, and what was lost with a worker that died: nobody gives that back either. */
  readonly #holds: HoldWatch
  readonly #holdInterval: number
  #holdTimer: NodeJS.Timeout | undefined
  /** Calls for a connection that are under way. */
  #asking = 0
  #lease: Promise<Disposable> | undefined

  constructor(coordinator: ConnectionPoolCoordinator<Info, Report>, options: LazyConnectionPoolOptions = {}) {
    const { name = 'connection-pool', own: config, settings } = sortOptions(options, poolOptions)
    const { maxConnections, maxHoldTime } = parsePoolConfig(config)
    super(coordinator, {
      memoryEstimate: MEMORY_PER_CONNECTION * maxConnections,
      timeout: 15_000,
      priority: 15,
      ...settings,
      name,
      type: 'pool',
      module: 'spillway/services/connection-pool',
      config,
    })
    this.#coordinator = coordinator
    this.#holds = new HoldWatch(maxHoldTime * PATIENCE)
    this.#holdInterval = holdWatchInterval(maxHoldTime)
  }

  /** See ConnectionPool.getConnection. Until it is released or closed, the pool stays loaded. */
  async getConnection(url: string, request?: ConnectionRequest): Promise<ConnectionHandle> {
    this.#asking++
    try {
      // A pool that is unloaded takes its connections with it.
      this.#lease ??= this.#coordinator.acquire(this.name)
      await this.#lease
      const handle = await this.remote.getConnection(url, request)
      this.#hold(handle.id)
      return handle
    } finally {
      this.#asking--
      this.#settle()
    }
  }

  /** Does nothing when it was given back before. */
  async releaseConnection(connection: ConnectionHandle | string): Promise<void> {
    const id = idOf(connection)
    if (!this.#held.has(id)) return
    try {
      await this.remote.releaseConnection(id)
    } finally {
      this.#forget(id)
    }
  }

  async closeConnection(connection: ConnectionHandle | string, code?: number, reason?: string): Promise<void> {
    const id = idOf(connection)
    await this.#using(id, async () => this.remote.closeConnection(id, code, reason))
    this.#forget(id)
  }

  /** A message on a WebSocket. */
  send(connection: ConnectionHandle | string, message: SocketMessage): Promise<void>
  /** A request on an HTTP connection. */
  send(connection: ConnectionHandle | string, request: HttpRequest): Promise<HttpResponse>
  async send(
    connection: ConnectionHandle | string,
    message: SocketMessage | HttpRequest,
  ): Promise<HttpResponse | void> {
    const id = idOf(connection)
    // The type of a remote keeps one signature of an overloaded method; the remote itself has both.
    const send = this.remote.send as (id: string, message: SocketMessage | HttpRequest) => Promise<HttpResponse | void>
    return this.#using(id, async () => send(id, message))
  }

  /** See ConnectionPool.read: to be read with `for await`. */
  async *read(connection: ConnectionHandle | string): AsyncGenerator<SocketMessage, void, undefined> {
    const id = idOf(connection)
    this.#useBegins(id)
    try {
      yield* this.remote.read(id)
    } catch (error) {
      this.#noteGone(id, error)
      throw error
    } finally {
      this.#useEnds(id)
    }
  }

  /** Loads the pool if it is not loaded. */
  async getPoolStats(): Promise<PoolStats> {
    return this.remote.getPoolStats()
  }

  async cleanIdleConnections(maxIdle?: number): Promise<number> {
    return this.remote.cleanIdleConnections(maxIdle)
  }

  protected override async unregister(): Promise<void> {
    try {
      await super.unregister()
    } finally {
      for (const id of this.#held.keys()) this.#forget(id)
    }
  }

  async #using<R>(id: string, call: () => Promise<R>): Promise<R> {
    this.#useBegins(id)
    try {
      return await call()
    } catch (error) {
      this.#noteGone(id, error)
      throw error
    } finally {
      this.#useEnds(id)
    }
  }

  /** The pool was loaded anew since, after a crash say, and does not know the connection any more. */
  #noteGone(id: string, error: unknown): void {
    if (isConnectionError(error) && error.reason === 'not-held') this.#forget(id)
  }

  #hold(id: string): void {
    this.#held.set(id, 0)
    this.#holds.touch(id, performance.now())
    this.#holdTimer ??= setInterval(() => this.#forgetUnused(), this.#holdInterval).unref()
  }

  #forget(id: string): void {
    this.#held.delete(id)
    this.#holds.forget(id)
    if (this.#held.size === 0) {
      clearInterval(this.#holdTimer)
      this.#holdTimer = undefined
    }
    this.#settle()
  }

  /** Those are closed by now, or will be with their pool, which need not stay loaded for them. */
  #forgetUnused(): void {
    for (const id of this.#holds.overdue(performance.now(), (each) => (this.#held.get(each) ?? 0) > 0)) this.#forget(id)
  }

  #useBegins(id: string): void {
    const uses = this.#held.get(id)
    if (uses !== undefined) this.#held.set(id, uses + 1)
  }

  #useEnds(id: string): void {
    const uses = this.#held.get(id)
    if (uses === undefined) return
    this.#held.set(id, uses - 1)
    this.#holds.touch(id, performance.now())
  }

  /** Gives the lease back when no connection is held or asked for. */
  #settle(): void {
    if (this.#held.size > 0 || this.#asking > 0) return
    const lease = this.#lease
    this.#lease = undefined
    // A lease that could not be had was told to whoever asked for a connection.
    lease?.then(
      (held) => held[Symbol.dispose](),
      () => {},
    )
  }
}

/** @throws InvalidOptionsError */
function idOf(connection: ConnectionHandle | string): string {
  const id: unknown = typeof connection === 'object' && connection !== null ? connection.id : connection
  if (typeof id !== 'string' || id === '') {
    throw new InvalidOptionsError('connection', 'a connection from getConnection(), or its id', connection)
  }
  return id
}
