import { OverloadedError } from '../../worker.ts'
import { messageOf } from '../thrown.ts'
import type { Timing } from '../timing/timing.ts'
import { decideAdmission } from './admission.ts'
import type { ConnectionHandle, ConnectionRequest } from './api.ts'
import type { ResolvedPoolConfig } from './config.ts'
import type { Connection } from './connection.ts'
import { ConnectionError } from './errors.ts'
import { HoldWatch } from './hold-watch.ts'
import { opensAt } from './host-health.ts'
import { HostRegistry } from './host-registry.ts'
import { Slot } from './slot.ts'
import { parseTarget } from './target.ts'
import type { Target } from './target.ts'
import { Waiter } from './waiter.ts'

export interface PoolOptions {
  /** What it is registered as. */
  readonly name: string
  readonly config: ResolvedPoolConfig
  readonly timing: Timing
  /** What ids begin with; unique per load, so that an id of an earlier one means nothing. */
  readonly idPrefix: string
  /** Opens a connection; ended by the signal. `onClose` is called when it closes by itself. */
  readonly open: (target: Target, signal: AbortSignal, onClose: () => void) => Promise<Connection>
}

export interface MutablePoolCounts {
  opened: number
  reused: number
  closed: number
  failedToOpen: number
  failedChecks: number
  overloaded: number
  takenBack: number
}

/**
 * Places for connections, and the line of those who want one. First come, first served, among those who can be
 * served.
 */
export class Pool {
  readonly slots = new Set<Slot>()
  readonly hosts: HostRegistry
  readonly counts: MutablePoolCounts = {
    opened: 0,
    reused: 0,
    closed: 0,
    failedToOpen: 0,
    failedChecks: 0,
    overloaded: 0,
    takenBack: 0,
  }
  readonly #options: PoolOptions
  readonly #held = new Map<string, Slot>()
  readonly #holds: HoldWatch
  readonly #waiters = new Set<Waiter>()
  #line: Waiter[] = []
  #wake: NodeJS.Timeout | undefined
  #sequence = 0
  #closed = false

  constructor(options: PoolOptions) {
    const { backoff, maxBackoff, maxHoldTime } = options.config
    this.#options = options
    this.hosts = new HostRegistry({ base: backoff, max: maxBackoff })
    this.#holds = new HoldWatch(maxHoldTime)
  }

  get waiting(): number {
    return this.#line.length
  }

