import { describe, expect, it } from 'vitest'
import { openPool, take } from './pool-fixture.ts'
import { eventually } from '../connectors/eventually.ts'

describe('a WebSocket of the pool', () => {
  it('sends and receives text and bytes, with the headers and the protocol asked for', async () => {
    await using fixture = await openPool()
    const { pool, server } = fixture
    const request = { headers: { 'x-key': 'abc' }, protocols: ['one', 'two'] }
    const handle = await pool.getConnection(server.ws, request)
    expect(handle).toMatchObject({ kind: 'websocket', reused: false, protocol: 'two' })
    expect(server.upgrades[0]).toMatchObject({ 'x-key': 'abc', 'sec-websocket-protocol': 'one, two' })
    await pool.send(handle.id, 'hello')
    await pool.send(handle.id, new Uint8Array([1, 2, 3]))
    await pool.send(handle.id, new Uint8Array(new SharedArrayBuffer(2)))
    expect(await take(pool.read(handle.id), 3)).toEqual(['hello', new Uint8Array([1, 2, 3]), new Uint8Array(2)])
  })

  it('keeps what the server sends first, and what comes while nobody reads', async () => {
    await using fixture = await openPool()
    const { pool, server } = fixture
    for (let i = 0; i < 5; i++) {
      const { id } = await pool.getConnection(`${server.ws}/greeting`)
      await pool.send(id, 'flood 3')
      expect(await take(pool.read(id), 2)).toEqual(['welcome', '0'])
      expect(await take(pool.read(id), 2)).toEqual(['1', '2'])
      await pool.closeConnection(id)
    }
  })

  it('has one reader at a time; leaving it makes room for the next, at once', async () => {
    await using fixture = await openPool()
    const { pool, server } = fixture
    const { id } = await pool.getConnection(server.ws)
    const reader = pool.read(id)
    const waiting = reader.next()
    expect(() => pool.read(id)).toThrow(expect.objectContaining({ option: 'id' }) as Error)
    await reader.return!()
    await expect(waiting).resolves.toEqual({ done: true, value: undefined })
    await pool.send(id, 'still there')
    expect(await take(pool.read(id), 1)).toEqual(['still there'])
  })

  it('is reused for the same URL, headers and protocols only; nothing of the last holder is left', async () => {
    // The check before the reuse is answered after what the server has sent before.
    await using fixture = await openPool({ checkAfter: 0 })
    const { pool, server } = fixture
    const first = await pool.getConnection(server.ws)
    const reading = pool.read(first.id)
    await pool.send(first.id, 'flood 10')
    await reading.next()
    const next = reading.next().then(() => reading.next())
    await pool.releaseConnection(first.id)
    await next
    await expect(reading.next()).resolves.toMatchObject({ done: true })
    server.broadcast('for nobody')
    const second = await pool.getConnection(server.ws)
    expect(second.reused).toBe(true)
    await pool.send(second.id, 'mine')
    expect(await take(pool.read(second.id), 1)).toEqual(['mine'])
    await pool.releaseConnection(second.id)
    for (const [path, request] of [
      ['/other', {}],
      ['', { headers: { a: 'b' } }],
      ['', { protocols: ['p'] }],
    ] as const) {
      expect(await pool.getConnection(server.ws + path, request)).toMatchObject({ reused: false })
    }
  })

  it('that the server closes cleanly ends its reader; sending fails', async () => {
    await using fixture = await openPool()
    const { pool, server } = fixture
    const { id } = await pool.getConnection(server.ws)
    await pool.send(id, 'last')
    await pool.send(id, 'close 1000')
    expect(await take(pool.read(id), 9)).toEqual(['last'])
    await expect(pool.send(id, 'too late')).rejects.toMatchObject({ code: 'ERR_CONNECTION', reason: 'closed' })
    expect(pool.getPoolStats()).toMatchObject({ total: 0 })
    await pool.releaseConnection(id)
  })

  it.each(['close 4001', 'cut'])(
    'that the server ends by "%s" gives what came before, then an error',
    async (command) => {
      await using fixture = await openPool()
      const { pool, server } = fixture
      const { id } = await pool.getConnection(server.ws)
      await pool.send(id, 'last')
      const reader = pool.read(id)
      await expect(reader.next()).resolves.toMatchObject({ value: 'last' })
      await pool.send(id, command)
      await expect(reader.next()).rejects.toMatchObject({ code: 'ERR_CONNECTION', reason: 'closed' })
      await expect(reader.next()).resolves.toMatchObject({ done: true })
    },
  )

  it('whose messages are not read is closed when too many wait; those that were kept can be read', async () => {
    await using fixture = await openPool({ maxBufferedMessages: 5 })
    const { pool, server } = fixture
    const { id } = await pool.getConnection(server.ws)
    await pool.send(id, 'flood 20')
    await eventually(() => expect(server.webSockets).toBe(0))
    const reader = pool.read(id)
    const kept = [
      await reader.next(),
      await reader.next(),
      await reader.next(),
      await reader.next(),
      await reader.next(),
    ]
    expect(kept.map(({ value }) => value)).toEqual(['0', '1', '2', '3', '4'])
    await expect(reader.next()).rejects.toMatchObject({ code: 'ERR_CONNECTION', reason: 'overflow' })
  })

  it('counts bytes as well', async () => {
    await using fixture = await openPool({ maxBufferedBytes: 1_000 })
    const { pool, server } = fixture
    const { id } = await pool.getConnection(server.ws)
    await pool.send(id, new Uint8Array(900))
    await pool.send(id, new Uint8Array(900))
    await eventually(() => expect(server.webSockets).toBe(0))
    const reader = pool.read(id)
    await expect(reader.next()).resolves.toMatchObject({ done: false })
    await expect(reader.next()).rejects.toMatchObject({ reason: 'overflow' })
  })

  it('is not flooded by a sender that is faster than it', async () => {
    await using fixture = await openPool({ maxUnsentBytes: 64 * 1024, maxBufferedBytes: 64 * 1024 ** 2 })
    const { pool, server } = fixture
    const { id } = await pool.getConnection(server.ws)
    const chunk = new Uint8Array(256 * 1024)
    const sent = Promise.all(Array.from({ length: 20 }, () => pool.send(id, chunk)))
    const received = await take(pool.read(id), 20)
    await sent
    expect(received.every((message) => message.length === chunk.length)).toBe(true)
  })

  it('is closed with the code and reason given', async () => {
    await using fixture = await openPool()
    const { pool, server } = fixture
    const { id } = await pool.getConnection(server.ws)
    await expect(pool.closeConnection(id, 1_001)).rejects.toMatchObject({ option: 'code' })
    await expect(pool.closeConnection(id, 4_000, 'x'.repeat(124))).rejects.toMatchObject({ option: 'reason' })
    await pool.closeConnection(id, 4_000, 'enough')
    await eventually(() => expect([server.webSockets, server.connections]).toEqual([0, 0]))
    await expect(pool.send(id, 'x')).rejects.toMatchObject({ reason: 'not-held' })
  })

  it('that is refused says so', async () => {
    await using fixture = await openPool()
    const { pool, server } = fixture
    server.refusing = true
    await expect(pool.getConnection(server.ws)).rejects.toMatchObject({ name: 'ConnectionError', reason: 'connect' })
    await eventually(() => expect(server.connections).toBe(0))
  })

  it('that never opens ends in time, and leaves no socket', async () => {
    await using fixture = await openPool()
    const { pool, server } = fixture
    await expect(pool.getConnection(`${server.ws}/hang`, { timeout: 100 })).rejects.toMatchObject({ reason: 'timeout' })
    await eventually(() => expect(server.connections).toBe(0))
    expect(pool.getPoolStats()).toMatchObject({ total: 0, hosts: [{ failures: 1 }] })
  })

  it('takes strings and bytes only', async () => {
    await using fixture = await openPool()
    const { id } = await fixture.pool.getConnection(fixture.server.ws)
    await expect(fixture.pool.send(id, { path: '/' })).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTIONS',
      option: 'message',
    })
  })
})
