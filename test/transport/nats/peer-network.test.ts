import { afterAll, beforeAll, expect, test } from 'vitest'
import { Inlet } from '../../support/links.ts'
import { NatsServer } from '../../support/nats-server.ts'
import { PeerHost } from '../../support/peer-hosts.ts'
import { describeWithNats } from '../../support/with-nats.ts'

describeWithNats('two hosts on NATS', () => {
  let server: NatsServer
  let a: PeerHost
  let b: PeerHost

  beforeAll(async () => {
    server = await NatsServer.start({ maxPayload: 64 * 1024 })
    a = await PeerHost.join(server, 'a')
    b = await PeerHost.join(server, 'b')
  })
  afterAll(async () => {
    await a[Symbol.asyncDispose]()
    await b[Symbol.asyncDispose]()
    await server.stop()
  })

  test('frames of all sizes arrive whole and in order, both ways', async () => {
    const channel = a.network.channel(b.id)
    const sizes = [0, 1, 100, 65_000, 65_536, 70_000, 1_000_000, 5_000_000, 3]
    for (const [i, size] of sizes.entries()) {
      channel.post([i, 'x'.repeat(size)])
      channel.post([i, new Uint8Array(size).fill(i)])
    }
    const there = await b.nextOpened()
    expect(there.peer).toEqual(a.id)
    const inlet = new Inlet(there)
    for (const [i, size] of sizes.entries()) {
      const text = (await inlet.next()) as [number, string]
      expect([text[0], text[1].length]).toEqual([i, size])
      const bytes = (await inlet.next()) as [number, Uint8Array]
      expect(bytes[0]).toBe(i)
      expect(Buffer.from(bytes[1]).equals(Buffer.alloc(size, i))).toBe(true)
    }
    const back = new Inlet(channel)
    there.post(['back'])
    expect(await back.next()).toEqual(['back'])
    channel.close()
  })
})