  async acquire(url: string, request: ConnectionRequest | undefined, signal: AbortSignal): Promise<ConnectionHandle> {
    const { name, config, timing } = this.#options
    const target = parseTarget(url, request)
    if (this.#closed) throw closedPool(target)
    signal.throwIfAborted()
    const waiter = new Waiter({
      target,
      timeout: request?.timeout ?? config.acquireTimeout,
      now: timing.now(),
      signal,
      onTimeout: (late) => this.#timedOut(late),
      onSettled: (settled) => this.#leave(settled),
    })
    this.#waiters.add(waiter)
    this.#line.push(waiter)
    this.serve()
    if (waiter.inLine && this.#line.length > config.maxWaiting) {
      this.counts.overloaded++
      waiter.reject(new OverloadedError(name, config.maxWaiting, { what: 'calls for a connection' }))
    }
    return waiter.result
  }

  /** The connection that is held under this id, which is used herewith. @throws ConnectionError ('not-held') */
  held(id: string): Slot & { readonly connection: Connection } {
    const slot = this.#held.get(id)
    if (!slot?.connection) {
      throw new ConnectionError(
        'not-held',
        id,
        'no connection is held under this id: it was released, closed, taken back unused, or the pool was reloaded',
      )
    }
    this.#holds.touch(id, this.#options.timing.now())
    return slot as Slot & { readonly connection: Connection }
  }

  release(id: string): void {
    const slot = this.#held.get(id)
    if (!slot?.connection) return
    this.#unhold(id)
    const { connection } = slot
    if (!connection.open || connection.busy) void this.close(slot)
    else {
      connection.reset()
      slot.apply({ kind: 'released', at: this.#options.timing.now() })
      this.serve()
    }
  }

  /** Closes a connection; its place is free when it is closed. */
  async close(slot: Slot, code?: number, reason?: string): Promise<void> {
    const { state, connection } = slot
    if (!connection) return
    if (state.kind === 'held') this.#unhold(state.id)
    slot.apply({ kind: 'close' })
    await connection.close(code, reason)
    this.#remove(slot)
    this.serve()
  }

  /** Closes what its holder has not used for too long, and makes room for others; gives what it was. */
  takeBackUnused(): Target[] {
    const inUse = (id: string): boolean => {
      const connection = this.#held.get(id)?.connection
      return connection !== undefined && (connection.busy || connection.reading)
    }
    return this.#holds.overdue(this.#options.timing.now(), inUse).flatMap((id) => {
      const slot = this.#held.get(id)
      if (!slot) return []
      this.counts.takenBack++
      void this.close(slot)
      return [slot.target]
    })
  }

  idleSlots(): Slot[] {
    return [...this.slots].filter(({ state }) => state.kind === 'idle')
  }

  /** Serves all in line who can be served now. Called whenever something changed. */
  serve(): void {
    clearTimeout(this.#wake)
    this.#dropDead()
    let wakeAt = Number.POSITIVE_INFINITY
    // Serving one takes it out of the line.
    for (const waiter of this.#line.slice()) wakeAt = Math.min(wakeAt, this.#serveOne(waiter))
    if (wakeAt < Number.POSITIVE_INFINITY) {
      this.#wake = setTimeout(() => this.serve(), Math.max(1, wakeAt - this.#options.timing.now()))
    }
  }

  async dispose(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#wake)
    for (const waiter of this.#waiters) waiter.reject(closedPool(waiter.target))
    await Promise.all([...this.slots].map((slot) => this.close(slot)))
  }

  /** Gives when to look again (ms since the epoch), or Infinity. */
  #serveOne(waiter: Waiter): number {
    if (!waiter.inLine || (waiter.replaced && this.slots.has(waiter.replaced))) return Number.POSITIVE_INFINITY
    const { config, timing } = this.#options
    const { target, deadline } = waiter
    const idle = this.idleSlots()
    const match = idle.findLast((slot) => slot.target.key === target.key)
    const idleToHost = idle.find((slot) => slot.target.host === target.host)
    const now = timing.now()
    const admission = decideAdmission(
      {
        now,
        total: this.slots.size,
        toHost: this.#toHost(target),
        hasMatch: match !== undefined,
        hostHasIdle: idleToHost !== undefined,
        hasIdle: idle.length > 0,
        hostOpensAt: opensAt(this.hosts.health(target.host)),
        deadline,
      },
      config,
    )
    switch (admission.kind) {
      case 'reuse':
        this.#takeFromLine(waiter)
        void this.#reuse(waiter, match!)
        break
      case 'open':
        this.#takeFromLine(waiter)
        void this.#open(waiter)
        break
      case 'replace':
        waiter.replaced = admission.victim === 'of-host' ? idleToHost! : longestIdle(idle)
        void this.close(waiter.replaced)
        break
      case 'refuse':
        waiter.reject(this.#leftAlone(target, admission.until - now))
        break
      case 'wait':
        return admission.until ?? Number.POSITIVE_INFINITY
    }
    return Number.POSITIVE_INFINITY
  }

  async #reuse(waiter: Waiter, slot: Slot): Promise<void> {
    const { config, timing } = this.#options
    const { state } = slot
    if (state.kind !== 'idle') throw new Error(`a connection that is ${state.kind} cannot be reused`)
    if (timing.now() - state.since >= config.checkAfter) {
      slot.apply({ kind: 'check' })
      const works = await state.connection.check(config.checkTimeout)
      if (slot.state.kind !== 'checking') return this.#backToLine(waiter)
      if (!works) {
        this.counts.failedChecks++
        state.connection.destroy()
        this.#remove(slot)
        return this.#backToLine(waiter)
      }
      slot.apply({ kind: 'checked', at: timing.now() })
    }
    this.#grant(waiter, slot, true)
  }

  async #open(waiter: Waiter): Promise<void> {
    const { timing, open } = this.#options
    const { target } = waiter
    const slot = new Slot(target)
    this.slots.add(slot)
    const startedAt = timing.now()
    this.hosts.apply(target.host, { kind: 'opening', at: startedAt })
    try {
      const connection = await open(target, waiter.signal, () => this.serve())
      this.counts.opened++
      this.hosts.apply(target.host, { kind: 'opened' })
      slot.apply({ kind: 'opened', connection, at: timing.now() })
      if (this.#closed) await this.close(slot)
      else this.#grant(waiter, slot, false)
    } catch (error) {
      this.slots.delete(slot)
      this.counts.failedToOpen++
      this.#openingFailed(waiter, error, startedAt)
    }
    this.serve()
  }

  #openingFailed(waiter: Waiter, error: unknown, startedAt: number): void {
    const { target } = waiter
    const at = this.#options.timing.now()
    // That the caller went away says nothing about the host; that the time is up does.
    const reason: unknown = waiter.signal.aborted ? waiter.signal.reason : error
    const hostsFault = !waiter.signal.aborted || (reason instanceof ConnectionError && reason.reason === 'timeout')
    const failure =
      reason instanceof ConnectionError
        ? reason
        : new ConnectionError('connect', target.url.href, messageOf(error), {
            cause: error,
          })
    if (hostsFault) this.hostFailed(target, failure, startedAt)
    else this.hosts.apply(target.host, { kind: 'abandoned', at })
    waiter.reject(failure)
  }

  /** @param startedAt ms since the epoch: when connecting was begun. */
  hostFailed(target: Target, failure: ConnectionError, startedAt: number): void {
    const { timing } = this.#options
    const event = { kind: 'failed', at: timing.now(), startedAt, random: timing.random() } as const
    this.hosts.apply(target.host, event, failure)
  }

  #grant(waiter: Waiter, slot: Slot, reused: boolean): void {
    const { connection, target } = slot
    // The one it was for may be gone: then it is simply idle, for the next.
    if (waiter.settled || !connection) {
      this.serve()
      return
    }
    const id = `${this.#options.idPrefix}${++this.#sequence}`
    if (reused) {
      this.counts.reused++
      connection.obtain()
    }
    slot.apply({ kind: 'obtained', id })
    this.#held.set(id, slot)
    this.#holds.touch(id, this.#options.timing.now())
    waiter.resolve({ id, url: target.url.href, kind: target.kind, reused, protocol: connection.protocol })
  }

  #takeFromLine(waiter: Waiter): void {
    waiter.inLine = false
    this.#line = this.#line.filter((other) => other !== waiter)
  }

