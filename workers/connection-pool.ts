import type { ConnectionPool } from '../src/services/connection-pool/api.ts'
import type { ConnectionPoolConfig } from '../src/services/connection-pool/config.ts'
import { createConnectionPool } from '../src/services/connection-pool/connection-pool.ts'
import { defineComponent } from '../src/worker.ts'

export default defineComponent<ConnectionPool, ConnectionPoolConfig>((config, context) =>
  createConnectionPool(config, context),
)
