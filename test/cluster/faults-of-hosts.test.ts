import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { joinCluster } from '../../src/cluster/index.ts'
import { isComponentCrashedError, withCallOptions } from '../../src/index.ts'
import { Stalls } from '../nemesis/stalls.ts'
import { quietCoordinator, rejection } from '../support/coordinator.ts'
import { NatsServer } from '../support/nats-server.ts'
import { describeWithNats } from '../support/with-nats.ts'
import { contradictions, Load, unexpected } from './host/load.ts'
import { ManyHosts } from './host/many.ts'
import { begun, violations } from './host/record.ts'
import type { Answer } from './host/recording.ts'

/** ms */
const claimTtl = 1_500

describeWithNats('hosts of a cluster', () => {
  let server: NatsServer
  let folder: string
  let many: ManyHosts
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'spillway-test-'))
    server = await NatsServer.start()
    many = await ManyHosts.start(['a', 'b'], { servers: server.url, claimTtl, folder })
  })
  afterAll(async () => {
    await many[Symbol.asyncDispose]()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  afterEach(() => {
    const [first] = violations(many.record)
    if (first !== undefined) throw new Error(first)
  })

  /** A call that is asked again, under another name, until somebody answers it. */
  async function answered(what: string, make: (call: string) => Promise<Answer>): Promise<Answer> {
    for (;;) {
      try {
        return await make(many.call(what))
      } catch (error) {
        if (unexpected([{ error }]).length > 0) throw error
      }
    }
  }

  it('one that is killed under load takes only what it had begun with it', async () => {
    using stalls = new Stalls()
    for (const name of ['a', 'b']) await many.host(name).ask('load', 'counter')
    const load = new Load(
      16,
      () => many.call(),
      async (call) => many.counter.slow(call, 50),
    )
    // Both of them serve.
    await expect.poll(() => new Set(load.outcomes.flatMap(({ host }) => host ?? [])).size).toBe(2)
    const owned = await Promise.all(
      ['p', 'q', 'r', 's', 't', 'u'].map(async (key) => ({ key, ...(await many.ledger(key).count(many.call(key))) })),
    )
    const lost = owned.find(({ host }) => host === 'a')
    expect(lost).toBeDefined()
    const pending = rejection(many.ledger(lost?.key ?? '').slow('in-flight', 60_000))
    await expect.poll(() => begun(many.record).some(({ call }) => call === 'in-flight')).toBe(true)

    const killed = performance.now()
    const stalled = stalls.total
    const late = (): number => performance.now() - killed - (stalls.total - stalled)
    await many.host('a').kill()
    expect((await answered('next', async (call) => many.counter.count(call))).host).toBe('b')
    expect(late()).toBeLessThan(1_000)
    const next = await answered('next', async (call) => many.ledger(lost?.key ?? '').count(call))
    expect(late()).toBeLessThan(claimTtl + 1_000)
    expect(next.host).toBe('b')
    expect(next.token).toBeGreaterThan(lost?.token ?? Number.POSITIVE_INFINITY)
    expect(await pending).toMatchObject({ reason: 'host-gone', outcome: 'unknown', host: 'a' })

    const outcomes = await load.stop()
    const errors = outcomes.flatMap(({ error }) => (error === undefined ? [] : [error]))
    expect(errors.length).toBeGreaterThan(0)
    for (const error of errors) expect(error).toMatchObject({ reason: 'host-gone', outcome: 'unknown', host: 'a' })
    expect(contradictions(outcomes, many.record)).toEqual([])
    await many.add('a')
  })

  it('one that stood still for longer than its claims begins nothing more under them', async () => {
    const key = 'frozen'
    const first = await answered('first', async (call) => many.ledger(key).count(call))
    const owner = many.host(first.host)
    const late = many.call('late')
    const lateRejection = rejection(many.ledger(key).write(late, 200))
    await expect.poll(() => begun(many.record).some(({ call }) => call === late)).toBe(true)
    using stalls = new Stalls()
    const stopped = performance.now()
    owner.stop()
    // Sent to it while it stands, and still there when it goes on.
    const queued = Array.from({ length: 20 }, () => many.call('queued'))
    const answers = queued.map(async (call) =>
      many
        .ledger(key)
        .count(call)
        .catch((error: unknown) => error),
    )
    const next = await answered('next', async (call) => many.ledger(key).count(call))
    expect(performance.now() - stopped - stalls.total).toBeLessThan(claimTtl + 1_000)
    expect(next.host).not.toBe(first.host)
    expect(next.token).toBeGreaterThan(first.token ?? Number.POSITIVE_INFINITY)
    expect(await lateRejection).toSatisfy(isComponentCrashedError)
    owner.continue()
    // What had begun goes on, and the store refuses it; its answer reaches nobody, who have been told already.
    await expect.poll(() => many.record.find(({ call, what }) => call === late && what === 'refused')).toBeDefined()
    expect(await owner.ask('where', 'ledger', key)).toBe(next.host)
    await Promise.all(answers)
    const after = await many.ledger(key).count(many.call('after'))
    expect(after).toMatchObject({ host: next.host, token: next.token })
    expect(begun(many.record).filter(({ call, token }) => queued.includes(call) && token === first.token)).toEqual([])
    // It takes part again.
    await expect.poll(() => many.cluster.hosts().map(({ name }) => name)).toContain(owner.name)
  })

  it('one whose main thread stands still loses nothing in a while, and begins nothing after its claims', async () => {
    const key = 'slow'
    const first = await answered('first', async (call) => many.ledger(key).count(call))
    const owner = many.host(first.host)
    await owner.ask('stall', claimTtl / 3)
    expect(await many.ledger(key).count(many.call('while'))).toMatchObject({ host: first.host, token: first.token })

    // Its worker goes on, with calls that wait for their turn there.
    const waiting = Array.from({ length: 12 }, () => many.call('waiting'))
    const load = waiting.map(async (call) =>
      many
        .ledger(key)
        .block(call, 300)
        .catch((error: unknown) => error),
    )
    await expect.poll(() => begun(many.record).some(({ call }) => call === waiting[0])).toBe(true)
    await owner.ask('stall', claimTtl + 500)
    const next = await answered('next', async (call) => many.ledger(key).count(call))
    expect(next.host).not.toBe(first.host)
    await Promise.all(load)
    expect(begun(many.record).filter(({ call }) => waiting.includes(call)).length).toBeLessThan(waiting.length)
  })

  it('a call has its deadline, whatever its host does', async () => {
    const first = await answered('first', async (call) => many.ledger('deadline').count(call))
    const owner = many.host(first.host)
    owner.stop()
    const began = performance.now()
    using stalls = new Stalls()
    const error = await rejection(withCallOptions(many.ledger('deadline'), { timeout: 300 }).count(many.call()))
    expect(error).toMatchObject({ code: 'ERR_CALL_TIMEOUT' })
    expect(performance.now() - began - stalls.total).toBeLessThan(1_300)
    owner.continue()
  })

  it('of one name, the second is refused', async () => {
    await using coordinator = quietCoordinator()
    const error = await rejection(joinCluster(coordinator, { servers: server.url, name: 'a', claimTtl }))
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTIONS', option: 'name' })
    expect((await answered('still', async (call) => many.counter.count(call))).host).toMatch(/^[ab]$/)
  })

  it('with another claimTtl are refused', async () => {
    await using coordinator = quietCoordinator()
    const error = await rejection(joinCluster(coordinator, { servers: server.url, name: 'c', claimTtl: claimTtl + 1 }))
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTIONS', option: 'claimTtl' })
  })
})
