import childProcess from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import threads from 'node:worker_threads'

/** For test/unit, whose tests are many and quick: what starts or opens something outside their thread throws. */
function refuse(): never {
  throw new Error('A test in test/unit starts no worker and no process, and opens no socket and no database')
}

for (const name of ['exec', 'execFile', 'execFileSync', 'execSync', 'fork', 'spawn', 'spawnSync'] as const) {
  Object.defineProperty(childProcess, name, { value: refuse })
}
Object.defineProperty(threads, 'Worker', { value: refuse })
Object.assign(net.Server.prototype, { listen: refuse })
Object.assign(net.Socket.prototype, { connect: refuse })
Object.assign(DatabaseSync.prototype, { exec: refuse, prepare: refuse })
syncBuiltinESMExports()
