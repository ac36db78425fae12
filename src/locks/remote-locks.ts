import type { ComponentLocks, LockLeases, AcquireOptions, LockLease } from '../contract/locks.ts'
import { afterDeadline } from '../base/deadline.ts'
import { LockTimeoutError } from '../contract/errors.ts'
import { acquireAll } from './acquire-all.ts'
import { checkLockName, checkToken, DEFAULT_ACQUIRE_TIMEOUT, resolveAcquireOptions } from './acquire-options.ts'
import { CallLinks, type CallLink } from './call-links.ts'
import { Lease } from './lock-lease.ts'
import type { LockManager } from './lock-manager.ts'
import { decodeLockError, encodeLockError, type LockClientMessage, type LockServerMessage } from './lock-protocol.ts'
import { TaskSession } from './lock-session.ts'
import { TaskContext, type LockCaller, type LockUse } from './task-context.ts'

/** The side of the locks: answers the messages of one owner. */
export interface LockServer {
  handle(message: LockClientMessage): void
  /** The other side is gone: releases what it holds, drops its waits, and answers nothing any more. Returns how many leases it had. */
  close(): number
}

/**
 * Serves the locks of `manager` to a remote `owner`, which must be its own (a component and its generation): `close` releases
 * all that the owner has. It keeps to no transport: pass what arrives to `handle`, and send on what is given to `post`.
 */
export function serveLocks(
  manager: LockManager,
  owner: string,
  post: (message: LockServerMessage) => void,
): LockServer {
  const requests = new Map<number, { readonly abort: AbortController; lease: LockLease | undefined }>()
  let closed = false

  const reply = (message: LockServerMessage): void => {
    if (!closed) post(message)
  }

  const acquire = async ({
    id,
    name,
    mode,
    timeout,
    session,
    task,
    serves,
    parallel,
  }: LockClientMessage & { op: 'acquire' }): Promise<void> => {
    const request = { abort: new AbortController(), lease: undefined as LockLease | undefined }
    requests.set(id, request)
    try {
      const { signal } = request.abort
      const lease = await manager.acquireFor(
        owner,
        name,
        { mode, timeout, session, signal },
        { task, serves, parallel },
      )
      if (request.abort.signal.aborted) {
        lease.release()
        return
      }
      request.lease = lease
      reply({ op: 'granted', id, token: lease.token })
      const onLost = (): void => {
        requests.delete(id)
        reply({ op: 'revoked', id })
      }
      if (lease.held) lease.signal.addEventListener('abort', onLost)
      else onLost()
    } catch (error) {
      requests.delete(id)
      if (!request.abort.signal.aborted) reply({ op: 'rejected', id, error: encodeLockError(error) })
    }
  }

  const end = (id: number): void => {
    const request = requests.get(id)
    requests.delete(id)
    request?.abort.abort()
    request?.lease?.release()
  }

  const verify = ({ id, name, token }: LockClientMessage & { op: 'verify' }): void => {
    try {
      manager.verify(name, token)
      reply({ op: 'verified', id })
    } catch (error) {
      reply({ op: 'rejected', id, error: encodeLockError(error) })
    }
  }

  return {
    handle(message) {
      if (closed) return
      switch (message.op) {
        case 'acquire':
          void acquire(message)
          break
        case 'cancel':
        case 'release':
          end(message.id)
          break
        case 'end-session':
          manager.endSession(owner, message.session)
          break
        case 'called':
          manager.called(owner, message.call)
          break
        case 'call-sent':
          manager.callSent(message.call)
          break
        case 'call-over':
          manager.callOver(message.call)
          break
        case 'verify':
          verify(message)
          break
      }
    },
    close() {
      if (closed) return 0
      closed = true
      requests.clear()
      return manager.releaseOwner(owner)
    },
  }
}

/** The side of the component: the locks of the coordinator, behind messages. */
export interface LockClient extends ComponentLocks {
  handle(message: LockServerMessage): void
  /** Links a call of a component that is about to be made with what the one who makes it holds. Undefined: nothing, and nobody waits for it. */
  linkCall(component: string, queued: boolean): CallLink | undefined
  /** The other side is gone: what waits rejects with `reason`, and so does every later acquire; leases are lost. */
  close(reason: unknown): void
}

export interface LockClientOptions {
  /** Whose session an acquire belongs to that names none and is in no session's `run`. */
  readonly currentCaller?: (() => LockCaller | undefined) | undefined
}

/** How much longer than the server the client waits, ms: the server's answer says more. */
const REPLY_GRACE = 1_000

