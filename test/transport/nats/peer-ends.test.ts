import { connect, headers } from '@nats-io/transport-node'
import type { Msg, NatsConnection } from '@nats-io/transport-node'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Kind } from '../../../src/transport/frames/wire.ts'
import { PacketKind, readPacket } from '../../../src/transport/nats/packet.ts'
import type { Packet } from '../../../src/transport/nats/packet.ts'
import type { PeerChannel, PeerId } from '../../../src/transport/nats/peer.ts'
import { closed, Inlet } from '../../support/links.ts'
import { recordOf } from '../../support/link-bytes.ts'
import { NatsServer } from '../../support/nats-server.ts'
import { standStill } from '../../support/stand-still.ts'
import { packetOf, PeerHost, subjectOf } from '../../support/peer-hosts.ts'
import { describeWithNats } from '../../support/with-nats.ts'

const mebibyte = 1024 * 1024

describeWithNats('how links between hosts end', () => {
  let server: NatsServer
  /** Somebody else on the same server. */
  let stranger: NatsConnection
  const joined: PeerHost[] = []

  beforeAll(async () => {
    server = await NatsServer.start()
    stranger = await connect({ servers: server.url })
  })
  afterEach(async () => {
    for (const host of joined.splice(0)) await host[Symbol.asyncDispose]()
  })
  afterAll(async () => {
    await stranger.close()
    await server.stop()
  })

  const join = async (name: string, options?: Parameters<typeof PeerHost.join>[2]): Promise<PeerHost> => {
    const host = await PeerHost.join(server, name, options)
    joined.push(host)
    return host
  }

  /** In place of a host that never says anything. */
  async function listenAs(id: PeerId): Promise<{ readonly packets: Packet[]; readonly stop: () => void }> {
    const packets: Packet[] = []
    const callback = (_: Error | null, { data }: Msg): void => {
      const packet = readPacket(data)
      if (packet) packets.push(packet)
    }
    const subscription = stranger.subscribe(subjectOf(id.name), { callback })
    await stranger.flush()
    return { packets, stop: () => subscription.unsubscribe() }
  }

  const undelivered = (channel: PeerChannel): readonly unknown[] | undefined =>
    channel.ended && 'undelivered' in channel.ended ? channel.ended.undelivered : undefined

  test('nobody is there: all of it is known not to be delivered, on each channel its own', async () => {
    const a = await join('a')
    const channel = a.network.channel({ name: 'nobody', session: 'x' })
    const other = a.network.channel({ name: 'nobody', session: 'x' })
    const large = ['x'.repeat(3 * mebibyte)]
    const ours = [['one'], large, ['two']]
    for (const frame of ours) channel.post(frame)
    other.post(['other'])
    await Promise.all([closed(channel), closed(other)])
    expect(channel.ended?.why).toBe('gone')
    expect(undelivered(channel)).toEqual(ours)
    expect(undelivered(channel)?.[1]).toBe(large)
    expect(undelivered(other)).toEqual([['other']])
    channel.post(['later'])
    expect(undelivered(channel)).toEqual([...ours, ['later']])
  })

  test('of a host that dies, what came back is undelivered, and what was taken in is not', async () => {
    const a = await join('a')
    const b = await join('b')
    const channel = a.network.channel(b.id)
    channel.post(['taken in'])
    await new Inlet(await b.nextOpened()).next()
    const connections = await server.connections()
    await b.connection.close()
    // Until the server knows of it, it takes what is sent there.
    await expect.poll(async () => server.connections()).toBe(connections - 1)
    channel.post(['came back'])
    channel.post(['later'])
    await closed(channel)
    expect(channel.ended).toEqual({ why: 'gone', undelivered: [['came back'], ['later']] })
  })

  test('while something is awaited it is noticed that nobody is there any more, though nothing is sent', async () => {
    const a = await join('a')
    const b = await join('b')
    const channel = a.network.channel(b.id)
    const answers = new Inlet(channel)
    channel.post(['a call'])
    const there = await b.nextOpened()
    there.post(['heard'])
    await answers.next()
    using _watch = channel.watch()
    await b.connection.close()
    await closed(channel)
    expect(channel.ended?.why).toBe('gone')
    // A link of its own for the next.
    const again = await join('b')
    a.network.channel(again.id).post(['again'])
    expect(await new Inlet(await again.nextOpened()).next()).toEqual(['again'])
  })

  test('silence ends a link on which something is awaited', async () => {
    const a = await join('a', { silentAfter: 200 })
    const silent = { name: 'silent', session: 'x' }
    const there = await listenAs(silent)
    const channel = a.network.channel(silent)
    channel.post(['may have arrived'])
    await closed(channel)
    expect(channel.ended).toEqual({ why: 'silent', undelivered: [] })
    await expect.poll(() => there.packets.at(-1)?.kind).toBe(PacketKind.over)
    expect(there.packets.some(({ kind }) => kind === PacketKind.ping)).toBe(true)
    there.stop()
  })

  test('time in which this thread stood still is not the silence of the other', async () => {
    const a = await join('a', { silentAfter: 1_000 })
    const silent = { name: 'silent', session: 'x' }
    const there = await listenAs(silent)
    const channel = a.network.channel(silent)
    channel.post(['a call'])
    await expect.poll(() => there.packets.some(({ kind }) => kind === PacketKind.ping)).toBe(true)
    standStill(1_200)
    // What is due by now comes first.
    await new Promise((resolve) => setTimeout(resolve, 1))
    const answer = { from: silent, to: a.id, opener: false, link: there.packets[0]?.link ?? 0 }
    const body = recordOf({ kind: Kind.text, opener: 0, channel: 1, body: Buffer.from('["an answer"]') })
    stranger.publish(subjectOf('a'), packetOf({ ...answer, body }))
    expect(await new Inlet(channel).next()).toEqual(['an answer'])
    expect(channel.ended).toBeUndefined()
    there.stop()
  })

  test('whoever takes nothing in holds up its own senders, and nobody else', async () => {
    const a = await join('a')
    const b = await join('b')
    const stalled = { name: 'stalled', session: 'x' }
    const there = await listenAs(stalled)
    const channel = a.network.channel(stalled)
    const frame = ['x'.repeat(100_000)]
    for (let i = 0; i < 50; i++) channel.post(frame)
    const beside = a.network.channel(b.id)
    beside.post(['beside'])
    expect(await new Inlet(await b.nextOpened()).next()).toEqual(['beside'])
    const received = (): number =>
      there.packets.reduce((sum, { kind, body }) => sum + (kind === PacketKind.data ? body.length : 0), 0)
    await expect.poll(received).toBeGreaterThanOrEqual(mebibyte)
    const first = received()
    expect(first).toBeLessThan(1.1 * mebibyte)
    expect(channel.backlog).toBeGreaterThan(50 * 100_000 - first)
    // It goes on as soon as something is taken in.
    const taken = { from: stalled, to: a.id, opener: false, kind: PacketKind.taken, taken: first }
    stranger.publish(subjectOf('a'), packetOf({ ...taken, link: there.packets[0]?.link ?? 0 }))
    await expect.poll(received).toBeGreaterThanOrEqual(first + mebibyte)
    expect(received()).toBeLessThan(2.2 * mebibyte)
    there.stop()
    a.network.end(stalled, 'gone')
    expect(channel.ended?.why).toBe('gone')
    // What was taken in is not among it, and of what is under way nobody knows.
    expect(undelivered(channel)?.length).toBeLessThan(30)
    expect(undelivered(channel)?.length).toBeGreaterThan(25)
  })

  test('what is lost on the way ends the link on both sides, and the sender knows from where on', async () => {
    const a = await join('a')
    const b = await join('b')
    const channel = a.network.channel(b.id)
    channel.post(['first'])
    const there = await b.nextOpened()
    const inlet = new Inlet(there)
    await inlet.next()
    // Somebody else has the subject too: nothing comes back.
    const { stop } = await listenAs(b.id)
    await b.connection.reconnect()
    channel.post(['lost'])
    await Promise.all([closed(channel), closed(there)])
    expect(channel.ended).toEqual({ why: 'broken', undelivered: [['lost']] })
    expect(there.ended).toEqual({ why: 'broken', undelivered: [] })
    expect(b.log.join()).toMatch(/The link to host "a" is broken: bytes \d+ to \d+ of what it sent are lost/)
    stop()
    // The next one begins anew.
    const next = a.network.channel(b.id)
    next.post(['next'])
    expect(await new Inlet(await b.nextOpened()).next()).toEqual(['next'])
  })

  test('a packet of a link that is not there is answered: it is broken; one of an earlier session is not', async () => {
    const a = await join('a')
    const other = { name: 'other', session: 'x' }
    const there = await listenAs(other)
    const send = (packet: Partial<Parameters<typeof packetOf>[0]>): void =>
      stranger.publish(
        subjectOf('a'),
        packetOf({ from: other, to: a.id, position: 5, body: Buffer.from('x'), ...packet }),
      )
    send({ to: { name: 'a', session: 'earlier' } })
    send({ kind: PacketKind.over })
    send({ link: 7 })
    await expect.poll(() => there.packets.length).toBe(1)
    expect(there.packets[0]).toMatchObject({ kind: PacketKind.over, link: 7, taken: -1 })
    // A link with a higher number takes the place of the one there was; what comes of that is not heard any more.
    const opened = recordOf({ kind: Kind.open, channel: 1 })
    send({ link: 8, position: 0, body: opened })
    const first = await a.nextOpened()
    send({ link: 9, position: 0, body: opened })
    const second = await a.nextOpened()
    expect(first.ended?.why).toBe('broken')
    send({ link: 8, position: opened.length, body: recordOf({ kind: Kind.close, channel: 1 }) })
    send({
      link: 9,
      position: opened.length,
      body: recordOf({ kind: Kind.text, channel: 1, body: Buffer.from('["yes"]') }),
    })
    expect(await new Inlet(second).next()).toEqual(['yes'])
    there.stop()
  })

  test('nothing that strangers send does harm', async () => {
    const a = await join('a')
    const b = await join('b')
    const channel = a.network.channel(b.id)
    channel.post(['before'])
    const inlet = new Inlet(await b.nextOpened())
    await inlet.next()
    const replies: string[] = []
    const listener = stranger.subscribe(subjectOf('b'), {
      callback: (_, message) => {
        replies.push(message.reply ?? '')
        message.respond('an answer')
        const status = headers(503, 'No Responders')
        // As the server says it, but with something in it.
        message.respond('x', { headers: status })
      },
    })
    await stranger.flush()
    const whole = packetOf({ from: a.id, to: b.id, body: Buffer.from('x') })
    for (let length = 0; length < whole.length - 1; length += 3)
      stranger.publish(subjectOf('b'), whole.subarray(0, length))
    for (const text of ['', 'hello', 'x'.repeat(10_000)]) stranger.publish(subjectOf('b'), text)
    const wrong = Buffer.from(whole)
    wrong.writeUInt16LE(60_000, 6)
    stranger.publish(subjectOf('b'), wrong)
    await stranger.flush()
    channel.post(['after'])
    expect(await inlet.next()).toEqual(['after'])
    await expect.poll(() => replies.filter((reply) => reply.includes('.back.')).length).toBeGreaterThan(0)
    channel.post(['and on'])
    expect(await inlet.next()).toEqual(['and on'])
    expect(channel.ended).toBeUndefined()
    expect(b.log.join()).toContain('Something that is no packet of a host has come on the subject "test.host.b"')
    listener.unsubscribe()
  })

  test.each([
    ['no record', Buffer.from('this is no record, whatever else')],
    ['a frame that is too large', recordOf({ kind: Kind.text, channel: 1, bodyBytes: 2 ** 30 })],
    ['a frame on no channel', recordOf({ kind: Kind.text, channel: 9, body: Buffer.from('[]') })],
    ['a channel that is open', recordOf({ kind: Kind.open, channel: 1 })],
    ['an end of a channel', recordOf({ kind: Kind.frame, channel: 1, ends: [4] })],
    ['what only processes say', recordOf({ kind: Kind.lost, channel: 1 })],
    [
      'something in the name of this side',
      recordOf({ kind: Kind.text, channel: 1, opener: 0, body: Buffer.from('[]') }),
    ],
  ])('a host that sends %s has its own link ended, and no other', async (_, body) => {
    const a = await join('a')
    const b = await join('b')
    const beside = b.network.channel(a.id)
    beside.post(['beside'])
    const besideInlet = new Inlet(await a.nextOpened())
    await besideInlet.next()
    const other = { name: 'other', session: 'x' }
    stranger.publish(
      subjectOf('a'),
      packetOf({ from: other, to: a.id, body: Buffer.concat([recordOf({ kind: Kind.open, channel: 1 }), body]) }),
    )
    const channel = await a.nextOpened()
    await closed(channel)
    expect(channel.ended?.why).toBe('broken')
    expect(a.log.join()).toContain('The link to host "other" is broken: ')
    beside.post(['and on'])
    expect(await besideInlet.next()).toEqual(['and on'])
  })

  test('many links that break at once are one line of the log', async () => {
    const a = await join('a')
    for (const name of ['one', 'two', 'three']) {
      const body = Buffer.concat([
        recordOf({ kind: Kind.open, channel: 1 }),
        Buffer.from('this is no record, whatever else'),
      ])
      stranger.publish(subjectOf('a'), packetOf({ from: { name, session: name }, to: a.id, body }))
    }
    for (const channel of [await a.nextOpened(), await a.nextOpened(), await a.nextOpened()]) await closed(channel)
    expect(a.log.filter((line) => line.includes('is broken')).length).toBe(1)
  })

  test('a goodbye ends all channels, with what was posted before it; nothing is left of the network', async () => {
    const a = await join('a')
    const b = await join('b')
    const channel = a.network.channel(b.id)
    channel.post(['a call'])
    const there = await b.nextOpened()
    const inlet = new Inlet(there)
    await inlet.next()
    channel.post(['last'])
    const isOver = closed(channel)
    await a.network[Symbol.asyncDispose]()
    await isOver
    expect(await inlet.next()).toEqual(['last'])
    await closed(there)
    expect([channel.ended?.why, there.ended?.why]).toEqual(['left', 'left'])
    const late = a.network.channel(b.id)
    late.post(['late'])
    await closed(late)
    expect(late.ended).toEqual({ why: 'left', undelivered: [['late']] })
    const { connections } = (await server.monitor('connz?subs=1')) as { connections: { subscriptions?: number }[] }
    // Those of b, and none of a or of the stranger.
    expect(connections.reduce((sum, { subscriptions = 0 }) => sum + subscriptions, 0)).toBe(2)
  })

  test('when the connection is closed for good, so is everything', async () => {
    const a = await join('a')
    const b = await join('b')
    const channel = a.network.channel(b.id)
    channel.post(['a call'])
    await new Inlet(await b.nextOpened()).next()
    await a.connection.close()
    await closed(channel)
    expect(channel.ended?.why).toBe('disconnected')
    const late = a.network.channel(b.id)
    await closed(late)
    expect(late.ended).toEqual({ why: 'disconnected', undelivered: [] })
  })

  test('a thousand links cost little', async () => {
    const a = await join('a')
    const b = await join('b')
    const before = process.memoryUsage().heapUsed
    const sessions = Array.from({ length: 1_000 }, (_, i) => ({ name: `other${i}`, session: 'x' }))
    for (const from of sessions) {
      const body = recordOf({ kind: Kind.open, channel: 1 })
      stranger.publish(subjectOf('b'), packetOf({ from, to: b.id, body }))
    }
    await expect.poll(() => b.opened.length).toBe(1_000)
    expect((process.memoryUsage().heapUsed - before) / 1_000).toBeLessThan(30_000)
    const channel = a.network.channel(b.id)
    channel.post(['and one more'])
    await expect.poll(() => b.opened.length).toBe(1_001)
    for (const from of sessions) b.network.end(from, 'gone')
    expect(b.opened.filter(({ ended }) => ended?.why === 'gone')).toHaveLength(1_000)
  })

  test('a connection that comes back goes on where it was, if nothing was lost', async () => {
    const a = await join('a')
    const b = await join('b')
    const channel = a.network.channel(b.id)
    channel.post(['before'])
    const inlet = new Inlet(await b.nextOpened())
    await inlet.next()
    const isDown = new Promise<void>((resolve) => {
      void (async () => {
        for await (const { type } of a.connection.status()) {
          if (type === 'disconnect') break
        }
        resolve()
      })()
    })
    await server.restart()
    await isDown
    channel.post(['meanwhile'])
    expect(await inlet.next()).toEqual(['meanwhile'])
    expect(channel.ended).toBeUndefined()
  })
})
