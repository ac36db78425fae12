import { createConnectionPool } from '../../../src/services/connection-pool/connection-pool.ts'
import type { ConnectionPoolConfig } from '../../../src/services/connection-pool/config.ts'
import type { ConnectionPool, MessageStream, SocketMessage } from '../../../src/services/connection-pool/api.ts'
import { systemTiming } from '../../../src/services/timing/timing.ts'
import type { Timing } from '../../../src/services/timing/timing.ts'
import { silent } from '../connectors/connector-fixture.ts'
import { LoopbackServer } from './loopback-server.ts'

export interface PoolFixture extends AsyncDisposable {
  readonly server: LoopbackServer
  readonly pool: ConnectionPool
}

/** Real time, but always the same dice. */
export const steady: Timing = { ...systemTiming, random: () => 0.5 }

export async function openPool(config: ConnectionPoolConfig = {}): Promise<PoolFixture> {
  const server = await LoopbackServer.start()
  const pool = await createConnectionPool(config, { name: 'pool', logger: silent, generation: 1 }, steady)
  return {
    server,
    pool,
    async [Symbol.asyncDispose]() {
      await pool[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

export async function take(stream: MessageStream, count: number): Promise<SocketMessage[]> {
  const taken: SocketMessage[] = []
  for await (const message of stream) {
    taken.push(message)
    if (taken.length === count) break
  }
  return taken
}
