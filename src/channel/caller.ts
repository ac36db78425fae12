import { CallTimeoutError } from '../contract/errors.ts'
import { monotonicNow } from '../base/monotonic.ts'
import type { PolicyClock } from '../base/policy-clock.ts'
import type { CallBudget } from './call-budget.ts'
import type { WatchedCall } from './call-watch.ts'
import type { CallerOptions } from './caller-options.ts'
import { BusyState } from './busy-state.ts'
import { crashedUnderWay } from './generation-end.ts'
import type { ConnectionEnd } from './generation-end.ts'
import { Link } from './link.ts'
import type { LinkOptions } from './link.ts'
import { marshal } from './marshal.ts'
import type { CallbackLinks, Outgoing } from './marshal.ts'
import { PendingCall } from './pending-call.ts'
import type { CallOrigin, RemoteCallOptions } from './pending-call.ts'
import { methodName, ToServer } from './protocol.ts'
import type { MethodPath } from './protocol.ts'
import { refusalOf, refuse } from './refusal.ts'
import { isCrash, keptCall } from './resend.ts'
import { leastBusy } from './routing.ts'
import { SentSignals } from './sent-signals.ts'
import type { ChannelEnd, Transport } from './transport.ts'
import { uncloneableArguments } from './uncloneable.ts'
import { discardCopy, unsentCall } from './unsent-call.ts'
import type { KeptCall, LeavingEntry, UnsentCall } from './unsent-call.ts'
import { WaitingCalls } from './waiting-calls.ts'

/**
 * A caller's end of its connections to a component, through all generations of it, of which there may be several at a time: calls made while none of
 * them takes any wait in one queue and are sent exactly once, in order; calls that were sent settle with their answer or with the end of their
 * generation, but for idempotent ones: after a crash those wait for another one, once.
 */
export class Caller {
  readonly component: string
  readonly #options: CallerOptions
  readonly #waiting = new WaitingCalls()
  /** In the order in which they were attached. */
  #links: readonly Link[] = []
  #nextId = 1
  readonly #busy: BusyState
  /** One that somebody gave, which means nothing at the other end. */
  readonly #clock: PolicyClock | undefined
  readonly #signals: SentSignals
  #stopped: { readonly error: unknown } | undefined
  #closed = false

  constructor(options: CallerOptions) {
    this.component = options.component
    this.#options = options
    this.#signals = new SentSignals(options.component)
    this.#clock = options.clock?.given ? options.clock : undefined
    this.#busy = new BusyState(() => this.underWay + this.waiting > 0, options.onBusy)
  }

  /** Whether it is joined with that generation. */
  has(generation: number): boolean {
    return this.#link(generation) !== undefined
  }

  /** Those that it is joined with and that take calls, if not just now. */
  get generations(): number[] {
    return this.#links.filter(({ isOnItsWayOut }) => !isOnItsWayOut).map(({ generation }) => generation)
  }

