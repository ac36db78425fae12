import { MessageChannel } from 'node:worker_threads'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { monotonicNow } from '../../../src/base/monotonic.ts'
import { ToServer } from '../../../src/channel/protocol.ts'
import { unseal } from '../../../src/channel/unsent-call.ts'
import { Kind } from '../../../src/transport/frames/wire.ts'
import { peerChannels } from '../../../src/transport/nats/peer-channels.ts'
import { closed, Inlet } from '../../support/links.ts'
import { recordOf } from '../../support/link-bytes.ts'
import { NatsServer } from '../../support/nats-server.ts'
import { packetOf, PeerHost, subjectOf } from '../../support/peer-hosts.ts'
import { describeWithNats } from '../../support/with-nats.ts'

const maxFrameBytes = 16 * 1024 * 1024

describeWithNats('channels between two hosts', () => {
  let server: NatsServer
  let a: PeerHost
  let b: PeerHost

  beforeAll(async () => {
    // The larger frames go in many messages.
    server = await NatsServer.start({ maxPayload: 64 * 1024 })
    a = await PeerHost.join(server, 'a', { maxFrameBytes })
    b = await PeerHost.join(server, 'b', { maxFrameBytes })
  })
  afterAll(async () => {
    await a[Symbol.asyncDispose]()
    await b[Symbol.asyncDispose]()
    await server.stop()
  })

  test('frames of all sizes arrive whole and in order, both ways', async () => {
    const channel = a.network.channel(b.id)
    const sizes = [0, 1, 100, 32_700, 65_536, 70_000, 1_000_000, 5_000_000, 3]
    for (const [i, size] of sizes.entries()) {
      channel.post([i, 'x'.repeat(size)])
      channel.post([i, new Uint8Array(size).fill(i)])
    }
    const there = await b.nextOpened()
    expect(there.peer).toEqual(a.id)
    const inlet = new Inlet(there)
    for (const [i, size] of sizes.entries()) {
      expect(await inlet.next()).toEqual([i, 'x'.repeat(size)])
      const [number, bytes] = (await inlet.next()) as [number, Uint8Array]
      expect(number).toBe(i)
      expect(Buffer.from(bytes).equals(Buffer.alloc(size, i))).toBe(true)
    }
    const back = new Inlet(channel)
    there.post(['back', new Map([[1, new Date(0)]])])
    expect(await back.next()).toEqual(['back', new Map([[1, new Date(0)]])])
    channel.close()
    await closed(there)
  })

  test('all frames of one microtask, on all channels, go in one message', async () => {
    const first = a.network.channel(b.id)
    const second = a.network.channel(b.id)
    const before = a.connection.stats().outMsgs
    first.whenLeaving?.(() => second.post(['as it leaves']))
    first.post([1])
    second.post([2])
    first.post([3])
    const one = new Inlet(await b.nextOpened())
    const other = new Inlet(await b.nextOpened())
    expect([await one.next(), await one.next()]).toEqual([[1], [3]])
    expect([await other.next(), await other.next()]).toEqual([[2], ['as it leaves']])
    expect(a.connection.stats().outMsgs).toBe(before + 1)
    first.close()
    second.close()
  })

  test('a channel closes in order: all that was posted before arrives', async () => {
    const channel = a.network.channel(b.id)
    channel.post(['last', 'x'.repeat(200_000)])
    channel.close()
    expect(channel.ended).toEqual({ why: 'closed' })
    const there = await b.nextOpened()
    const inlet = new Inlet(there)
    expect(await inlet.next()).toEqual(['last', 'x'.repeat(200_000)])
    await closed(there)
    expect(there.ended).toEqual({ why: 'closed' })
    there.post(['to nobody'])
    // One that nothing was posted to closes as well, and nobody hears of it.
    const unused = a.network.channel(b.id)
    const over = closed(unused)
    unused.close()
    await over
    expect(b.opened).toEqual([])
  })

  test('what cannot go that far is refused, and leaves nothing behind', async () => {
    const channel = a.network.channel(b.id)
    const { port1, port2 } = new MessageChannel()
    const [end] = peerChannels.pair()
    const refused: readonly (readonly [unknown, readonly unknown[], RegExp])[] = [
      [[port1], [], /A MessagePort cannot leave its process/],
      [[port1], [port1], /A MessagePort cannot leave its process/],
      [[new SharedArrayBuffer(4)], [], /A SharedArrayBuffer cannot leave its process/],
      [[new Blob(['x'])], [], /A Blob cannot leave its process/],
      [[() => 1], [], /could not be cloned/],
      [[['a callback', end]], [end], /cannot go to another machine/],
      [['x'.repeat(maxFrameBytes + 1)], [], /are more than may go to another machine in one piece: at most 16777216/],
      [[new Uint8Array(maxFrameBytes)], [], /are more than may go/],
    ]
    for (const [frame, moved, why] of refused) {
      expect(() => channel.post(frame, moved as never)).toThrow(why)
    }
    expect(channel.backlog).toBe(0)
    channel.post(['after'])
    expect(await new Inlet(await b.nextOpened()).next()).toEqual(['after'])
    port1.postMessage('still open')
    await new Promise((resolve) => port2.once('message', resolve))
    port1.close()
    channel.close()
  })

  test('bytes that were to move arrive, and stay', async () => {
    const channel = a.network.channel(b.id)
    const bytes = new Uint8Array(20_000).fill(7)
    channel.post([bytes], [bytes.buffer])
    expect(bytes.length).toBe(20_000)
    expect(await new Inlet(await b.nextOpened()).next()).toEqual([bytes])
    channel.close()
  })

  test('a sealed call is opened on its way, as often as it is sent, with the deadline that it has by then', async () => {
    const channel = a.network.channel(b.id)
    const [ours, end] = peerChannels.pair()
    const bytes = new Uint8Array(10_000).fill(3)
    peerChannels.join(ours).post([ToServer.call, 5, 'save', [bytes, new Date(7)], 0])
    bytes.fill(0)
    const deadline = monotonicNow() + 60_000
    const inlet = new Inlet(channel)
    channel.post([[ToServer.sealed, 5, end, 0]], [end])
    channel.post([[ToServer.sealed, 5, end, deadline]], [end])
    const there = new Inlet(await b.nextOpened())
    const args = [new Uint8Array(10_000).fill(3), new Date(7)]
    expect(await there.next()).toEqual([[ToServer.call, 5, 'save', args, 0]])
    const [call] = (await there.next()) as [[number, number, string, unknown, number]]
    expect(call.slice(0, 4)).toEqual([ToServer.call, 5, 'save', args])
    // What it took on its way, it is given.
    expect(call[4]).toBeGreaterThanOrEqual(deadline)
    expect(call[4] - deadline).toBeLessThan(60_000)
    expect(unseal(end, peerChannels)).toEqual(unseal(end, peerChannels))
    void inlet
    channel.close()
  })

  test('a deadline is of the clock of whoever reads it; a fence is not taken from others, nor given to them', async () => {
    const other = { name: 'other', session: 'x1' }
    const entry = [ToServer.call, 1, 'save', [], 1_500, null, null, null, [1, 9_000]]
    const body = Buffer.concat([
      recordOf({ kind: Kind.open, channel: 1 }),
      recordOf({ kind: Kind.text, channel: 1, body: Buffer.from(JSON.stringify([entry])) }),
    ])
    const before = monotonicNow()
    a.connection.publish(subjectOf('b'), packetOf({ from: other, to: b.id, sent: 1_000, body }))
    const inlet = new Inlet(await b.nextOpened())
    const [call] = (await inlet.next()) as [number[]]
    expect(call).toHaveLength(8)
    expect(call[4]).toBeGreaterThanOrEqual(before + 500)
    expect(call[4]).toBeLessThanOrEqual(monotonicNow() + 500)

    const channel = a.network.channel(b.id)
    channel.post([[ToServer.call, 2, 'save', [], 0, undefined, undefined, undefined, [1, 9_000]]])
    const [sent] = (await new Inlet(await b.nextOpened()).next()) as [unknown[]]
    expect(sent).toHaveLength(8)
    channel.close()
  })
})
