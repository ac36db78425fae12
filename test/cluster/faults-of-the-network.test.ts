import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { withCallOptions } from '../../src/index.ts'
import { NatsServer } from '../support/nats-server.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { describeWithNats } from '../support/with-nats.ts'
import { contradictions, Load, unexpected } from './host/load.ts'
import { ManyHosts } from './host/many.ts'
import { violations } from './host/record.ts'
import type { Answer } from './host/recording.ts'

/** ms */
const claimTtl = 1_500
const deadline = 10_000

interface Setting extends AsyncDisposable {
  readonly servers: readonly NatsServer[]
  readonly many: ManyHosts
  readonly proxy: TcpProxy
}

/** The caller goes through a proxy; hosts do not. */
async function setting(servers: readonly NatsServer[]): Promise<Setting> {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-test-'))
  const urls = servers.map(({ url }) => url)
  const proxy = await TcpProxy.start((servers[0] as NatsServer).port)
  const many = await ManyHosts.start(['a', 'b'], {
    servers: urls,
    claimTtl,
    folder,
    ...(servers.length === 1 && { callerServers: proxy.url }),
  })
  return {
    servers,
    many,
    proxy,
    async [Symbol.asyncDispose](): Promise<void> {
      await many[Symbol.asyncDispose]()
      await proxy[Symbol.asyncDispose]()
      await Promise.all(servers.map(async (server) => server.stop()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Calls of the component and of four keys, all the time. */
function loads(many: ManyHosts): Load[] {
  const bounded = { timeout: deadline }
  const make: ((call: string) => Promise<Answer>)[] = [
    async (call) => withCallOptions(many.counter, bounded).slow(call, 5),
    ...['k', 'l', 'm', 'n'].map(
      (key) => async (call: string) => withCallOptions(many.ledger(key), bounded).count(call),
    ),
  ]
  return make.map((each) => new Load(4, () => many.call(), each))
}

/** Each of them has been answered so many times more. */
async function goOn(running: readonly Load[]): Promise<void> {
  const before = running.map(({ answered }) => answered)
  await expect
    .poll(() => running.every((load, i) => load.answered >= (before[i] ?? 0) + 20), { timeout: 20_000 })
    .toBe(true)
}

/** What is wrong when all have settled. */
async function endAndJudge(running: readonly Load[], many: ManyHosts): Promise<unknown[]> {
  const outcomes = (await Promise.all(running.map(async (load) => load.stop()))).flat()
  const { record } = many
  const late = outcomes.filter(({ took }) => took > deadline + 5_000).map(({ call }) => `${call} settled late`)
  return [...unexpected(outcomes), ...contradictions(outcomes, record), ...violations(record), ...late]
}

describeWithNats('a cluster on one server', () => {
  let at: Setting
  beforeAll(async () => {
    at = await setting([await NatsServer.start()])
  })
  afterAll(async () => at[Symbol.asyncDispose]())

  it('goes on after the server was restarted', async () => {
    const running = loads(at.many)
    await goOn(running)
    await at.servers[0]?.restart()
    await goOn(running)
    await at.servers[0]?.kill()
    await at.servers[0]?.restart()
    await goOn(running)
    expect(await endAndJudge(running, at.many)).toEqual([])
  })

  it('loses no call and runs none twice where messages are lost with a connection', async () => {
    const running = loads(at.many)
    for (let times = 0; times < 5; times++) {
      await goOn(running)
      at.proxy.cut()
    }
    await goOn(running)
    expect(await endAndJudge(running, at.many)).toEqual([])
  })

  it('a stream over a connection that is lost goes on without a gap, or says that it cannot', async () => {
    const read: number[] = []
    let isEnough = false
    const reading = (async (): Promise<void> => {
      for await (const number of at.many.counter.numbers(at.many.call('stream'), 1_000_000)) {
        read.push(number)
        if (isEnough) return
      }
      throw new Error('It ended as if that were all')
    })()
    let failure: unknown
    const over = reading.catch((error: unknown) => (failure = error))
    await expect.poll(() => read.length).toBeGreaterThan(100)
    at.proxy.cut()
    const before = read.length
    await expect.poll(() => failure !== undefined || read.length > before + 100, { timeout: 20_000 }).toBe(true)
    isEnough = true
    await over
    expect(read).toEqual(read.map((_, i) => i))
    // Undefined: it goes on.
    expect([undefined, 'host-gone']).toContain((failure as { reason?: string } | undefined)?.reason)
  })
})

describeWithNats('a cluster on three servers', () => {
  let at: Setting
  beforeAll(async () => {
    at = await setting(await NatsServer.cluster())
  })
  afterAll(async () => at[Symbol.asyncDispose]())

  it('keeps its claims three times, and goes on when one of the servers is killed', async () => {
    const [first] = at.servers as [NatsServer, ...NatsServer[]]
    const running = loads(at.many)
    await goOn(running)
    const { account_details: accounts } = (await first.monitor('jsz?streams=true&config=true')) as {
      account_details: { stream_detail: { config: { name: string; num_replicas: number } }[] }[]
    }
    const buckets = accounts.flatMap(({ stream_detail }) => stream_detail.map(({ config }) => config))
    expect(buckets).toEqual([expect.objectContaining({ name: 'KV_spillway-owners', num_replicas: 3 })])
    await first.kill()
    await goOn(running)
    expect(await endAndJudge(running, at.many)).toEqual([])
  })
})
