import { afterDeadline } from '../deadline.ts'
import { LockTimeoutError } from '../errors.ts'
import { acquireAll, type LockLeases } from './acquire-all.ts'
import {
  checkLockName,
  checkToken,
  DEFAULT_ACQUIRE_TIMEOUT,
  resolveAcquireOptions,
  type AcquireOptions,
} from './acquire-options.ts'
import { Lease, type LockLease } from './lock-lease.ts'
import type { LockManager } from './lock-manager.ts'
import { decodeLockError, encodeLockError, type LockClientMessage, type LockServerMessage } from './lock-protocol.ts'
import { LockSession, type Locks } from './lock-session.ts'

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
  const locks = manager.for(owner)
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
  }: LockClientMessage & { op: 'acquire' }): Promise<void> => {
    const request = { abort: new AbortController(), lease: undefined as LockLease | undefined }
    requests.set(id, request)
    try {
      const lease = await locks.acquire(name, { mode, timeout, session, signal: request.abort.signal })
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
        case 'leave': {
          const lease = requests.get(message.id)?.lease
          if (lease?.held) manager.leave(lease.token)
          break
        }
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

/** The coordinator's locks as a component sees them. */
export interface ComponentLocks extends Locks {
  /**
   * Fulfils while `token` is that of a lease of the lock `name` that is still held, by whomever.
   *
   * @throws StaleLockError when it was released or taken away, or never given out.
   */
  verify(name: string, token: number): Promise<void>
}

/** The side of the component: the locks of the coordinator, behind messages. */
export interface LockClient extends ComponentLocks {
  handle(message: LockServerMessage): void
  /** The other side is gone: what waits rejects with `reason`, and so does every later acquire; leases are lost. */
  close(reason: unknown): void
}

/** One sequential task (see LockSession): the call being served, say, where calls do one thing after the other. */
export interface LockCaller {
  readonly session: string
  /** Calls back when it is over, at once if it is; returns what takes that back. */
  onEnd(listener: () => void): () => void
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
  const leases = new Map<number, Lease>()
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
    let cancelTimeout: (() => void) | undefined
    const settle = (): void => {
      pending.delete(id)
      cancelTimeout?.()
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
      cancelTimeout = afterDeadline(delay, () => giveUp(new LockTimeoutError(message.name, timeout)))
    }
    post(message)
    return promise
  }

  const acquire = async (name: string, acquireOptions?: AcquireOptions): Promise<LockLease> => {
    checkLockName(name)
    const { mode, timeout, signal, session: given } = resolveAcquireOptions(acquireOptions)
    if (closed) throw closed.reason
    signal?.throwIfAborted()
    const named = given ?? LockSession.currentId(client)
    const caller = named === undefined ? options.currentCaller?.() : undefined
    const session = named ?? caller?.session
    const id = (lastId += 1)
    return ask({ op: 'acquire', id, name, mode, timeout, session }, timeout, signal, (reply) => {
      const token = reply.op === 'granted' ? reply.token : 0
      const lease = new Lease(name, mode, token, () => {
        forgetCaller?.()
        leases.delete(id)
        post({ op: 'release', id })
      })
      leases.set(id, lease)
      const forgetCaller = caller?.onEnd(() => {
        if (lease.held) post({ op: 'leave', id })
      })
      return lease
    })
  }

  const sessionId = (name: string): string => {
    lastSession += 1
    return `${name}#${lastSession}`
  }

  const client: LockClient = {
    acquire,
    async acquireAll(names, acquireOptions = {}): Promise<LockLeases> {
      const named = acquireOptions.session ?? LockSession.currentId(client)
      // Each acquire finds the caller by itself.
      const session = named ?? (options.currentCaller?.() ? undefined : sessionId('all'))
      return acquireAll(acquire, names, { ...acquireOptions, session })
    },
    session(name = 'session') {
      checkLockName(name)
      return new LockSession(client, sessionId(name))
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
      const lease = leases.get(message.id)
      leases.delete(message.id)
      lease?.revoke()
    },
    close(reason) {
      closed ??= { reason }
      for (const { reject } of pending.values()) reject(reason)
      const lost = [...leases.values()]
      leases.clear()
      for (const lease of lost) lease.revoke()
    },
  }
  return client
}
