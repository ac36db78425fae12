import { afterDeadline } from '../base/deadline.ts'
import { CallTimeoutError, ComponentNotLoadedError, OverloadedError } from '../contract/errors.ts'
import { monotonicNow } from '../base/monotonic.ts'
import { abortReason } from './abort-reason.ts'
import type { WatchedCall } from './call-watch.ts'
import type { CallerOptions } from './caller-options.ts'
import { BusyState } from './busy-state.ts'
import type { CallerState, Connection } from './caller-state.ts'
import { crashedUnderWay } from './generation-end.ts'
import type { GenerationEnd } from './generation-end.ts'
import { Inbox } from './inbox.ts'
import { LeavingCalls } from './leaving-calls.ts'
import { marshal } from './marshal.ts'
import type { Outgoing } from './marshal.ts'
import { Outbox } from './outbox.ts'
import { PendingCall } from './pending-call.ts'
import type { CallOptions } from './pending-call.ts'
import { apart, methodName, ToCaller, ToServer } from './protocol.ts'
import type { ApartEntry, CallerEntry, MethodPath, ServerEntry } from './protocol.ts'
import { copyToResend, isCrash } from './resend.ts'
import { SentCalls } from './sent-calls.ts'
import type { ChannelEnd, Transport } from './transport.ts'
import { uncloneableArguments } from './uncloneable.ts'
import { discardCopy, sendUnsent, unsentCall } from './unsent-call.ts'
import type { LeavingEntry, UnsentCall } from './unsent-call.ts'

/**
 * A caller's end of its connection to a component, through all generations of it: calls made while there is no connection wait
 * for the next one and are sent exactly once; calls that were sent settle with their answer or with the end of their generation,
 * but for idempotent ones: after a crash those wait for the next one, once.
 */
export class Caller {
  readonly component: string
  readonly #options: CallerOptions
  readonly #waiting = new Map<number, PendingCall>()
  readonly #sent: SentCalls
  readonly #leaving = new LeavingCalls()
  #state: CallerState = { status: 'detached' }
  #nextId = 1
  #cancelGrace: () => void = () => {}
  #onQuiet: (() => void)[] = []
  readonly #busy: BusyState
  #stopped: { readonly error: unknown } | undefined

