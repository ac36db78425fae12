import { setImmediate as turn } from 'node:timers/promises'
import { MessageChannel } from 'node:worker_threads'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  CoordinatorShutdownError,
  InvalidOptionsError,
  LockTimeoutError,
  StaleLockError,
} from '../../../src/contract/errors.ts'
import { ServedCall } from '../../../src/channel/call-context.ts'
import { LockManager } from '../../../src/locks/lock-manager.ts'
import type { LockClientMessage, LockServerMessage } from '../../../src/locks/lock-protocol.ts'
import {
  createLockClient,
  serveLocks,
  type LockClient,
  type LockClientOptions,
  type LockServer,
} from '../../../src/locks/remote-locks.ts'

interface Connection {
  readonly client: LockClient
  readonly server: LockServer
}

const open: (() => void)[] = []

afterEach(() => {
  for (const close of open.splice(0)) close()
  vi.useRealTimers()
})

/** A client and a server at the two ends of a real channel. */
function connect(manager: LockManager, owner: string, options?: LockClientOptions): Connection {
  const { port1, port2 } = new MessageChannel()
  const client = createLockClient((message) => port1.postMessage(message), options)
  const server = serveLocks(manager, owner, (message) => port2.postMessage(message))
  port1.on('message', (message: LockServerMessage) => client.handle(message))
  port2.on('message', (message: LockClientMessage) => server.handle(message))
  open.push(() => port1.close())
  return { client, server }
}

