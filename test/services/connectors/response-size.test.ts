import { once } from 'node:events'
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGzip } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createTransport } from '../../../src/services/connectors/transport.ts'
import { parseConnectorConfig } from '../../../src/services/connectors/config.ts'
import { openFixture } from './connector-fixture.ts'

const MIB = 1024 ** 2
const tooLarge = { code: 'ERR_CONNECTOR', reason: 'too-large' }

async function serve(answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((_, response) => answer(response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** Writes zeros until the other side has had enough, or `size` bytes are written; gives how many. */
async function flood(target: NodeJS.WritableStream, size: number): Promise<number> {
  const chunk = Buffer.alloc(64 * 1024)
  const ended = new AbortController()
  target.on('close', () => ended.abort()).on('error', () => ended.abort())
  let written = 0
  for (; !ended.signal.aborted && written < size; written += chunk.length) {
    if (!target.write(chunk)) await once(target, 'drain', { signal: ended.signal }).catch(() => {})
  }
  target.end()
  return written
}

describe('an answer', () => {
  const transport = createTransport({
    timeout: 30_000,
    maxResponseSize: MIB,
    lifetime: new AbortController().signal,
  })

  it('of the largest size allowed comes whole', async () => {
    const body = Buffer.from('é'.repeat(MIB / 2))
    const url = await serve((response) => response.end(body))
    const response = await transport(url, {})
    expect(await response.text()).toBe(body.toString())
    expect((await response.arrayBuffer()).byteLength).toBe(MIB)
  })

  it('that is larger is not read on, whether or not it says so before', async () => {
    let written: Promise<number> | undefined
    const url = await serve((response) => {
      written = flood(response, 400 * MIB)
    })
    await expect(transport(url, {})).rejects.toMatchObject({ name: 'ResponseTooLarge' })
    // What was under way in sockets and buffers by then.
    expect(await written).toBeLessThan(50 * MIB)
    const honest = await serve((response) => response.setHeader('content-length', 400 * MIB).flushHeaders())
    await expect(transport(honest, {})).rejects.toMatchObject({ name: 'ResponseTooLarge' })
  })

  it('is as large as it is when it is decompressed', async () => {
    const url = await serve((response) => {
      response.setHeader('content-encoding', 'gzip')
      const zip = createGzip()
      zip.on('error', () => {}).pipe(response)
      response.on('close', () => zip.destroy())
      void flood(zip, 64 * MIB)
    })
    await expect(transport(url, {})).rejects.toMatchObject({ name: 'ResponseTooLarge' })
  })
})

describe('a connector', () => {
  it('tells of an answer that is too large at once, and goes on', async () => {
    await using fixture = await openFixture({ maxResponseSize: MIB, requestTimeout: 5_000 })
    const { connector, exchange } = fixture
    await connector.getMarketData('BTC/USDT')
    exchange.failRest({ kind: 'garbage', body: `["${'x'.repeat(MIB)}"]`, contentType: 'application/json' })
    await expect(connector.getMarketData('BTC/USDT')).rejects.toMatchObject({ ...tooLarge, attempts: 1 })
    await expect(connector.getMarketData('BTC/USDT')).resolves.toMatchObject({ symbol: 'BTC/USDT' })
  })

  it('tells of it also where it is read by a fetch of the caller', async () => {
    await using fixture = await openFixture({
      maxResponseSize: MIB,
      exchangeOptions: { rateLimit: 1, fetchImplementation: async (url: string) => fetch(url) },
    })
    const { connector, exchange } = fixture
    await connector.getMarketData('BTC/USDT')
    exchange.failRest({ kind: 'garbage', body: `["${'x'.repeat(MIB)}"]`, contentType: 'application/json' })
    await expect(connector.getMarketData('BTC/USDT')).rejects.toMatchObject({ ...tooLarge, attempts: 1 })
  })

  it('ends a stream with an error when a message on its socket is too large', async () => {
    await using fixture = await openFixture({ maxResponseSize: MIB, requestTimeout: 5_000 })
    const { connector, exchange } = fixture
    const stream = connector.subscribeMarketData('BTC/USDT')
    await stream.next()
    exchange.broadcast(`["${'x'.repeat(MIB)}"]`)
    const read = async (): Promise<void> => {
      for await (const _ of stream);
    }
    await expect(read()).rejects.toMatchObject(tooLarge)
    await using again = connector.subscribeMarketData('BTC/USDT')
    expect((await again.next()).done).toBe(false)
  })

  it('has a limit by itself, and takes no senseless one', () => {
    expect(parseConnectorConfig({ exchange: 'binance' }).maxResponseSize).toBe(32 * MIB)
    for (const maxResponseSize of [0, -1, 1.5, Number.NaN, '1 parsec' as unknown as number]) {
      expect(() => parseConnectorConfig({ exchange: 'binance', maxResponseSize })).toThrow(
        expect.objectContaining({ option: 'maxResponseSize' }) as Error,
      )
    }
  })
})
