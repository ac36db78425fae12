import { callSignal, InvalidOptionsError } from '../../worker.ts'
import type { ComponentContext } from '../../worker.ts'
import { systemTiming } from '../timing/timing.ts'
import type { Timing } from '../timing/timing.ts'
import { checkNumber } from '../option-checks.ts'
import type { ConnectionPool, HttpRequest, HttpResponse, PoolStats, SocketMessage } from './api.ts'
import { parsePoolConfig } from './config.ts'
import type { ConnectionPoolConfig, ResolvedPoolConfig } from './config.ts'
import { ConnectionError } from './errors.ts'
import { holdWatchInterval } from './hold-watch.ts'
import { openHttpConnection } from './http-connection.ts'
import { Pool } from './pool.ts'
import { describePool } from './pool-stats.ts'
import { PongListener } from './pong-listener.ts'
import { importUndici } from './undici-module.ts'
import { openWebSocketConnection } from './websocket-connection.ts'

/** What the pool needs of a component's context. */
export type ConnectionPoolContext = Pick<ComponentContext, 'name' | 'logger' | 'generation'>

/**
 * Opens an empty pool.
 *
 * @throws InvalidOptionsError for a bad option, ConnectionError when undici is not installed.
 */
export async function createConnectionPool(
  given: ConnectionPoolConfig,
  context: ConnectionPoolContext,
  timing: Timing = systemTiming,
): Promise<ConnectionPool> {
  const config = parsePoolConfig(given)
  const { name } = context
  const undici = await importUndici()
  const pongs = new PongListener()
  const pool = new Pool({
    name,
    config,
    timing,
    idPrefix: `c${context.generation}-`,
    open: (target, signal, onClose) =>
      target.kind === 'http'
        ? openHttpConnection(target, { name, undici, config }, signal)
        : openWebSocketConnection(target, { undici, config, pongs, timing }, signal, onClose),
  })
  const sweeper = setInterval(() => void sweep(pool, config, timing), sweepInterval(config))
  sweeper.unref()
  const holdWatch = setInterval(() => {
    const { maxHoldTime } = config
    for (const { url } of pool.takeBackUnused()) {
      context.logger.warn({ url: url.origin, maxHoldTime }, 'a connection was held and not used: it was taken back')
    }
  }, holdWatchInterval(config.maxHoldTime))
  holdWatch.unref()

  function send(id: string, message: SocketMessage): Promise<void>
  function send(id: string, request: HttpRequest): Promise<HttpResponse>
  async function send(id: string, message: SocketMessage | HttpRequest): Promise<HttpResponse | void> {
    const { connection, target } = pool.held(id)
    if (connection.kind === 'websocket') return connection.send(message as SocketMessage)
    const startedAt = timing.now()
    try {
      return await connection.send(message as HttpRequest)
    } catch (error) {
      // The socket had been closed and could not be opened again.
      if (error instanceof ConnectionError && error.reason === 'connect') pool.hostFailed(target, error, startedAt)
      throw error
    }
  }

  return {
    getConnection: async (url, request) => pool.acquire(url, request, callSignal()),
    releaseConnection: async (id) => pool.release(id),
    send,
    read(id) {
      const { connection } = pool.held(id)
      if (connection.kind === 'websocket') return connection.read()
      throw new InvalidOptionsError('id', 'the id of a WebSocket connection', id)
    },
    async closeConnection(id, code, reason) {
      if (code !== undefined && code !== 1_000) checkNumber('code', code, { min: 3_000, max: 4_999 })
      if (reason !== undefined && (typeof reason !== 'string' || Buffer.byteLength(reason) > 123)) {
        throw new InvalidOptionsError('reason', 'a string of at most 123 bytes', reason)
      }
      await pool.close(pool.held(id), code, reason)
    },
    getPoolStats: (): PoolStats => describePool(pool, config),
    cleanIdleConnections: async (maxIdle = config.idleTimeout) =>
      closeIdle(pool, checkNumber('maxIdle', maxIdle, { min: 0 }), timing),
    async [Symbol.asyncDispose]() {
      clearInterval(sweeper)
      clearInterval(holdWatch)
      await pool.dispose()
      pongs[Symbol.dispose]()
    },
  }
}

/** ms: often enough that no limit is passed by more than half. */
function sweepInterval({ idleTimeout, pingInterval }: ResolvedPoolConfig): number {
  return Math.max(10, Math.min(idleTimeout, pingInterval) / 2)
}

async function sweep(pool: Pool, config: ResolvedPoolConfig, timing: Timing): Promise<void> {
  pool.hosts.forgetOld(timing.now())
  await Promise.all([closeIdle(pool, config.idleTimeout, timing), pingSilent(pool, config, timing)])
}

async function closeIdle(pool: Pool, maxIdle: number, timing: Timing): Promise<number> {
  const oldest = timing.now() - maxIdle
  const tooOld = pool.idleSlots().filter(({ state }) => state.kind === 'idle' && state.since <= oldest)
  await Promise.all(tooOld.map((slot) => pool.close(slot)))
  return tooOld.length
}

/** A WebSocket whose other side vanished looks open for hours; only an unanswered ping tells. */
async function pingSilent(pool: Pool, config: ResolvedPoolConfig, timing: Timing): Promise<void> {
  const silentSince = timing.now() - config.pingInterval
  const checks = [...pool.slots].map(async ({ connection, target }) => {
    if (connection?.kind !== 'websocket' || !connection.open || connection.heardAt > silentSince) return
    if (await connection.check(config.checkTimeout)) return
    pool.counts.failedChecks++
    const what = `a ping was not answered within ${config.checkTimeout} ms`
    connection.destroy(new ConnectionError('timeout', target.url.href, what))
    pool.serve()
  })
  await Promise.all(checks)
}