  #backToLine(waiter: Waiter): void {
    if (!waiter.settled) {
      waiter.inLine = true
      this.#line.unshift(waiter)
    }
    this.serve()
  }

  #leave(waiter: Waiter): void {
    this.#waiters.delete(waiter)
    if (waiter.inLine) this.#line = this.#line.filter((other) => other !== waiter)
  }

  /** Connections that closed by themselves no longer take a place; whoever holds one finds out when using it. */
  #dropDead(): void {
    for (const slot of this.slots) {
      if (slot.connection && !slot.connection.open && slot.state.kind !== 'checking') this.#remove(slot)
    }
    // Nobody has to give back what is closed, so what was not given back must not add up.
    for (const [id, slot] of this.#held) {
      if (this.#held.size <= 2 * this.#options.config.maxConnections) break
      if (!this.slots.has(slot)) this.#unhold(id)
    }
  }

  #timedOut({ target, inLine }: Waiter): Error {
    const { name, config } = this.#options
    const { maxConnections, maxPerHost } = config
    if (!inLine) return new ConnectionError('timeout', target.url.href, 'it could not be opened in time')
    const opens = opensAt(this.hosts.health(target.host))
    if (opens > 0) return this.#leftAlone(target, opens - this.#options.timing.now())
    return this.#toHost(target) >= maxPerHost
      ? new OverloadedError(name, maxPerHost, { what: `connections to ${target.host}` })
      : new OverloadedError(name, maxConnections, { what: 'connections' })
  }

  #unhold(id: string): void {
    this.#held.delete(id)
    this.#holds.forget(id)
  }

  #toHost({ host }: Target): number {
    return [...this.slots].filter(({ target }) => target.host === host).length
  }

  #remove(slot: Slot): void {
    if (this.slots.delete(slot)) this.counts.closed++
  }

  /** @param wait ms; Infinity while it is being tried. */
  #leftAlone({ host }: Target, wait: number): ConnectionError {
    const known = Number.isFinite(wait)
    const what = known ? `is left alone for ${Math.ceil(wait)} ms` : 'is being tried again'
    const options = { cause: this.hosts.lastError(host), retryAfter: known ? Math.max(0, wait) : undefined }
    return new ConnectionError('backing-off', host, `the host failed lately and ${what}`, options)
  }
}

function longestIdle(slots: readonly Slot[]): Slot {
  const since = ({ state }: Slot): number => (state.kind === 'idle' ? state.since : Number.POSITIVE_INFINITY)
  return slots.reduce((oldest, slot) => (since(slot) < since(oldest) ? slot : oldest))
}

function closedPool(target: Target): ConnectionError {
  return new ConnectionError('closed', target.url.href, 'the pool is being unloaded')
}