  /** Calls that wait for a connection that takes them. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Calls that were sent and are not settled, and open streams. */
  get underWay(): number {
    let sum = 0
    for (const { underWay } of this.#links) sum += underWay
    return sum
  }

  /** Those of them that were sent to that generation. */
  underWayAt(generation: number): number {
    return this.#link(generation)?.underWay ?? 0
  }

  call(method: MethodPath, args: readonly unknown[], given: RemoteCallOptions, origin: CallOrigin): Promise<unknown> {
    const { watch, callTimeout } = this.#options
    const options =
      callTimeout !== undefined && given.timeout === undefined ? { ...given, timeout: callTimeout } : given
    const watched = watch?.on ? watch.begin(this.component, method) : undefined
    const refused = this.#refusal(options, origin)
    if (refused) return refuse(refused.error, watched)
    let outgoing: Outgoing | undefined
    try {
      outgoing = marshal(args, this.#options.links, (signal) => this.#signals.formOf(signal))
      return this.#start(method, outgoing, options, origin, watched)
    } catch (cause) {
      outgoing?.discard()
      return refuse(uncloneableArguments(this.component, method, args, cause), watched)
    }
  }

  /** Why a call is not even begun. */
  #refusal(options: RemoteCallOptions, origin: CallOrigin): { readonly error: unknown } | undefined {
    const { maxQueue, isLoaded = () => this.#links.some(({ isJoined }) => isJoined), onFailed } = this.#options
    const calls = this.#waiting.size + this.underWay
    return refusalOf(
      { component: this.component, stopped: this.#stopped, calls, maxQueue, isLoaded, onFailed },
      options,
      origin,
    )
  }

  /**
   * Joins a generation: what waits is sent.
   *
   * @param links for callbacks that come from it.
   * @param budget how many calls it may be sent; undefined: any number.
   * @param there what is known of the other end, where that is another host.
   */
  attach(
    transport: Transport,
    generation: number,
    links: CallbackLinks = this.#options.links,
    budget?: CallBudget,
    there: Pick<LinkOptions, 'elsewhere' | 'host'> = {},
  ): void {
    if (this.#closed) {
      transport.close()
      return
    }
    // One that it had to that generation is given up.
    this.ended(generation, { reason: 'terminated' })
    const link: Link = new Link(transport, {
      component: this.component,
      generation,
      links,
      budget,
      signals: this.#signals,
      endGrace: this.#options.endGrace ?? 250,
      onOpen: () => this.#sendWaiting(),
      onSettled: () => this.#settled(),
      onLost: (end) => this.ended(generation, end),
      onRefused: (id, pending, why) => this.#refused(generation, id, pending, why),
      ...there,
    })
    this.#links = [...this.#links, link]
    this.#sendWaiting()
  }

  /**
   * Asks the other end to serve for somebody else as well what it serves here at `path`.
   *
   * @returns the end to give them; undefined when there is no connection.
   */
  share(path: readonly string[]): ChannelEnd | undefined {
    return this.#links[0]?.share(path)
  }

  /** New calls go to other generations from now on, but those of who holds that one. */
  retire(generation: number): void {
    this.#link(generation)?.retire()
    if (this.#waiting.size > 0 && this.#hasNoneLeft) this.#options.onWaiting()
  }

  /** There is more of that generation's budget: what waits may be sent. */
  budgetGrew(): void {
    this.#sendWaiting()
  }

  /** Sends no more to that generation until `resume`; tells the component so. A fence that was raised already is not raised again. */
  fence(generation: number, epoch: number): void {
    this.#link(generation)?.fence(epoch)
  }

  /** The unload was called off: goes on with that generation. What comes late, when the next fence is up, changes nothing. */
  resume(generation: number, epoch: number): void {
    this.#link(generation)?.resume(epoch)
  }

  /**
   * A deadline has passed that the component may not have heard of: until it says that it listens, new calls wait.
   *
   * @param generation undefined: all there are.
   */
  holdBack(generation?: number): void {
    for (const link of this.#links) if (generation === undefined || link.generation === generation) link.holdBack()
  }

  /**
   * Resolves once nothing that was sent is unsettled.
   *
   * @param generation undefined: to any.
   */
  async quiet(generation?: number): Promise<void> {
    for (const link of this.#links) if (generation === undefined || link.generation === generation) await link.quiet()
  }

  /**
   * The generation is over: answers that had arrived count, everything else that was sent rejects, or waits with the calls that wait already to be
   * sent again.
   */
  ended(generation: number, end: ConnectionEnd): void {
    const link = this.#link(generation)
    if (!link) return
    const isResent = isCrash(end.reason) && !this.#stopped
    const again: [id: number, PendingCall][] = []
    link.end((id, pending) => {
      const error = (cause = end.cause): Error =>
        pending.withOrigin(crashedUnderWay(this.component, generation, { ...end, cause }))
      if (end.undelivered?.has(id) && !this.#stopped && pending.takeBack()) again.push([id, pending])
      else if (isResent && pending.startOver(generation, error)) again.push([id, pending])
      else pending.reject(error())
    })
    this.#links = this.#links.filter((other) => other !== link)
    this.#waiting.putFirst(again)
    this.#settled()
    this.#options.onEnded?.()
    if (this.#waiting.size > 0) this.#options.onWaiting()
  }

  /** Rejects everything that waits: there will be no connection. */
  rejectWaiting(error: unknown): void {
    for (const pending of this.#waiting.takeAll()) pending.rejectUnsent(error)
    this.#settled()
  }

  /** Takes no more calls: new and waiting ones reject with `error`; what was sent goes on. */
  stop(error: unknown): void {
    this.#stopped ??= { error }
    this.rejectWaiting(error)
  }

  /** For good: everything rejects with `error`, now and later. */
  close(error: unknown): void {
    if (this.#closed) return
    this.#closed = true
    this.#stopped ??= { error }
    for (const link of this.#links) link.close(error)
    this.#links = []
    this.rejectWaiting(error)
    this.#options.onEnded?.()
  }

  #start(
    method: MethodPath,
    outgoing: Outgoing,
    options: RemoteCallOptions,
    origin: { stack?: string },
    watched: WatchedCall | undefined,
  ): Promise<unknown> {
    const id = this.#nextId++
    const deadline = this.#deadlineIn(options.timeout)
    const { values } = outgoing
    const direct = this.#linkFor(options.at, this.#links)
    const traceparent = options.traceparent ?? watched?.traceparent ?? this.#options.traceparent?.()
    // One that waits for any of several copies waits for those at work, not for another one to be loaded.
    const link = this.#options.linkCall?.(this.component, !direct && !(this.#isLimited && this.#links.length > 0))
    const entry: LeavingEntry =
      outgoing.handled || traceparent !== undefined || link || options.fence
        ? [ToServer.call, id, method, values, deadline, outgoing.handled, traceparent, link?.id, options.fence]
        : [ToServer.call, id, method, values, deadline]
    let unsent: UnsentCall | undefined
    let again: KeptCall | undefined
    try {
      again = keptCall(this.#options, entry, outgoing, options)
      if (direct) direct.send(entry, outgoing)
      else unsent = unsentCall(entry, outgoing, this.#options.links.channels)
    } catch (error) {
      link?.over()
      direct?.giveBack()
      if (again) discardCopy(again.call)
      throw error
    }
    const promise = new Promise<unknown>((resolve, reject) => {
      const pending = new PendingCall(method, { unsent, again }, origin, watched, link, resolve, reject)
      pending.onFailed = this.#options.onFailed
      pending.tellsNotBegun = options.tellsNotBegun ?? false
      if (unsent || again) pending.signals = outgoing.signals
      if (direct) direct.sent(id, pending)
      else {
        this.#waiting.set(id, pending)
        pending.at = options.at
        if (options.timeout === undefined) pending.undecided = options
      }
      if (options.timeout || options.signal) this.#arm(id, pending, options)
      if (options.timeout && direct && outgoing.plain && !this.#clock) direct.leaves(entry, pending, options.timeout)
      else pending.startTimeout()
    })
    this.#busy.begin()
    if (!direct && (this.#isLimited || this.#hasNoneLeft)) this.#options.onWaiting()
    return promise
  }

  /** Only now it is known what holds for calls of the component: those that wait get its deadline, from now on, unless they say something of one. */
  defaultsKnown(): void {
    const { callTimeout: timeout } = this.#options
    if (!timeout) return
    for (const [id, pending] of this.#waiting) {
      const { undecided } = pending
      if (!undecided) continue
      pending.setDeadline(this.#deadlineIn(timeout))
      this.#arm(id, pending, { ...undecided, timeout })
      pending.startTimeout()
    }
  }

  #arm(id: number, pending: PendingCall, options: RemoteCallOptions): void {
    const giveUp = (error: unknown, isWish = false): Link | undefined => {
      const waited = this.#waiting.delete(id)
      const link = waited ? undefined : this.#links.find((each) => each.giveUp(id, error))
      if (!waited && !link) return undefined
      if (isWish) pending.onFailed = undefined
      pending.abandon(error)
      this.#settled()
      return link
    }
    pending.arm(
      options,
      () => {
        const error = new CallTimeoutError(this.component, methodName(pending.method), options.timeout ?? 0)
        const link = giveUp(pending.withOrigin(error))
        if (link?.holdBack()) this.#options.onTimeout?.(link.generation)
      },
      (reason) => {
        const link = giveUp(reason, true)
        // It may be at work all the same: where another copy can take the next call, that one is not sent to this one before it listens.
        if (this.#isLimited) link?.holdBack()
      },
      this.#clock,
    )
  }

  /** ms of the monotonic clock, which the other end has too; 0: none that it is to know. */
  #deadlineIn(timeout: number | undefined): number {
    return timeout && !this.#clock ? monotonicNow() + timeout : 0
  }

  #sendWaiting(): void {
    for (const [id, pending] of this.#waiting) {
      const { diedIn, at } = pending
      const links = diedIn === undefined ? this.#links : this.#links.filter(({ generation }) => generation !== diedIn)
      const link = this.#linkFor(at, links)
      if (!link) {
        if (diedIn !== undefined || at) continue
        break
      }
      this.#waiting.delete(id)
      if (pending.unsent) link.sendWaited(id, pending, pending.unsent)
    }
    for (const link of this.#links) link.flush()
  }

  /** It was not begun there, and waits for another one. */
  #refused(generation: number, id: number, pending: PendingCall, why: unknown): boolean {
    if (!this.#options.onRefused || this.#stopped || !pending.takeBack()) return false
    this.#waiting.putFirst([[id, pending]])
    this.#options.onRefused(generation, why)
    if (this.#waiting.has(id) && this.#hasNoneLeft) this.#options.onWaiting()
    return true
  }

  #settled(): void {
    if (this.#waiting.size > 0) this.#sendWaiting()
    if (this.#waiting.size + this.underWay === 0) this.#busy.pause()
  }

  /** Which one a call is sent on that is made now, or has waited, and counts there from now on; undefined: it waits. */
  #linkFor(at: RemoteCallOptions['at'], links: readonly Link[]): Link | undefined {
    const generation = at?.()
    const own = generation === undefined ? undefined : links.find((each) => each.generation === generation)
    if (own && !own.isSpent) return own.isOpenToOwn && own.take() ? own : undefined
    for (;;) {
      const link = leastBusy(links, this.#concurrency)
      // Another thread may have taken the last of its budget just now.
      if (!link || link.take()) return link
    }
  }

  /** None that there is will take a call again, however long it is waited for. */
  get #hasNoneLeft(): boolean {
    return this.#links.every(({ isOnItsWayOut }) => isOnItsWayOut)
  }

  #link(generation: number): Link | undefined {
    return this.#links.find((each) => each.generation === generation)
  }

  /** Several copies share the calls. */
  get #isLimited(): boolean {
    return this.#concurrency < Number.POSITIVE_INFINITY
  }

  get #concurrency(): number {
    return this.#options.concurrency ?? Number.POSITIVE_INFINITY
  }
}
