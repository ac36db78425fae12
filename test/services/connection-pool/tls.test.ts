import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { createConnectionPool } from '../../../src/services/connection-pool/connection-pool.ts'
import { silent } from '../connectors/connector-fixture.ts'
import { steady, take } from './pool-fixture.ts'

const directory = mkdtempSync(join(tmpdir(), 'spillway-tls-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** A key pair for localhost that nobody trusts but who is told to. */
function selfSigned(): { cert: string; key: string } {
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')]
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  execFileSync('openssl', ['req', '-x509', ...kind, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
}

describe.skipIf(spawnSync('openssl', ['version']).status !== 0)('connections over TLS', () => {
  it('work with a certificate that is trusted, and only for the name it is for', async () => {
    const pair = selfSigned()
    const server = createServer(pair, (_, response) => response.end('secure'))
    const wss = new WebSocketServer({ server })
    wss.on('connection', (socket) => socket.on('message', (data: Buffer) => socket.send(data, { binary: false })))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    try {
      await using pool = await createConnectionPool(
        { tls: { ca: pair.cert }, backoff: 1 },
        { logger: silent, generation: 1 },
        steady,
      )
      const http = await pool.getConnection(`https://localhost:${port}/`)
      expect((await pool.send(http.id, {})).body).toBe('secure')
      const ws = await pool.getConnection(`wss://localhost:${port}/`)
      await pool.send(ws.id, 'secret')
      expect(await take(pool.read(ws.id), 1)).toEqual(['secret'])
      for (const url of [`https://127.0.0.1:${port}/`, `wss://127.0.0.1:${port}/`]) {
        await expect(pool.getConnection(url, { timeout: 5_000 })).rejects.toMatchObject({
          name: 'ConnectionError',
          cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
        })
      }
      await using strict = await createConnectionPool({}, { logger: silent, generation: 1 }, steady)
      await expect(strict.getConnection(`https://localhost:${port}/`)).rejects.toMatchObject({ reason: 'connect' })
    } finally {
      wss.close()
      server.close()
      server.closeAllConnections()
    }
  })
})
