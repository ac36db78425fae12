import { afterAll, beforeAll, expect, it } from 'vitest'
import { joinCluster } from '../../src/cluster/index.ts'
import type { Cluster, ClusterOptions } from '../../src/cluster/index.ts'
import { withCallOptions } from '../../src/index.ts'
import type { ComponentCoordinator, Remote } from '../../src/index.ts'
import { quietCoordinator } from '../support/coordinator.ts'
import { NatsServer } from '../support/nats-server.ts'
import { describeWithNats } from '../support/with-nats.ts'
import type counter from './components/counter.ts'

const module = new URL('./components/counter.ts', import.meta.url)
const missing = new URL('./components/missing.ts', import.meta.url)
/** ms. */
const claimTtl = 2_000

interface Host {
  readonly coordinator: ComponentCoordinator
  readonly cluster: Cluster
}

describeWithNats('what a host does not serve any more, or cannot', () => {
  let server: NatsServer
  const hosts: Host[] = []

  async function join(
    name: string,
    options: Pick<ClusterOptions, 'maxSize' | 'subjectPrefix'> & { file?: URL } = {},
  ): Promise<Host> {
    const { file = module, ...more } = options
    const coordinator = quietCoordinator()
    coordinator.registerComponent<typeof counter>({ name: 'counter', module: file, config: { host: name } })
    const config = (): { host: string; forgets: true } => ({ host: name, forgets: true })
    coordinator.registerFamily<typeof counter>({ name: 'counters', module: file, config })
    const cluster = await joinCluster(coordinator, { servers: server.url, name, claimTtl, ...more })
    hosts.push({ coordinator, cluster })
    return { coordinator, cluster }
  }
  async function offering(
    name: string,
    options?: Pick<ClusterOptions, 'maxSize' | 'subjectPrefix'> & { file?: URL },
  ): Promise<Host> {
    const host = await join(name, options)
    await host.cluster.offer(['counter', 'counters'])
    return host
  }
  const key = ({ cluster }: Host, name: string): Remote<typeof counter> =>
    cluster.family<typeof counter>('counters').get(name)
  async function knows({ cluster }: Host, ...names: string[]): Promise<void> {
    await expect
      .poll(() => cluster.hosts().flatMap(({ name, offers }) => (offers.length > 0 ? [name] : [])))
      .toEqual(names)
  }

  beforeAll(async () => {
    server = await NatsServer.start()
  })
  afterAll(async () => {
    for (const { coordinator } of hosts) await coordinator.shutdown()
    await server.stop()
  })

  it('is found again by who knew its owner of before, wherever it is by then', async () => {
    const [caller, other] = [await join('caller'), await join('other')]
    const a = await offering('a')
    await knows(caller, 'a')
    const names = ['k0', 'k1', 'k2', 'k3', 'k4', 'k5']
    for (const name of names) expect(await key(caller, name).where()).toBe('a')
    const b = await offering('b')
    await knows(other, 'a', 'b')
    await a.coordinator.shutdown()
    await knows(other, 'b')
    for (const name of names) expect(await key(other, name).where()).toBe('b')
    const again = await offering('a')
    await knows(caller, 'a', 'b')
    for (const name of names) expect(await withCallOptions(key(caller, name), { timeout: 4_000 }).where()).toBe('b')
    expect(caller.cluster.moves().filter(({ kind }) => kind === 'taken-over')).toEqual([])
    await Promise.all([again, b].map(async ({ coordinator }) => coordinator.shutdown()))
    await knows(caller)
  })

  it('is served by who can load it', async () => {
    const caller = await join('caller-2')
    const broken = await offering('broken', { file: missing })
    await knows(caller, 'broken')
    // Nobody else is there to ask.
    await expect(key(caller, 'k').where()).rejects.toMatchObject({ code: 'ERR_COMPONENT_LOAD' })
    await expect(caller.cluster.component<typeof counter>('counter').where()).rejects.toMatchObject({
      code: 'ERR_COMPONENT_LOAD',
    })
    expect(broken.cluster.keys()).toBe(0)
    const sound = await offering('sound')
    await knows(caller, 'broken', 'sound')
    const names = Array.from({ length: 6 }, (_, i) => `l${i}`)
    expect(new Set(await Promise.all(names.map(async (name) => key(caller, name).where())))).toEqual(new Set(['sound']))
    expect(await caller.cluster.component<typeof counter>('counter').where()).toBe('sound')
    await Promise.all([broken, sound].map(async ({ coordinator }) => coordinator.shutdown()))
    await knows(caller)
  })

  it('is not begun again where it has been begun, whatever it is answered with', async () => {
    const caller = await join('caller-3')
    const host = await offering('only')
    await knows(caller, 'only')
    for (const remote of [key(caller, 'once'), caller.cluster.component<typeof counter>('counter')]) {
      for (const code of ['ERR_COORDINATOR_SHUTDOWN', 'ERR_COMPONENT_NOT_FOUND', 'ERR_OWNER_STALE', 'ERR_NO_HOST']) {
        await expect(remote.failAs(code)).rejects.toMatchObject({ code, message: 'of its own' })
      }
      expect(await remote.count()).toBe(5)
    }
    await host.coordinator.shutdown()
  })

  it('a value that is too large is refused in the first call as in any other', async () => {
    const options = { maxSize: '1mb', subjectPrefix: 'small' }
    const host = await offering('small', options)
    const caller = await join('caller-4', options)
    await knows(caller, 'small')
    const large = new Uint8Array(1024 ** 2)
    for (let i = 0; i < 2; i++) {
      await expect(caller.cluster.component<typeof counter>('counter').echo(large)).rejects.toMatchObject({
        code: 'ERR_VALUE',
        message: expect.stringContaining('bytes') as string,
      })
    }
    await host.coordinator.shutdown()
  })

  it('a host leaves while NATS is away, and nothing of it stays', async () => {
    const host = await offering('lonely')
    expect(await key(host, 'lost').where()).toBe('lonely')
    await server.kill()
    await expect
      .poll(async () =>
        key(host, 'new')
          .where()
          .catch((error: unknown) => error),
      )
      .toMatchObject({ code: 'ERR_NO_HOST' })
    await host.cluster.leave()
    await host.coordinator.shutdown()
    await expect(host.cluster.where('counters', 'lost')).rejects.toMatchObject({ code: 'ERR_COORDINATOR_SHUTDOWN' })
    expect(host.cluster.hosts()).toEqual([])
    await server.restart()
    const again = await offering('lonely')
    expect(await key(again, 'lost').where()).toBe('lonely')
  })
})
