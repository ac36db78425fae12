import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { createConnectionPool } from '../../../src/services/connection-pool/connection-pool.ts'
import { silent } from '../connectors/connector-fixture.ts'
import { steady, take } from './pool-fixture.ts'

const fixture = (name: string): string => readFileSync(new URL(`../../fixtures/${name}`, import.meta.url), 'utf8')

/** For localhost, until 2100; signed by itself, so that nobody trusts it but who is told to. */
const pair = { cert: fixture('localhost-certificate.pem'), key: fixture('localhost-key.pem') }

describe('connections over TLS', () => {
  it('work with a certificate that is trusted, and only for the name it is for', async () => {
    const server = createServer(pair, (_, response) => response.end('secure'))
    const wss = new WebSocketServer({ server })
    wss.on('connection', (socket) => socket.on('message', (data: Buffer) => socket.send(data, { binary: false })))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    try {
      await using pool = await createConnectionPool(
        { tls: { ca: pair.cert }, backoff: 1 },
        { name: 'pool', logger: silent, generation: 1 },
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
      await using strict = await createConnectionPool({}, { name: 'pool', logger: silent, generation: 1 }, steady)
      await expect(strict.getConnection(`https://localhost:${port}/`)).rejects.toMatchObject({ reason: 'connect' })
    } finally {
      wss.close()
      server.close()
      server.closeAllConnections()
    }
  })
})
