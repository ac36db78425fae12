import { connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { joinCluster } from '../../src/cluster/index.ts'
import type { Cluster, ClusterOptions } from '../../src/cluster/index.ts'
import type { ComponentCoordinator } from '../../src/index.ts'
import { allBlocks } from '../docs/page.ts'
import { quietCoordinator } from '../support/coordinator.ts'
import { NatsServer } from '../support/nats-server.ts'
import { describeWithNats } from '../support/with-nats.ts'
import type counter from './components/counter.ts'

const module = new URL('./components/counter.ts', import.meta.url)

/** What the page says that a host must be allowed, of a host of that name. */
async function permissionsOf(name: string): Promise<string> {
  const block = (await allBlocks()).find(({ page, language }) => page === 'docs/cluster.md' && language === 'conf')
  const permissions = /permissions (\{[^}]*\})/.exec(block?.code ?? '')?.[1]
  expect(permissions).toBeDefined()
  return (permissions ?? '').replaceAll('spillway.host.a', `spillway.host.${name}`)
}

describeWithNats('a host that may do no more than the page says that it must', () => {
  let server: NatsServer
  const hosts: { readonly coordinator: ComponentCoordinator; readonly cluster: Cluster }[] = []

  beforeAll(async () => {
    const users = await Promise.all(
      ['a', 'b'].map(async (name) => ({
        user: name,
        password: `${name}-secret`,
        permissions: await permissionsOf(name),
      })),
    )
    server = await NatsServer.start({ users })
    for (const name of ['a', 'b']) {
      const coordinator = quietCoordinator()
      coordinator.registerComponent<typeof counter>({ name: 'counter', module, config: { host: name } })
      coordinator.registerFamily<typeof counter>({ name: 'counters', module, config: () => ({ host: name }) })
      const nats = { user: name, pass: `${name}-secret` }
      const cluster = await joinCluster(coordinator, { servers: server.url, name, nats })
      hosts.push({ coordinator, cluster })
      await cluster.offer(['counter', 'counters'])
    }
  })
  afterAll(async () => {
    for (const { cluster, coordinator } of hosts) {
      await cluster.leave()
      await coordinator.shutdown()
    }
    await server.stop()
  })

  it('can do all of it', async () => {
    const [a, b] = hosts as [(typeof hosts)[0], (typeof hosts)[0]]
    await expect
      .poll(() => a.cluster.hosts().map(({ name, offers }) => `${name} ${offers.length}`))
      .toEqual(['a 2', 'b 2'])
    const family = a.cluster.family<typeof counter>('counters')
    const keys = Array.from({ length: 8 }, (_, i) => `k${i}`)
    const where = await Promise.all(keys.map(async (key) => family.get(key).where()))
    expect(new Set(where)).toEqual(new Set(['a', 'b']))
    expect(await a.cluster.component<typeof counter>('counter').echo('x'.repeat(3_000_000))).toHaveLength(3_000_000)
    await b.cluster.leave()
    expect(new Set(await Promise.all(keys.map(async (key) => family.get(key).where())))).toEqual(new Set(['a']))
  })

  it('and no more: it cannot take another name', async () => {
    await expect(
      joinCluster(quietCoordinator(), { servers: server.url, name: 'c', nats: { user: 'a', pass: 'a-secret' } }),
    ).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTIONS',
      option: 'servers',
      message: expect.stringMatching(
        /permissions for user "a" do not cover the subscription of subject "spillway\.host\.c/,
      ) as string,
      cause: expect.any(Error) as Error,
    })
    const connection = await connect({ servers: server.url, user: 'a', pass: 'a-secret' })
    const refused = Promise.withResolvers<string>()
    connection.subscribe('spillway.host.b', { callback: (error) => refused.resolve(error?.message ?? '') })
    expect(await refused.promise).toMatch(/permissions violation/i)
    await connection.close()
  })

  it('what NATS refuses at joining is told by the option that it is about', async () => {
    const nats = { user: 'a', pass: 'a-secret' }
    const coordinator = quietCoordinator()
    const expectRefusal = async (options: ClusterOptions, option: string, message: RegExp): Promise<void> => {
      await expect(joinCluster(coordinator, options)).rejects.toMatchObject({
        code: 'ERR_INVALID_OPTIONS',
        option,
        message: expect.stringMatching(message) as string,
        cause: expect.any(Error) as Error,
      })
    }
    const own = { servers: server.url, name: 'a', nats }
    await expectRefusal({ ...own, subjectPrefix: 'other' }, 'servers', /do not cover the \w+ of subject "\$JS\.API\./)
    const connection = await connect({ servers: server.url, ...nats })
    await expectRefusal({ connection, subjectPrefix: 'other' }, 'connection', /this user do not cover/)
    await connection.close()
    await expectRefusal({ connection }, 'connection', /this host may do what it must \(.*clos/)
    await using unlimited = await NatsServer.start()
    await expectRefusal({ servers: unlimited.url, replicas: 3 }, 'replicas', /servers with JetStream/)
    await coordinator.shutdown()
  })

  it('wrong credentials are told as such, and nothing stays open', async () => {
    const coordinator = quietCoordinator()
    const wrong = { servers: server.url, name: 'd', nats: { user: 'a', pass: 'wrong' } }
    await expect(joinCluster(coordinator, wrong)).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTIONS',
      option: 'servers',
      message: expect.stringMatching(/credentials.*authorization/i) as string,
    })
    await coordinator.shutdown()
  })
})