interface PendingReply {
  readonly onReply: (message: LockServerMessage) => void
  readonly reject: (reason: unknown) => void
}

export function createLockClient(
  post: (message: LockClientMessage) => void,
  options: LockClientOptions = {},
): LockClient {
  const pending = new Map<number, PendingReply>()
  const leases = new Map<number, { readonly lease: Lease; readonly use: LockUse }>()
  let closed: { readonly reason: unknown } | undefined
  let lastId = 0
  let lastSession = 0

  /** Sends a message and waits for its answer, its signal, or `timeout` ms and the grace. */
  const ask = <Reply>(
    message: LockClientMessage & { op: 'acquire' | 'verify' },
    timeout: number,
    signal: AbortSignal | undefined,
    onReply: (message: LockServerMessage) => Reply,
  ): Promise<Reply> => {
    const { id } = message
    const { promise, resolve, reject } = Promise.withResolvers<Reply>()
    let stopTimer: (() => void) | undefined
    const settle = (): void => {
      pending.delete(id)
      stopTimer?.()
      signal?.removeEventListener('abort', onAbort)
    }
    const giveUp = (reason: unknown): void => {
      settle()
      post({ op: 'cancel', id })
      reject(reason)
    }
    const onAbort = (): void => giveUp(signal?.reason)
    pending.set(id, {
      onReply(reply) {
        settle()
        if (reply.op === 'rejected') reject(decodeLockError(reply.error))
        else resolve(onReply(reply))
      },
      reject(reason) {
        settle()
        reject(reason)
      },
    })
    signal?.addEventListener('abort', onAbort, { once: true })
    if (timeout !== Infinity) {
      const delay = Math.min(timeout + REPLY_GRACE, 2 ** 31 - 1)
      stopTimer = afterDeadline(delay, () => giveUp(new LockTimeoutError(message.name, timeout)))
    }
    post(message)
    return promise
  }

  const acquire = async (name: string, acquireOptions?: AcquireOptions): Promise<LockLease> => {
    checkLockName(name)
    const { mode, timeout, signal, session: given } = resolveAcquireOptions(acquireOptions)
    if (closed) throw closed.reason
    signal?.throwIfAborted()
    const use = context.ask(given)
    const id = (lastId += 1)
    const granted = ask({ ...use.asker, op: 'acquire', id, name, mode, timeout }, timeout, signal, (reply) => {
      const token = reply.op === 'granted' ? reply.token : 0
      use.granted()
      const lease = new Lease(name, mode, token, () => {
        use.end()
        leases.delete(id)
        post({ op: 'release', id })
      })
      leases.set(id, { lease, use })
      return lease
    })
    use.until(granted)
    granted.catch(() => use.end())
    return granted
  }

  const sessionId = (name: string): string => {
    lastSession += 1
    return `${name}#${lastSession}`
  }

  const client: LockClient = {
    acquire,
    async acquireAll(names, acquireOptions = {}): Promise<LockLeases> {
      // Where there is a session, each acquire finds it by itself.
      const given = acquireOptions.session
      const session = context.session(given) === undefined ? sessionId('all') : given
      return acquireAll(acquire, names, { ...acquireOptions, session })
    },
    session(name = 'session') {
      checkLockName(name)
      return new TaskSession(client, sessionId(name), currentCaller)
    },
    async verify(name, token) {
      checkLockName(name)
      checkToken(token)
      if (closed) throw closed.reason
      const id = (lastId += 1)
      await ask({ op: 'verify', id, name, token }, DEFAULT_ACQUIRE_TIMEOUT, undefined, () => undefined)
    },
    handle(message) {
      if (message.op !== 'revoked') {
        // Not found: given up meanwhile, and the server has been told.
        pending.get(message.id)?.onReply(message)
        return
      }
      const lost = leases.get(message.id)
      leases.delete(message.id)
      lost?.use.end()
      lost?.lease.revoke()
    },
    linkCall: (component, queued) => calls.open(component, queued),
    close(reason) {
      closed ??= { reason }
      for (const { reject } of pending.values()) reject(reason)
      const lost = [...leases.values()]
      leases.clear()
      for (const { lease, use } of lost) {
        use.end()
        lease.revoke()
      }
    },
  }
  const currentCaller = options.currentCaller ?? ((): undefined => undefined)
  const context = new TaskContext(client, currentCaller, (session) => post({ op: 'end-session', session }))
  const calls = new CallLinks(
    {
      called: (call) => post({ op: 'called', call }),
      sent: (call) => post({ op: 'call-sent', call }),
      over: (call) => post({ op: 'call-over', call }),
    },
    () => context.maker(),
  )
  return client
}