  constructor(options: CallerOptions) {
    this.component = options.component
    this.#options = options
    this.#sent = new SentCalls(options.component, options.links, {
      send: (entry) => this.#sendIfConnected(entry),
      settled: () => this.#settled(),
      where: () => this.#where(),
    })
    this.#busy = new BusyState(() => this.underWay + this.waiting > 0, options.onBusy)
  }

  /** False while there is no generation to send calls to. */
  get connected(): boolean {
    return 'transport' in this.#state
  }

  /** Calls that wait for a connection. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Calls that were sent and are not settled, and open streams. */
  get underWay(): number {
    return this.#sent.size
  }

  call(method: MethodPath, args: readonly unknown[], given: CallOptions, origin: { stack?: string }): Promise<unknown> {
    const { watch, callTimeout } = this.#options
    const options =
      callTimeout !== undefined && given.timeout === undefined ? { ...given, timeout: callTimeout } : given
    const watched = watch?.on ? watch.begin(this.component, method) : undefined
    const refused = this.#refusal(options)
    if (refused) return refuse(refused.error, watched)
    let outgoing: Outgoing | undefined
    try {
      outgoing = marshal(args, this.#options.links)
      return this.#start(method, outgoing, options, origin, watched)
    } catch (cause) {
      outgoing?.discard()
      return refuse(uncloneableArguments(this.component, method, args, cause), watched)
    }
  }

  /** Why a call is not even begun. */
  #refusal(options: CallOptions): { readonly error: unknown } | undefined {
    if (this.#stopped) return this.#stopped
    if (this.#waiting.size + this.#sent.size >= this.#options.maxQueue) {
      return { error: new OverloadedError(this.component, this.#options.maxQueue) }
    }
    if (options.signal?.aborted) return { error: options.signal.reason }
    if (options.ifLoaded && this.#state.status !== 'open') return { error: new ComponentNotLoadedError(this.component) }
    return undefined
  }

  /** Joins a generation: everything that waits is sent. */
  attach(transport: Transport, generation: number): void {
    if (this.#state.status === 'closed') {
      transport.close()
      return
    }
    if ('transport' in this.#state) this.ended(this.#state.generation, { reason: 'terminated' })
    const inbox = Inbox.open(transport, {
      receive: (entry) => this.#receive(entry as CallerEntry),
      lost: (announced, cause) => this.#sent.lost(announced, cause),
    })
    const outbox = new Outbox<ServerEntry>(
      transport,
      (entry, cause) => this.#instead(entry, cause),
      () => this.#leaving.leave(),
    )
    const connection: Connection = { transport, inbox, outbox, generation, epoch: 0, unheard: false }
    this.#state = { status: 'open', ...connection }
    transport.onClose(() => this.#connectionClosed(transport))
    this.#sendWaiting(connection)
  }

  /**
   * Asks the other end to serve for somebody else as well what it serves here at `path`.
   *
   * @returns the end to give them; undefined when there is no connection.
   */
  share(path: readonly string[]): ChannelEnd | undefined {
    const state = this.#state
    if (state.status !== 'open' && state.status !== 'fenced') return undefined
    const [served, given] = this.#options.links.channels.pair()
    state.outbox.post([ToServer.share, 0, path, served], [served], [apart, 0], [served])
    return given
  }

  /** Sends no more until `resume` or the next `attach`; tells the component so. A fence that was raised already is not raised again. */
  fence(epoch: number): void {
    const state = this.#state
    if ((state.status !== 'open' && state.status !== 'fenced') || epoch <= state.epoch) return
    state.outbox.push([ToServer.fenced, epoch])
    state.outbox.flush()
    this.#state = { ...state, status: 'fenced', epoch }
  }

  /** The unload was called off: goes on with the same generation. What comes late, when the next fence is up, changes nothing. */
  resume(epoch: number): void {
    const state = this.#state
    if (state.status !== 'fenced' || epoch < state.epoch) return
    this.#state = { ...state, status: 'open' }
    this.#sendWaiting(state)
  }

  /**
   * A deadline has passed that the component may not have heard of: until it says that it listens, new calls wait.
   *
   * @returns false when they do already, or nothing is sent at all.
   */
  holdBack(): boolean {
    const state = this.#state
    if ((state.status !== 'open' && state.status !== 'fenced') || state.unheard) return false
    state.outbox.push([ToServer.ask, 0])
    this.#state = { ...state, unheard: true }
    return true
  }

  #heard(): void {
    const state = this.#state
    if (state.status !== 'open' && state.status !== 'fenced') return
    this.#state = { ...state, unheard: false }
    if (state.status === 'open') this.#sendWaiting(this.#state)
  }

  /** Resolves once nothing that was sent is unsettled. */
  quiet(): Promise<void> {
    if (this.#sent.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#onQuiet.push(resolve))
  }

  /**
   * The generation is over: answers that had arrived count, everything else that was sent rejects, or waits with the calls that wait already to be
   * sent again.
   */
  ended(generation: number, end: GenerationEnd): void {
    const state = this.#state
    if (!('transport' in state) || state.generation !== generation) return
    this.#cancelGrace()
    // Answers that have arrived count; a fence or its end does not any more.
    this.#state = { ...state, status: 'lost' }
    state.inbox.takeRest()
    this.#state = { status: 'detached' }
    state.transport.close()
    const isResent = isCrash(end.reason) && !this.#stopped
    const later = [...this.#waiting]
    this.#waiting.clear()
    for (const [id, pending] of this.#sent.takeAll()) {
      const error = (cause = end.cause): Error =>
        pending.withOrigin(crashedUnderWay(this.component, generation, { ...end, cause }))
      if (isResent && pending.startOver(generation, error)) this.#waiting.set(id, pending)
      else pending.reject(error())
    }
    for (const [id, pending] of later) this.#waiting.set(id, pending)
    this.#settled()
    this.#options.onEnded?.()
    if (this.#waiting.size > 0) this.#options.onWaiting()
  }

  /** Rejects everything that waits: there will be no connection. */
  rejectWaiting(error: unknown): void {
    for (const pending of this.#takeWaiting()) pending.rejectUnsent(error)
    this.#settled()
  }

  /** Takes no more calls: new and waiting ones reject with `error`; what was sent goes on. */
  stop(error: unknown): void {
    this.#stopped ??= { error }
    this.rejectWaiting(error)
  }

  /** For good: everything rejects with `error`, now and later. */
  close(error: unknown): void {
    const state = this.#state
    if (state.status === 'closed') return
    this.#cancelGrace()
    this.#stopped ??= { error }
    this.#state = { status: 'closed' }
    if ('transport' in state) state.transport.close()
    for (const [, pending] of this.#sent.takeAll()) pending.reject(error)
    for (const pending of this.#takeWaiting()) pending.rejectUnsent(error)
    this.#settled()
    this.#options.onEnded?.()
  }

  #start(
    method: MethodPath,
    outgoing: Outgoing,
    options: CallOptions,
    origin: { stack?: string },
    watched: WatchedCall | undefined,
  ): Promise<unknown> {
    const id = this.#nextId++
    const deadline = options.timeout ? monotonicNow() + options.timeout : 0
    const state = this.#state
    const direct = state.status === 'open' && !state.unheard
    const { values, transfers } = outgoing
    const traceparent = options.traceparent ?? watched?.traceparent ?? this.#options.traceparent?.()
    const link = this.#options.linkCall?.(this.component, !direct)
    const entry: LeavingEntry =
      outgoing.handled || traceparent !== undefined || link
        ? [ToServer.call, id, method, values, deadline, outgoing.handled, traceparent, link?.id]
        : [ToServer.call, id, method, values, deadline]
    let unsent: UnsentCall | undefined
    let again: UnsentCall | undefined
    try {
      again = copyToResend(this.#options.idempotent, entry, outgoing, options, this.#options.links.channels)
      if (!direct) unsent = unsentCall(entry, outgoing, this.#options.links.channels)
      else {
        if (outgoing.plain) state.outbox.push(entry)
        else state.outbox.post(entry, entry[3], [apart, id], transfers)
      }
    } catch (error) {
      link?.over()
      if (again) discardCopy(again)
      throw error
    }
    const promise = new Promise<unknown>((resolve, reject) => {
      const pending = new PendingCall(method, { unsent, again }, origin, watched, link, resolve, reject)
      if (direct) this.#sent.add(id, pending)
      else {
        this.#waiting.set(id, pending)
        if (options.timeout === undefined) pending.undecided = options
      }
      if (options.timeout || options.signal) this.#arm(id, pending, options)
      if (options.timeout && direct && outgoing.plain) this.#leaving.add({ entry, pending, timeout: options.timeout })
      else pending.startTimeout()
    })
    this.#busy.begin()
    if (this.#state.status === 'detached') this.#options.onWaiting()
    return promise
  }

  /** Only now it is known what holds for calls of the component: those that wait get its deadline, from now on, unless they say something of one. */
  defaultsKnown(): void {
    const { callTimeout: timeout } = this.#options
    if (!timeout) return
    for (const [id, pending] of this.#waiting) {
      const { undecided } = pending
      if (!undecided) continue
      pending.setDeadline(monotonicNow() + timeout)
      this.#arm(id, pending, { ...undecided, timeout })
      pending.startTimeout()
    }
  }

  #arm(id: number, pending: PendingCall, options: CallOptions): void {
    const giveUp = (error: unknown): boolean => {
      const waited = this.#waiting.delete(id)
      const sent = this.#sent.delete(id)
      if (!waited && !sent) return false
      const state = this.#state
      if (sent && (state.status === 'open' || state.status === 'fenced')) {
        state.outbox.push([ToServer.abort, id, abortReason(error)])
      }
      pending.abandon(error)
      this.#settled()
      return sent
    }
    pending.arm(
      options,
      () => {
        const error = new CallTimeoutError(this.component, methodName(pending.method), options.timeout ?? 0)
        if (giveUp(pending.withOrigin(error)) && this.holdBack()) this.#options.onTimeout?.()
      },
      (reason) => void giveUp(reason),
    )
  }

  #sendWaiting({ outbox, unheard, generation }: Connection): void {
    if (unheard) return
    for (const [id, pending] of this.#waiting) {
      if (pending.diedIn === generation) continue
      this.#waiting.delete(id)
      const { unsent } = pending
      if (!unsent) continue
      sendUnsent(unsent, outbox)
      pending.unsent = undefined
      pending.link?.sent()
      this.#sent.add(id, pending)
    }
    outbox.flush()
    this.#settled()
  }

  #receive(entry: CallerEntry): void {
    if (entry[0] === ToCaller.fence) this.fence(entry[1])
    else if (entry[0] === ToCaller.resume) this.resume(entry[1])
    else if (entry[0] === ToCaller.heard) this.#heard()
    else this.#sent.receive(entry)
  }

  #sendIfConnected(entry: ServerEntry): void {
    const state = this.#state
    if (state.status === 'open' || state.status === 'fenced') state.outbox.push(entry)
  }

  /** For an entry that could not be posted. */
  #instead(entry: ServerEntry | ApartEntry, cause: unknown): ServerEntry | undefined {
    if (entry[0] === ToServer.abort) return [ToServer.abort, entry[1], abortReason(undefined)]
    if (entry[0] !== ToServer.call) return undefined
    this.#sent.take(entry[1])?.reject(uncloneableArguments(this.component, entry[2], entry[3], cause))
    this.#settled()
    return undefined
  }

  #connectionClosed(transport: Transport): void {
    const state = this.#state
    if (!('transport' in state) || state.transport !== transport) return
    // Whoever watches the worker usually knows why within milliseconds; nobody waits longer than the grace for that. New calls wait as
    // well: before the worker's end is known, another connection would lead to the same dead worker.
    this.#state = { ...state, status: 'lost' }
    const end = (): void => this.ended(state.generation, { reason: 'exit' })
    this.#cancelGrace = afterDeadline(this.#options.endGrace ?? 250, end)
  }

  #settled(): void {
    if (this.#sent.size > 0) return
    if (this.#onQuiet.length > 0) for (const resolve of this.#onQuiet.splice(0)) resolve()
    if (this.#waiting.size === 0) this.#busy.pause()
  }

  #takeWaiting(): PendingCall[] {
    const taken = [...this.#waiting.values()]
    this.#waiting.clear()
    return taken
  }

  #where(): string {
    const state = this.#state
    const generation = 'generation' in state ? ` (generation ${state.generation})` : ''
    return `component "${this.component}"${generation}`
  }
}

function refuse(error: unknown, watched: WatchedCall | undefined): Promise<never> {
  watched?.settled(true, error)
  return Promise.reject(error)
}
