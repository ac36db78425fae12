import { afterAll, beforeAll, expect, expectTypeOf, it } from 'vitest'
import { joinCluster } from '../../src/cluster/index.ts'
import type { Cluster } from '../../src/cluster/index.ts'
import { withCallOptions } from '../../src/index.ts'
import type { ComponentCoordinator, Remote } from '../../src/index.ts'
import { simulatePressure } from '../../src/testing/index.ts'
import { quietCoordinator } from '../support/coordinator.ts'
import { NatsServer } from '../support/nats-server.ts'
import { describeWithNats } from '../support/with-nats.ts'
import type counter from './components/counter.ts'

const module = new URL('./components/counter.ts', import.meta.url)

interface Host {
  readonly coordinator: ComponentCoordinator
  readonly cluster: Cluster
}

describeWithNats('a cluster', () => {
  let server: NatsServer
  let a: Host
  let b: Host
  const hosts: Host[] = []

  async function join(name: string): Promise<Host> {
    const coordinator = quietCoordinator()
    coordinator.registerComponent<typeof counter>({
      name: 'counter',
      module,
      config: { host: name },
      idempotent: ['where'],
    })
    coordinator.registerFamily<typeof counter>({ name: 'counters', module, config: () => ({ host: name }) })
    coordinator.registerFamily<typeof counter>({
      name: 'forgetful',
      module,
      config: () => ({ host: name, forgets: true }),
    })
    const cluster = await joinCluster(coordinator, { servers: server.url, name })
    hosts.push({ coordinator, cluster })
    return { coordinator, cluster }
  }

  beforeAll(async () => {
    server = await NatsServer.start()
    ;[a, b] = await Promise.all([join('a'), join('b')])
    await b.cluster.offer(['counter', 'counters', 'forgetful'])
  })
  afterAll(async () => {
    for (const { coordinator } of hosts) await coordinator.shutdown()
    await server.stop()
  })

  it('knows its hosts', async () => {
    await expect
      .poll(() => a.cluster.hosts().map(({ name, offers }) => [name, offers]))
      .toEqual([
        ['a', []],
        ['b', ['counter', 'counters', 'forgetful']],
      ])
  })

  it('calls a component of another host as one of this program', async () => {
    const remote = a.cluster.component<typeof counter>('counter')
    expectTypeOf(remote).toEqualTypeOf<Remote<typeof counter>>()
    expect(await remote.where()).toBe('b')
    expect(await remote.nested.deep.add(1, 2)).toBe(3)
    expect(await Promise.all(Array.from({ length: 100 }, async (_, i) => remote.echo({ i })))).toEqual(
      Array.from({ length: 100 }, (_, i) => ({ i })),
    )
    const value = new Map<unknown, unknown>([
      [new Date(5), new Set([1n, undefined])],
      ['x', new Float64Array([1, 2])],
    ])
    expect(await remote.echo(value)).toEqual(value)
    expect(await remote.sum(new Float64Array(500_000).fill(2))).toBe(1_000_000)
    expect(await a.cluster.where('counter')).toBe('b')
  })

  it('claims have a connection of their own, and wait behind no value', async () => {
    const { connections } = (await server.monitor('connz')) as { connections: { name: string; in_bytes: number }[] }
    const bytes = (name: string): number => connections.find((each) => each.name === name)?.in_bytes ?? Number.NaN
    expect(bytes('spillway a')).toBeGreaterThan(4_000_000)
    expect(bytes('spillway a claims')).toBeLessThan(1_000_000)
  })

  it('errors arrive as what they are, with both stacks', async () => {
    const remote = a.cluster.component<typeof counter>('counter')
    const error = (await remote.fail().catch((thrown: unknown) => thrown)) as Error
    expect(error).toMatchObject({
      name: 'QuotaError',
      message: 'no quota',
      code: 'ERR_QUOTA',
      left: 3,
      cause: { name: 'RangeError' },
    })
    expect(error.stack).toContain('counter.ts')
    expect(error.stack).toContain('cluster.test.ts')
    await expect((remote as unknown as { no(): Promise<void> }).no()).rejects.toMatchObject({
      code: 'ERR_NO_SUCH_METHOD',
    })
    await expect(a.cluster.component<typeof counter>('nobody').where()).rejects.toMatchObject({ code: 'ERR_NO_HOST' })
  })

  it('streams, with backpressure, both ways of ending', async () => {
    const remote = a.cluster.component<typeof counter>('counter')
    const numbers: number[] = []
    for await (const number of await remote.numbers(1_000)) numbers.push(number)
    expect(numbers).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1))
    for await (const number of await remote.forever()) if (number === 5) break
    await expect.poll(() => b.coordinator.info('counter').inUse).toBe(0)
  })

  it('deadlines and aborts reach the component', async () => {
    const remote = a.cluster.component<typeof counter>('counter')
    await expect(withCallOptions(remote, { timeout: 50 }).wait(60_000)).rejects.toMatchObject({
      code: 'ERR_CALL_TIMEOUT',
    })
    const controller = new AbortController()
    const waiting = withCallOptions(remote, { signal: controller.signal }).wait(60_000)
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await expect.poll(() => b.coordinator.info('counter').inUse).toBe(0)
  })

  it.each([
    ['a function', () => {}],
    ['a port', new MessageChannel().port1],
    ['shared memory', new SharedArrayBuffer(8)],
  ])('what cannot travel is an error of the call: %s', async (_, value) => {
    await expect(a.cluster.component<typeof counter>('counter').echo(value)).rejects.toMatchObject({
      code: 'ERR_VALUE',
    })
  })

  it('a key has one owner, with a fencing token', async () => {
    const of = (host: Host): Remote<typeof counter> => host.cluster.family<typeof counter>('forgetful').get('k1')
    expect([await of(a).count(), await of(b).count(), await of(a).count()]).toEqual([1, 2, 3])
    expect(await of(a).token()).toBeGreaterThan(0)
    expect(await a.cluster.where('forgetful', 'k1')).toBe('b')
    const token = await of(a).token()
    await b.coordinator.unloadComponent('forgetful:k1')
    await expect.poll(async () => a.cluster.where('forgetful', 'k1')).toBeUndefined()
    await expect.poll(() => b.coordinator.list().some(({ name }) => name === 'forgetful:k1')).toBe(false)
    expect(await of(a).count()).toBe(1)
    expect(await of(b).token()).toBeGreaterThan(token ?? 0)
  })

  it('an owner that is unloaded and has left its state stays the owner', async () => {
    const remote = a.cluster.family<typeof counter>('counters').get('k2')
    expect([await remote.count(), await remote.count()]).toEqual([1, 2])
    const token = await remote.token()
    await b.coordinator.unloadComponent('counters:k2')
    expect([await remote.count(), await remote.token()]).toEqual([3, token])
  })

  it('a listener that throws harms nobody but itself', async () => {
    const heard: string[] = []
    const mine = (): never => {
      throw new Error('of the listener')
    }
    for (const { cluster } of [a, b]) cluster.on('move', mine).on('host', mine)
    a.cluster.on('move', ({ key }) => heard.push(key))
    const remote = a.cluster.family<typeof counter>('forgetful').get('heard')
    expect(await remote.count()).toBe(1)
    await b.coordinator.unloadComponent('forgetful:heard')
    expect(await remote.count()).toBe(1)
    const guest = await join('guest')
    await guest.cluster.offer(['counters'])
    await expect.poll(() => a.cluster.hosts().map(({ name }) => name)).toContain('guest')
    // What all hosts are told of, by one that gives it away.
    const moved = guest.cluster.family<typeof counter>('counters')
    let key = 't0'
    for (let i = 1; (await moved.get(key).where()) !== 'guest'; i++) key = `t${i}`
    await guest.cluster.leave()
    await expect.poll(() => heard).toContain(key)
    expect(await a.cluster.component<typeof counter>('counter').echo(1)).toBe(1)
    for (const { cluster } of [a, b]) cluster.off('move', mine).off('host', mine)
  })

  it('a host under pressure gives its keys away, with their state, and says why', async () => {
    const keys = Array.from({ length: 3 }, (_, i) => b.cluster.family<typeof counter>('counters').get(`p${i}`))
    await Promise.all(keys.map(async (key) => key.count()))
    const tokens = await Promise.all(keys.map(async (key) => key.token()))
    await a.cluster.offer(['counter', 'counters'])
    await expect.poll(() => b.cluster.hosts().find(({ name }) => name === 'a')?.offers).toContain('counters')
    {
      await using _pressure = await simulatePressure(b.coordinator, 'high')
      await expect.poll(async () => Promise.all(keys.map(async (key) => key.where()))).toEqual(['a', 'a', 'a'])
      expect(await Promise.all(keys.map(async (key) => key.count()))).toEqual([2, 2, 2])
      const later = await Promise.all(keys.map(async (key) => key.token()))
      for (const [i, token] of later.entries()) expect(token).toBeGreaterThan(tokens[i] ?? 0)
      expect(a.cluster.hosts().find(({ name }) => name === 'b')?.level).toBe('high')
      const moves = a.cluster.moves().filter(({ from, kind }) => from === 'b' && kind === 'handed-over')
      expect(moves.map(({ why }) => why)).toContainEqual(expect.stringContaining('pressure of host "b" is high'))
      await expect(b.cluster.family<typeof counter>('forgetful').get('new').count()).rejects.toMatchObject({
        code: 'ERR_NO_HOST',
        message: expect.stringContaining('b is at high pressure') as string,
      })
    }
  })

  it('a host that leaves hands its keys over', async () => {
    const c = await join('c')
    await c.cluster.offer(['counters'])
    await expect.poll(() => a.cluster.hosts().find(({ name }) => name === 'c')?.offers).toEqual(['counters'])
    const remote = a.cluster.family<typeof counter>('counters')
    const keys = Array.from({ length: 12 }, (_, i) => `m${i}`)
    expect(await Promise.all(keys.map(async (key) => remote.get(key).count()))).toEqual(keys.map(() => 1))
    const before = await Promise.all(keys.map(async (key) => a.cluster.where('counters', key)))
    await c.cluster.leave()
    expect(before).toContain('c')
    const after = await Promise.all(keys.map(async (key) => remote.get(key).where()))
    expect(after).not.toContain('c')
    expect(await Promise.all(keys.map(async (key) => remote.get(key).count()))).toEqual(keys.map(() => 2))
    expect(a.cluster.moves().filter(({ kind, from }) => kind === 'handed-over' && from === 'c').length).toBe(
      before.filter((host) => host === 'c').length,
    )
  })

  it('an offer is over when what was offered is unregistered, whatever has its name then', async () => {
    const { coordinator, cluster } = b
    const offered = (): boolean | undefined =>
      a.cluster
        .hosts()
        .find(({ name }) => name === 'b')
        ?.offers.includes('shape')
    const component = a.cluster.component<typeof counter>('shape')
    const member = a.cluster.family<typeof counter>('shape').get('k')
    const register = (host: string): unknown =>
      coordinator.registerComponent<typeof counter>({ name: 'shape', module, config: { host } })
    register('offered')
    await cluster.offer(['shape'])
    await expect.poll(offered).toBe(true)
    expect(await component.where()).toBe('offered')

    await coordinator.unregisterComponent('shape')
    register('private')
    await expect.poll(offered).toBe(false)
    await expect(component.where()).rejects.toMatchObject({ code: 'ERR_NO_HOST' })

    await coordinator.unregisterComponent('shape')
    const config = (): { host: string } => ({ host: 'family' })
    const family = coordinator.registerFamily<typeof counter>({ name: 'shape', module, config })
    await cluster.offer(['shape'])
    await expect.poll(offered).toBe(true)
    expect(await member.where()).toBe('family')
    expect(await a.cluster.where('shape', 'k')).toBe('b')

    await coordinator.unloadComponent('shape:k')
    expect(await a.cluster.where('shape', 'k')).toBe('b')
    await family.unregister()
    await expect.poll(async () => a.cluster.where('shape', 'k')).toBeUndefined()
    expect(offered()).toBe(false)
  })

  it('a host that leaves waits for streams', async () => {
    const d = await join('d')
    const config = { host: 'd' }
    d.coordinator.registerComponent<typeof counter>({ name: 'pacer', module, config })
    await d.cluster.offer(['pacer'])
    await expect.poll(() => a.cluster.hosts().find(({ name }) => name === 'd')?.offers).toEqual(['pacer'])
    const stream = await a.cluster.component<typeof counter>('pacer').paced(30)
    const numbers: number[] = []
    let left: Promise<void> | undefined
    for await (const number of stream) {
      numbers.push(number)
      left ??= d.cluster.leave()
    }
    await left
    expect(numbers).toHaveLength(30)
  })

  it('a coordinator is in one cluster, and joins one at a time', async () => {
    const refusal = { code: 'ERR_INVALID_OPTIONS', option: 'coordinator' }
    const options = { servers: server.url, subjectPrefix: 'other' }
    await expect(joinCluster(a.coordinator, options)).rejects.toMatchObject(refusal)
    const coordinator = quietCoordinator()
    const joining = joinCluster(coordinator, options)
    await expect(joinCluster(coordinator, options)).rejects.toMatchObject(refusal)
    const cluster = await joining
    await cluster.leave()
    hosts.push({ coordinator, cluster: await joinCluster(coordinator, options) })
  })

  it('who shuts down leaves first, and nothing is left of him', async () => {
    for (const { coordinator } of hosts) await coordinator.shutdown()
    expect(hosts.flatMap(({ cluster }) => cluster.keys())).toEqual(hosts.map(() => 0))
    await expect.poll(async () => server.monitor('connz')).toMatchObject({ num_connections: 0 })
    await expect(a.cluster.component<typeof counter>('counter').where()).rejects.toMatchObject({
      code: 'ERR_COORDINATOR_SHUTDOWN',
    })
  })
})
