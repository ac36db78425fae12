import { connect } from '@nats-io/transport-node'
import type { NatsConnection } from '@nats-io/transport-node'
import { jetstreamManager } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import { randomUUID } from 'node:crypto'
import { afterAll, assert, beforeAll, expect, it, vi } from 'vitest'
import { monotonicNow } from '../../src/base/monotonic.ts'
import { Claims } from '../../src/cluster/claims/claims.ts'
import type { ClaimsOptions, Tenure } from '../../src/cluster/claims/claims.ts'
import { isInvalidOptionsError, isNoHostError } from '../../src/contract/errors.ts'
import { NatsServer } from '../support/nats-server.ts'
import { Relay } from '../support/relay.ts'
import { describeWithNats } from '../support/with-nats.ts'

const newBucket = (): string => `b-${randomUUID()}`
/** ms: long enough for renewals on a busy machine. */
const claimTtl = 6_000
/** For tests that wait for the end of a claim. */
const short = { claimTtl: 1_500 }
/** For so much of it an owner believes in it: clocks that run alike differ a little. */
const valid = 0.999

interface Host {
  readonly claims: Claims
  readonly lost: { readonly key: string; readonly why: string }[]
  readonly connection: NatsConnection
}

describeWithNats('claims', () => {
  let server: NatsServer
  const left: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    server = await NatsServer.start()
  })
  afterAll(async () => {
    for (const leave of left.toReversed()) await leave()
    await server.stop()
  })

  async function host(
    bucket: string,
    name: string,
    { url = server.url, ...options }: Partial<ClaimsOptions> & { url?: string } = {},
  ): Promise<Host> {
    const connection = await connect({ servers: url, reconnectTimeWait: 50, maxReconnectAttempts: -1 })
    const lost: { key: string; why: string }[] = []
    const claims = await Claims.open({
      connection,
      bucket,
      self: { name, session: `${name}-${randomUUID()}` },
      claimTtl,
      onLost: ({ key }, why) => lost.push({ key, why }),
      logger: { warn: () => {} },
      ...options,
    })
    left.push(async () => connection.close())
    left.push(async () => claims[Symbol.asyncDispose]())
    return { claims, lost, connection }
  }

  async function owned({ claims }: Host, key: string): Promise<Tenure> {
    const claimed = await claims.claim('books', key)
    if (claimed.status !== 'owned') throw new Error(`${key} is owned by ${claimed.owner.name}`)
    return claimed.tenure
  }
  const untilRenewed = async ({ claims }: Host, key: string, { revision }: Tenure): Promise<void> =>
    vi.waitFor(() => assert((claims.tenure('books', key)?.revision ?? 0) > revision), 10_000)

  it.concurrent('give a key to one host of many that want it, for as long as it is renewed', async ({ expect }) => {
    const bucket = newBucket()
    const hosts = await Promise.all(['a', 'b', 'c'].map(async (name) => host(bucket, name, { claimTtl: 3_000 })))
    const before = monotonicNow()
    const claimed = await Promise.all(hosts.map(async ({ claims }) => claims.claim('books', 'BTC/USD \u{1F600}')))
    const owners = claimed.filter(({ status }) => status === 'owned')
    expect(owners).toHaveLength(1)
    const winner = hosts[claimed.findIndex(({ status }) => status === 'owned')] as Host
    const tenure = winner.claims.tenure('books', 'BTC/USD \u{1F600}') as Tenure
    expect(tenure.until - before).toBeGreaterThanOrEqual(3_000 * valid)
    expect(tenure.until).toBeLessThan(monotonicNow() + 3_000)
    for (const each of claimed.filter(({ status }) => status === 'elsewhere')) {
      expect(each).toMatchObject({ token: tenure.token, owner: await ownerIn(winner) })
    }
    await untilRenewed(winner, tenure.key, tenure)
    expect(monotonicNow()).toBeLessThan(tenure.until)
    await expect.poll(() => monotonicNow() > tenure.until).toBe(true)
    expect(winner.claims.list()).toMatchObject([{ key: tenure.key, token: tenure.token }])
    expect(await hosts.at(-1)?.claims.owner('books', tenure.key)).toMatchObject({ token: tenure.token })
    expect(winner.lost).toEqual([])

    async function ownerIn({ claims }: Host): Promise<object> {
      return (await claims.owner('books', tenure.key))?.owner ?? {}
    }
  })

  it.concurrent('take names as long as names can be, and refuse what is none', async ({ expect }) => {
    const bucket = newBucket()
    const a = await host(bucket, 'a')
    const long = '\u{1F600}'.repeat(200)
    expect(await a.claims.claim(long, long)).toMatchObject({ status: 'owned' })
    await expect(a.claims.claim('books', 'a\nb')).rejects.toSatisfy(isInvalidOptionsError)
    await expect(a.claims.owner('', 'a')).rejects.toSatisfy(isInvalidOptionsError)
  })

  it.concurrent('that are given back are free at once, with a larger token', async ({ expect }) => {
    const bucket = newBucket()
    const [a, b] = [await host(bucket, 'a'), await host(bucket, 'b')]
    const first = await owned(a, 'x')
    await untilRenewed(a, 'x', first)
    await a.claims.giveBack('books', 'x')
    expect(a.claims.tenure('books', 'x')).toBeUndefined()
    const second = await owned(b, 'x')
    expect(second.token).toBeGreaterThan(first.token)
    await b.claims[Symbol.asyncDispose]()
    expect((await owned(a, 'x')).token).toBeGreaterThan(second.token)
    expect([...a.lost, ...b.lost]).toEqual([])
  })

  it.concurrent('of a host that is gone are free when their time is over, and no longer', async ({ expect }) => {
    const bucket = newBucket()
    const [a, b] = [await host(bucket, 'a', short), await host(bucket, 'b', short)]
    const first = await owned(a, 'x')
    await a.connection.close()
    const claimed = await b.claims.claimWhenFree('books', 'x')
    const late = monotonicNow() - first.until
    expect(claimed).toMatchObject({ status: 'owned' })
    expect(late).toBeGreaterThanOrEqual(0)
    await expect.poll(() => a.lost).toMatchObject([{ key: 'x', why: 'it was not renewed in time' }])
    expect(a.claims.tenure('books', 'x')).toBeUndefined()
  })

  it.concurrent('are not waited for when somebody else has them, or nobody wants to wait', async ({ expect }) => {
    const bucket = newBucket()
    const [a, b, c] = [await host(bucket, 'a'), await host(bucket, 'b'), await host(bucket, 'c')]
    await owned(a, 'x')
    const leaving = new AbortController()
    const [waiting, given] = [b.claims.claimWhenFree('books', 'x'), c.claims.claimWhenFree('books', 'x', leaving)]
    leaving.abort()
    await expect(given).rejects.toThrow('aborted')
    const tenure = (await a.claims.suspend('books', 'x')) as Tenure
    const taken = await c.claims.take('books', 'x', tenure.revision)
    a.claims.drop('books', 'x')
    expect(await waiting).toMatchObject({ status: 'elsewhere', owner: { name: 'c' }, token: taken?.token })
  })

  it.concurrent('are handed over with a larger token, and nobody is told that they were lost', async ({ expect }) => {
    const bucket = newBucket()
    const [a, b, c] = [await host(bucket, 'a'), await host(bucket, 'b'), await host(bucket, 'c')]
    const first = await owned(a, 'x')
    const given = (await a.claims.suspend('books', 'x')) as Tenure
    expect(given.revision).toBeGreaterThan(first.revision)
    const taken = await b.claims.take('books', 'x', given.revision)
    a.claims.drop('books', 'x')
    expect(taken?.token).toBeGreaterThan(first.token)
    expect(await c.claims.take('books', 'x', given.revision)).toBeUndefined()
    expect(await a.claims.claim('books', 'x')).toMatchObject({ status: 'elsewhere', token: taken?.token })
    await untilRenewed(b, 'x', taken as Tenure)
    expect([...a.lost, ...b.lost]).toEqual([])
  })

  it.concurrent('that are not handed over after all go on', async ({ expect }) => {
    const bucket = newBucket()
    const a = await host(bucket, 'a')
    const first = await owned(a, 'x')
    const suspended = await a.claims.suspend('books', 'x')
    const resumed = await a.claims.resume('books', 'x')
    expect(resumed?.revision).toBeGreaterThan(suspended?.revision ?? 0)
    await untilRenewed(a, 'x', resumed as Tenure)
    expect(a.claims.tenure('books', 'x')?.token).toBe(first.token)
  })

  it.concurrent('that are suspended and never handed over are lost when their time is over', async ({ expect }) => {
    const bucket = newBucket()
    const a = await host(bucket, 'a', short)
    await owned(a, 'x')
    await a.claims.suspend('books', 'x')
    await expect.poll(() => a.lost).toMatchObject([{ key: 'x', why: 'it was not renewed in time' }])
    expect(await a.claims.resume('books', 'x')).toBeUndefined()
  })

  it.concurrent('that somebody writes over are lost at the next renewal, and free when what was written is over', async ({
    expect,
  }) => {
    const bucket = newBucket()
    const a = await host(bucket, 'a', { claimTtl: 3_000 })
    const first = await owned(a, 'x')
    await (await new Kvm(a.connection).open(bucket)).delete('Ym9va3M.eA')
    await expect.poll(() => a.lost).toMatchObject([{ key: 'x', why: expect.stringContaining('removed it') }])
    expect((await owned(a, 'x')).token).toBeGreaterThan(first.token)
  })

  it.concurrent('are renewed again where answers are lost with the connection, a thousand of them', async ({
    expect,
  }) => {
    const bucket = newBucket()
    await using relay = await Relay.to(server.port)
    const a = await host(bucket, 'a', { url: relay.url })
    const keys = Array.from({ length: 1_000 }, (_, i) => `k${i}`)
    const first = await Promise.all(keys.map(async (key) => owned(a, key)))
    relay.hold()
    const b = await host(bucket, 'b')
    // Its renewals arrive, and it does not hear of it.
    await expect.poll(async () => (await b.claims.owner('books', 'k999'))?.token).toBe(first.at(-1)?.token)
    await expect.poll(() => monotonicNow() > (first[0]?.until ?? 0) - claimTtl + claimTtl / 3 + 100).toBe(true)
    relay.cut()
    await expect.poll(() => a.claims.list().filter(({ until }, i) => until > (first[i]?.until ?? 0)).length).toBe(1_000)
    expect(a.claims.list().map(({ token }) => token)).toEqual(first.map(({ token }) => token))
    expect(a.lost).toEqual([])
  })

  it.concurrent('whose answer was lost count from before they were sent', async ({ expect }) => {
    const bucket = newBucket()
    await using relay = await Relay.to(server.port)
    const a = await host(bucket, 'a', { url: relay.url })
    const b = await host(bucket, 'b')
    relay.hold()
    const before = monotonicNow()
    const claiming = owned(a, 'x')
    await expect.poll(async () => b.claims.owner('books', 'x')).toBeDefined()
    const written = monotonicNow()
    relay.cut()
    const tenure = await claiming
    expect(tenure.until - claimTtl * valid).toBeGreaterThanOrEqual(before)
    expect(tenure.until - claimTtl * valid).toBeLessThan(written)
    expect(tenure.token).toBe((await b.claims.owner('books', 'x'))?.token)
  })

  it('outlive a restart of the server', async () => {
    const bucket = newBucket()
    const a = await host(bucket, 'a', { claimTtl: 9_000 })
    const first = await owned(a, 'x')
    await server.restart()
    await untilRenewed(a, 'x', first)
    expect(a.claims.tenure('books', 'x')).toMatchObject({ token: first.token })
    expect(a.lost).toEqual([])
  })

  it.concurrent('are renewed by answers that come late, as long as the claim is not over', async ({ expect }) => {
    const bucket = newBucket()
    await using relay = await Relay.to(server.port)
    const a = await host(bucket, 'a', { url: relay.url, ...short })
    const first = await owned(a, 'x')
    // Longer than an answer is waited for before a renewal is sent again.
    relay.delay = 400
    await expect.poll(() => monotonicNow() > first.until + short.claimTtl).toBe(true)
    expect(a.claims.tenure('books', 'x')).toMatchObject({ token: first.token })
    expect(a.lost).toEqual([])
  })

  it.concurrent('are made again where the server has lost what it stored, with larger tokens', async ({ expect }) => {
    await using forgetful = await NatsServer.start()
    const bucket = newBucket()
    const [a, b] = [await host(bucket, 'a', { url: forgetful.url }), await host(bucket, 'b', { url: forgetful.url })]
    for (let i = 0; i < 20; i++) {
      await owned(a, 'x')
      await a.claims.giveBack('books', 'x')
    }
    const before = await owned(a, 'x')
    expect(before.token).toBeLessThan(Number.MAX_SAFE_INTEGER)
    await forgetful.restartEmpty()
    // Both notice it at once.
    const [other, again] = await Promise.all([owned(a, 'y'), owned(b, 'x'), owned(b, 'z')])
    expect(await b.claims.owner('books', 'y')).toMatchObject({ token: other.token, owner: { name: 'a' } })
    expect(again.token).toBeGreaterThan(before.token)
    expect(other.token).toBeGreaterThan(before.token)
    expect(again.revision).toBeLessThan(before.revision)
    // Also where the one who claims has not been disconnected, and has seen no larger revision.
    const manager = await jetstreamManager(b.connection)
    await manager.streams.delete(`KV_${bucket}`)
    expect(await a.claims.owner('books', 'x')).toBeUndefined()
    const c = await host(bucket, 'c', { url: forgetful.url })
    for (const key of ['1', '2', '3', '4', '5', '6']) await owned(c, key)
    const largest = c.claims.tenure('books', '6')?.token ?? 0
    expect(largest).toBeGreaterThan(again.token)
    expect((await owned(b, '7')).token).toBeGreaterThan(largest)
    expect(await b.claims.owner('books', '6')).toMatchObject({ token: largest })
    await expect.poll(() => a.lost).toMatchObject([{ key: 'x' }])
    for (const each of [a, b, c]) await each.claims[Symbol.asyncDispose]()
  })

  it.concurrent('cannot be made where nobody answers, and that says what to look at', async ({ expect }) => {
    const bucket = newBucket()
    await using relay = await Relay.to(server.port)
    const a = await host(bucket, 'a', { url: relay.url, ...short })
    relay.hold()
    await expect(a.claims.claim('books', 'x')).rejects.toSatisfy(
      (error) => isNoHostError(error) && error.message.includes('nats-server -js'),
    )
    await expect(a.claims.owner('books', 'x')).rejects.toSatisfy(isNoHostError)
    relay.cut()
  })

  it.concurrent('are refused to hosts with another claimTtl', async ({ expect }) => {
    const bucket = newBucket()
    await host(bucket, 'a', short)
    await expect(host(bucket, 'b', { claimTtl: 2_000 })).rejects.toSatisfy(
      (error) => isInvalidOptionsError(error) && error.option === 'claimTtl' && error.message.includes('expected 1500'),
    )
  })
})
