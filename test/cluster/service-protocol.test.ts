import { connect } from '@nats-io/transport-node'
import type { NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ServiceProtocol } from '../../src/cluster/service-protocol.ts'
import type { ServiceEndpoint } from '../../src/cluster/service-protocol.ts'
import { NatsServer } from '../support/nats-server.ts'
import { describeWithNats } from '../support/with-nats.ts'

const prices: ServiceEndpoint = {
  name: 'prices:eu',
  kind: 'component',
  calls: 4,
  errors: 1,
  lastError: 'no',
  time: 1_000_001,
}
const books: ServiceEndpoint = { name: 'books', kind: 'family', calls: 0, errors: 0, lastError: '', time: 0 }

describeWithNats("NATS's service protocol", () => {
  let server: NatsServer
  let tool: NatsConnection
  const left: (() => unknown)[] = []
  const errors: unknown[] = []

  beforeAll(async () => {
    server = await NatsServer.start()
    tool = await connect({ servers: server.url })
    left.push(async () => tool.close())
  })
  afterAll(async () => {
    for (const leave of left.toReversed()) await leave()
    await server.stop()
  })

  async function host(name: string, endpoints: () => readonly ServiceEndpoint[]): Promise<ServiceProtocol> {
    const connection = await connect({ servers: server.url })
    const service = new ServiceProtocol({
      connection,
      self: { name, session: `session-of-${name}` },
      version: '1.2.3',
      subject: `spillway.host.${name}`,
      collect: () => ({ metadata: { level: 'low', room: '4096' }, endpoints: endpoints() }),
      logger: { error: (message: unknown) => void errors.push(message) },
    })
    await connection.flush()
    left.push(async () => connection.close())
    return service
  }

  /** As the tools do: one request to all, and whoever answers until it has been quiet for a while. */
  async function ask(subject: string): Promise<Record<string, unknown>[]> {
    const answers: Record<string, unknown>[] = []
    for await (const answer of await tool.requestMany(subject, '', { strategy: 'stall', maxWait: 5_000, stall: 300 })) {
      answers.push(answer.json<Record<string, unknown>>())
    }
    return answers.toSorted((a, b) => (String(a['id']) < String(b['id']) ? -1 : 1))
  }

  it('finds hosts, what they offer, and how that does', async () => {
    let fails = false
    const a = await host('a', () => [prices, books])
    await host('b', () => {
      if (fails) throw new Error('it has no figures')
      return []
    })
    const ofA = {
      name: 'spillway',
      id: 'session-of-a',
      version: '1.2.3',
      metadata: { host: 'a', level: 'low', room: '4096' },
    }
    const everybody = await ask('$SRV.PING')
    expect(everybody).toEqual([
      { ...ofA, type: 'io.nats.micro.v1.ping_response' },
      expect.objectContaining({ id: 'session-of-b' }),
    ])
    expect(await ask('$SRV.PING.spillway')).toEqual(everybody)
    await expect(ask('$SRV.PING.other')).rejects.toThrow('no responders')
    const place = { subject: 'spillway.host.a', queue_group: '' }
    expect(await ask('$SRV.INFO.spillway.session-of-a')).toEqual([
      {
        ...ofA,
        type: 'io.nats.micro.v1.info_response',
        description: 'Components of a',
        endpoints: [
          { ...place, name: 'prices_eu', metadata: { kind: 'component', component: 'prices:eu' } },
          { ...place, name: 'books', metadata: { kind: 'family', component: 'books' } },
        ],
      },
    ])
    const none = {
      ...place,
      num_requests: 0,
      num_errors: 0,
      last_error: '',
      processing_time: 0,
      average_processing_time: 0,
    }
    const [stats] = await ask('$SRV.STATS.spillway.session-of-a')
    expect(stats).toEqual({
      ...ofA,
      type: 'io.nats.micro.v1.stats_response',
      started: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      endpoints: [
        {
          ...none,
          name: 'prices_eu',
          num_requests: 4,
          num_errors: 1,
          last_error: 'no',
          processing_time: 1_000_001,
          average_processing_time: 250_000,
        },
        { ...none, name: 'books' },
      ],
    })

    fails = true
    expect(await ask('$SRV.INFO')).toHaveLength(1)
    expect(errors).toEqual(['$SRV.INFO could not be answered: it has no figures'])
    fails = false
    a[Symbol.dispose]()
    await expect.poll(async () => (await ask('$SRV.INFO')).map(({ id }) => id)).toEqual(['session-of-b'])
  })
})
