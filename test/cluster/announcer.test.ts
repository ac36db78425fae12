import { connect } from '@nats-io/transport-node'
import type { NatsConnection } from '@nats-io/transport-node'
import { randomUUID } from 'node:crypto'
import { afterAll, assert, beforeAll, expect, it, vi } from 'vitest'
import { Announcer } from '../../src/cluster/announcer.ts'
import type { AnnouncerOptions } from '../../src/cluster/announcer.ts'
import type { Change } from '../../src/cluster/directory.ts'
import { isInvalidOptionsError } from '../../src/contract/errors.ts'
import { NatsServer } from '../support/nats-server.ts'
import { Relay } from '../support/relay.ts'
import { describeWithNats } from '../support/with-nats.ts'

interface Host {
  readonly announcer: Announcer
  readonly connection: NatsConnection
  readonly changes: Change[]
}

describeWithNats('announcers', () => {
  let server: NatsServer
  const left: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    server = await NatsServer.start()
  })
  afterAll(async () => {
    for (const leave of left.toReversed()) await leave()
    await server.stop()
  })

  const newSubject = (): string => `test-${randomUUID()}.hosts`

  async function host(
    subject: string,
    name: string,
    { url = server.url, ...options }: Partial<AnnouncerOptions> & { url?: string } = {},
  ): Promise<Host> {
    const connection = await connect({ servers: url, reconnectTimeWait: 50, maxReconnectAttempts: -1 })
    left.push(async () => connection.close())
    const changes: Change[] = []
    const announcer = await Announcer.open({
      connection,
      subject,
      self: { name, session: `${name}-${randomUUID()}` },
      claimTtl: 5_000,
      maxSize: 1024 ** 2,
      collect: () => ({ level: 'low', room: 1, offers: [], loaded: [], leaving: false }),
      onChange: (change) => changes.push(change),
      logger: { warn: () => {}, error: () => {} },
      ...options,
    })
    left.push(async () => announcer[Symbol.asyncDispose]())
    return { announcer, connection, changes }
  }
  const known = ({ announcer }: Host): string[] => announcer.hosts().map(({ id }) => id.name)
  const told = ({ changes }: Host, type: string): string[] =>
    changes.filter((change) => change.type === type).map(({ host: { id } }) => id.name)

  it.concurrent('know all others when they have joined, and hear who leaves', async () => {
    const subject = newSubject()
    const a = await host(subject, 'a')
    const b = await host(subject, 'b')
    const c = await host(subject, 'c')
    assert.deepEqual(known(c), ['a', 'b', 'c'])
    await vi.waitFor(() => assert.deepEqual(known(a), ['a', 'b', 'c']), 10_000)
    await b.announcer[Symbol.asyncDispose]()
    await vi.waitFor(() => assert.deepEqual([told(a, 'left'), told(c, 'left')], [['b'], ['b']]), 10_000)
    assert.deepEqual(known(a), ['a', 'c'])
  })

  it.concurrent('tell what has changed, and what anybody else says there is nothing', async () => {
    const subject = newSubject()
    let level: 'low' | 'high' = 'low'
    const a = await host(subject, 'a', {
      collect: () => ({ level, room: 1, offers: [], loaded: [], leaving: false }),
    })
    const logged: unknown[] = []
    const log = (...entry: unknown[]): void => void logged.push(entry)
    const b = await host(subject, 'b', { logger: { warn: log, error: log } })
    for (const topic of ['', '.who', '.bye']) {
      for (const garbage of ['', '{', 'null', '{"session":1}']) a.connection.publish(subject + topic, garbage)
    }
    level = 'high'
    for (let i = 0; i < 50; i++) a.announcer.changed()
    await vi.waitFor(() => assert.deepEqual(told(b, 'changed'), ['a']), 10_000)
    assert.equal(b.announcer.host('a')?.level, 'high')
    assert.deepEqual(known(b), ['a', 'b'])
    assert.deepEqual(logged, [])
  })

  it.concurrent('refuse a name that somebody has, another claimTtl, and another maxSize', async ({ expect }) => {
    const subject = newSubject()
    await host(subject, 'a')
    await expect(host(subject, 'a')).rejects.toSatisfy(
      (error) => isInvalidOptionsError(error) && error.option === 'name',
    )
    await expect(host(subject, 'b', { claimTtl: 6_000 })).rejects.toSatisfy(
      (error) => isInvalidOptionsError(error) && error.option === 'claimTtl',
    )
    await expect(host(subject, 'b', { maxSize: 2 * 1024 ** 2 })).rejects.toSatisfy(
      (error) => isInvalidOptionsError(error) && error.message.includes('1048576 bytes, as host "a" has'),
    )
  })

  /** On a busy machine one may be so much slower that it hears of the other in time, and is refused. */
  async function bothAtOnce(): Promise<Awaited<ReturnType<typeof host>>[]> {
    for (;;) {
      const subject = newSubject()
      const joined = await Promise.allSettled([host(subject, 'a'), host(subject, 'a')])
      const hosts = joined.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
      if (hosts.length === 2) return hosts
    }
  }

  it.concurrent('tell of a name that two have who joined at once, and know themselves all the same', async () => {
    const hosts = await bothAtOnce()
    for (const each of hosts) {
      await vi.waitFor(() => assert.deepEqual(told(each, 'conflict'), ['a']), 10_000)
      assert.lengthOf(known(each), 1)
    }
    assert.notEqual(hosts[0]?.announcer.host('a')?.id.session, hosts[1]?.announcer.host('a')?.id.session)
  })

  it.concurrent('tell who is silent, but nobody while they hear nothing at all', async () => {
    const subject = newSubject()
    await using relay = await Relay.to(server.port)
    const watching = await host(subject, 'a', { claimTtl: 1_000 })
    const deaf = await host(subject, 'b', { claimTtl: 1_000, url: relay.url })
    const silent = await host(subject, 'c', { claimTtl: 1_000 })
    await vi.waitFor(() => assert.deepEqual(known(deaf), ['a', 'b', 'c']), 10_000)
    relay.hold()
    await silent.connection.close()
    await vi.waitFor(() => assert.include(told(watching, 'silent'), 'c'), 10_000)
    assert.notInclude(known(watching), 'c')
    assert.deepEqual(told(deaf, 'silent'), [])
    relay.cut()
    await vi.waitFor(() => assert.include(told(deaf, 'silent'), 'c'), 10_000)
    expect(watching.announcer.host('c')).toBeDefined()
  })
})