/** Until the manager shows what is expected; the deadline is the test's. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn()
}

describe('remote locks', () => {
  it('are the locks of the manager, under the name of their owner', async () => {
    using manager = new LockManager()
    const { client } = connect(manager, 'component:orders#3')
    const lease = await client.acquire('a', { mode: 'shared' })
    expect(lease).toMatchObject({ name: 'a', mode: 'shared', held: true })
    expect(manager.list()).toMatchObject([{ holders: [{ owner: 'component:orders#3', token: lease.token }] }])
    await client.verify('a', lease.token)
    const mine = manager.acquire('a')
    lease.release()
    expect((await mine).token).toBeGreaterThan(lease.token)
    await expect(client.verify('a', lease.token)).rejects.toBeInstanceOf(StaleLockError)
  })

  it('exclude two components from each other, in order', async () => {
    using manager = new LockManager()
    const one = connect(manager, 'component:one#1').client
    const two = connect(manager, 'component:two#1').client
    let inside = 0
    let most = 0
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        using _lease = await (i % 2 === 0 ? one : two).acquire('a')
        inside += 1
        most = Math.max(most, inside)
        await turn()
        inside -= 1
      }),
    )
    expect(most).toBe(1)
    await until(() => manager.stats().held === 0)
  })

  it('reject as the manager does, with its message', async () => {
    using manager = new LockManager()
    const { client } = connect(manager, 'component:x#1')
    using _held = await manager.acquire('a')
    const error = await client.acquire('a', { timeout: 20 }).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(LockTimeoutError)
    expect(error).toMatchObject({ lock: 'a', timeout: 20, message: expect.stringContaining('held by main (for ') })
    await expect(client.acquire('')).rejects.toBeInstanceOf(InvalidOptionsError)
    await expect(client.acquire('a', { timeout: Number.NaN })).rejects.toBeInstanceOf(InvalidOptionsError)
    const waiting = client.acquire('a')
    await until(() => manager.stats().waiting === 1)
    manager.close()
    await expect(waiting).rejects.toBeInstanceOf(CoordinatorShutdownError)
  })

  it('pass on what the manager refuses of a message', async () => {
    using manager = new LockManager()
    const replies: LockServerMessage[] = []
    const server = serveLocks(manager, 'component:x#1', (message) => replies.push(message))
    server.handle({ op: 'acquire', id: 1, name: '', mode: 'exclusive', timeout: 5, session: undefined })
    server.handle({ op: 'verify', id: 2, name: 'a', token: 0.5 })
    await until(() => replies.length === 2)
    expect(replies.toSorted((a, b) => a.id - b.id)).toMatchObject([
      { op: 'rejected', id: 1, error: { kind: 'invalid', option: 'name' } },
      { op: 'rejected', id: 2, error: { kind: 'invalid', option: 'token' } },
    ])
  })

  it('end a wait, or give back a grant that crossed with it, on an abort', async () => {
    using manager = new LockManager()
    const { client } = connect(manager, 'component:x#1')
    const held = await manager.acquire('a')
    const controller = new AbortController()
    const waiting = client.acquire('a', { signal: controller.signal })
    await until(() => manager.stats().waiting === 1)
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await until(() => manager.stats().waiting === 0)
    held.release()
    const crossing = new AbortController()
    const granted = client.acquire('a', { signal: crossing.signal })
    crossing.abort()
    await expect(granted).rejects.toMatchObject({ name: 'AbortError' })
    await client.verify('a', 1).catch(() => undefined)
    expect(manager.stats()).toMatchObject({ held: 0, waiting: 0 })
  })

  it('take several at once, all or none', async () => {
    using manager = new LockManager()
    const { client } = connect(manager, 'component:x#1')
    {
      using all = await client.acquireAll(['b', 'a'])
      expect(all.leases.map((lease) => lease.name)).toEqual(['a', 'b'])
    }
    using _held = await manager.acquire('b')
    await expect(client.acquireAll(['a', 'b'], { timeout: 10 })).rejects.toMatchObject({ lock: 'b' })
    await until(() => manager.stats().held === 1)
  })

  it('find deadlocks between components', async () => {
    using manager = new LockManager()
    const one = connect(manager, 'component:one#1').client.session('one')
    const two = connect(manager, 'component:two#1').client.session('two')
    await one.acquire('a')
    await two.acquire('b')
    const older = one.acquire('b')
    await until(() => manager.stats().waiting === 1)
    const error = await two.acquire('a').catch((e: unknown) => e)
    expect(error).toBeInstanceOf(LockTimeoutError)
    expect(error).toMatchObject({
      cycle: [`component:two#1/${two.id}`, 'a', `component:one#1/${one.id}`, 'b', `component:two#1/${two.id}`],
    })
    two[Symbol.dispose]()
    expect((await older).held).toBe(true)
  })

  it('take the session of an acquire from the caller who knows it', async () => {
    using manager = new LockManager()
    let call: ServedCall | undefined = new ServedCall()
    const { session } = call
    const { client } = connect(manager, 'component:x#1', { currentCaller: () => call })
    await client.acquire('a')
    call = undefined
    await client.acquire('b')
    expect(manager.list().map((lock) => lock.holders[0]?.session)).toEqual([session, undefined])
  })

  it('belong to the component once the call that took them is over', async () => {
    using manager = new LockManager()
    const call = new ServedCall()
    const { client } = connect(manager, 'component:x#1', { currentCaller: () => call })
    const sessions = (): unknown[] => manager.list().flatMap(({ holders }) => holders.map(({ session }) => session))
    const lease = await client.acquire('a')
    await client.acquireAll(['b', 'c'])
    ;(await client.acquire('d')).release()
    expect(new Set(sessions())).toEqual(new Set([call.session]))
    call.end()
    await until(() => sessions().every((session) => session === undefined))
    expect(sessions()).toHaveLength(3)
    lease.release()
    await until(() => sessions().length === 2)
  })

  it('tell the lease when it is taken away', async () => {
    using manager = new LockManager()
    const { client } = connect(manager, 'component:x#1')
    const lease = await client.acquire('a')
    manager.forceRelease('a')
    await until(() => !lease.held)
    expect(lease.signal.reason).toBeInstanceOf(StaleLockError)
    lease.release()
    const again = await client.acquire('a')
    expect(again.token).toBeGreaterThan(lease.token)
  })

  it('tell it also when the lock is taken away before the grant was sent', async () => {
    using manager = new LockManager()
    const replies: LockServerMessage[] = []
    const server = serveLocks(manager, 'component:x#1', (message) => replies.push(message))
    server.handle({ op: 'acquire', id: 1, name: 'a', mode: 'exclusive', timeout: 5, session: undefined })
    manager.forceRelease('a')
    await until(() => replies.length === 2)
    expect(replies.map((reply) => reply.op)).toEqual(['granted', 'revoked'])
  })

  it('are all free, and go to their waiters, when the owner is gone', async () => {
    using manager = new LockManager()
    const { client, server } = connect(manager, 'component:x#1')
    await client.acquire('a')
    await client.acquire('b')
    using _c = await manager.acquire('c')
    const gone = client.acquire('c')
    await until(() => manager.stats().waiting === 1)
    const waiters = [manager.acquire('a'), manager.acquire('b')]
    expect(server.close()).toBe(2)
    expect(server.close()).toBe(0)
    for (const lease of await Promise.all(waiters)) expect(lease.held).toBe(true)
    client.close(new Error('the coordinator is gone'))
    await expect(gone).rejects.toThrow('the coordinator is gone')
    await expect(client.acquire('d')).rejects.toThrow('the coordinator is gone')
    await expect(client.verify('d', 1)).rejects.toThrow('the coordinator is gone')
    expect(manager.stats()).toMatchObject({ held: 3, waiting: 0 })
  })

  it('lose their leases when the client is closed', async () => {
    using manager = new LockManager()
    const { client } = connect(manager, 'component:x#1')
    const lease = await client.acquire('a')
    client.close(new Error('closed'))
    expect(lease.held).toBe(false)
  })

  it('do not wait for ever for a server that does not answer', async () => {
    vi.useFakeTimers({ toNotFake: ['setImmediate', 'clearImmediate'] })
    const sent: LockClientMessage[] = []
    const client = createLockClient((message) => sent.push(message))
    const error = client.acquire('a', { timeout: 100 }).catch((e: unknown) => e)
    const verified = client.verify('a', 1).catch((e: unknown) => e)
    await vi.advanceTimersByTimeAsync(1_101)
    expect(await error).toBeInstanceOf(LockTimeoutError)
    expect(sent.map((message) => message.op)).toEqual(['acquire', 'verify', 'cancel'])
    await vi.advanceTimersByTimeAsync(5_000)
    expect(await verified).toBeInstanceOf(LockTimeoutError)
    expect(vi.getTimerCount()).toBe(0)
  })
})
