import { afterDeadline } from '../base/deadline.ts'
import { messageOf } from '../contract/describe-value.ts'
import { ValueError } from '../contract/errors.ts'
import { abortReason } from './abort-reason.ts'
import type { CallBudget } from './call-budget.ts'
import type { GenerationEnd } from './generation-end.ts'
import { Inbox } from './inbox.ts'
import { LeavingCalls } from './leaving-calls.ts'
import type { CallbackLinks, Outgoing } from './marshal.ts'
import { Outbox } from './outbox.ts'
import type { PendingCall } from './pending-call.ts'
import { apart, methodName, ToCaller, ToServer } from './protocol.ts'
import type { ApartEntry, CallerEntry, ServerEntry } from './protocol.ts'
import type { Lane } from './routing.ts'
import { SentCalls } from './sent-calls.ts'
import type { SentSignals, SignalLink } from './sent-signals.ts'
import type { ChannelEnd, Transport } from './transport.ts'
import { uncloneableArguments } from './uncloneable.ts'
import { sendUnsent } from './unsent-call.ts'
import type { LeavingEntry, UnsentCall } from './unsent-call.ts'

type LinkState =
  | {
      readonly status: 'open' | 'fenced'
      /** Of the last fence. Fenced, no more is sent, but what was sent is still being answered. */
      readonly epoch: number
      /** A deadline has passed, and the component has not said since that it listens: new calls wait. */
      readonly unheard: boolean
    }
  /** It is closed, and nobody has said yet why. */
  | { readonly status: 'lost' }
  | { readonly status: 'over' }

export interface LinkOptions {
  readonly component: string
  readonly generation: number
  readonly links: CallbackLinks
  /** Undefined: any number of calls. */
  readonly budget: CallBudget | undefined
  readonly signals: SentSignals
  /** ms to wait, after the connection closed, for somebody to say why. */
  readonly endGrace: number
  /** It may take calls again that it did not take before. */
  readonly onOpen: () => void
  /** A call that was sent on it is settled, or a stream over. */
  readonly onSettled: () => void
  /** It is closed, and nobody has said why by now. */
  readonly onLost: (end: GenerationEnd) => void
  /** A call that was sent on it was not begun. Returns false when it is not to be asked elsewhere. */
  readonly onRefused: (id: number, pending: PendingCall, why: unknown) => boolean
  /** Calls of others at its other end. Default: it is not known of any. */
  readonly elsewhere?: (() => number) | undefined
  /** On which host of a cluster it is, for stacks. Default: here, and then the generation says more. */
  readonly host?: string | undefined
}

/** What joins a caller with one generation of a component: the calls that were sent to it, and what is known of whether it takes more. */
export class Link implements Lane, SignalLink {
  readonly generation: number
  readonly #component: string
  readonly #options: LinkOptions
  readonly #transport: Transport
  readonly #inbox: Inbox
  readonly #outbox: Outbox<ServerEntry>
  readonly #leaving = new LeavingCalls()
  readonly #sent: SentCalls
  #state: LinkState = { status: 'open', epoch: 0, unheard: false }
  #isRetired = false
  #cancelGrace: () => void = () => {}
  #onQuiet: (() => void)[] = []

  constructor(transport: Transport, options: LinkOptions) {
    this.generation = options.generation
    this.#component = options.component
    this.#options = options
    this.#transport = transport
    this.#sent = new SentCalls(options.component, options.links, {
      send: (entry) => this.#sendIfConnected(entry),
      settled: () => this.#settled(),
      refused: options.onRefused,
      where: () =>
        `component "${this.#component}" ${options.host === undefined ? `(generation ${this.generation})` : `on host "${options.host}"`}`,
    })
    this.#inbox = Inbox.open(transport, {
      receive: (entry) => this.#receive(entry as CallerEntry),
      lost: (announced, cause) => this.#sent.lost(announced, cause),
    })
    this.#outbox = new Outbox<ServerEntry>(
      transport,
      (entry, cause) => this.#instead(entry, cause),
      () => this.#leaving.leave(),
    )
    transport.onClose(() => this.#closed())
  }

  /** It takes calls of anybody. */
  get isOpen(): boolean {
    return !this.#isRetired && this.isOpenToOwn
  }

  /** Its generation is loaded, and may only have to show that it listens before it takes calls. */
  get isJoined(): boolean {
    return !this.#isRetired && this.#state.status === 'open'
  }

  /** It takes calls of those who hold its generation. */
  get isOpenToOwn(): boolean {
    return this.#state.status === 'open' && !this.#state.unheard && this.#options.budget?.isSpent !== true
  }

  /** Its generation gets no more calls. */
  get isSpent(): boolean {
    return this.#options.budget?.isOver ?? false
  }

  /** It takes no more calls of just anybody, however long it is waited for. */
  get isOnItsWayOut(): boolean {
    return this.#isRetired || this.isSpent
  }

  /** Calls go elsewhere from now on, but those of who holds its generation. */
  retire(): void {
    this.#isRetired = true
  }

  /** Whether one more call may be sent on it; if so it counts as sent. */
  take(): boolean {
    return this.#options.budget?.take() ?? true
  }

  /** The call that `take` was for was not sent. */
  giveBack(): void {
    this.#options.budget?.giveBack()
  }

  get underWay(): number {
    return this.#sent.size
  }

  get load(): number {
    return this.#sent.size + (this.#options.elsewhere?.() ?? 0)
  }

  /**
   * Sends a call that has not waited; `sent` says whose it is.
   *
   * @throws DataCloneError when its arguments cannot be cloned or moved.
   */
  send(entry: LeavingEntry, { plain, transfers, signals }: Outgoing): void {
    if (plain) this.#outbox.push(entry)
    else this.#outbox.post(entry, entry[3], [apart, entry[1]], transfers)
    for (const signal of signals) this.#options.signals.sentOn(this, signal)
  }

  /** What was just sent waits for its answer. */
  sent(id: number, pending: PendingCall): void {
    this.#sent.add(id, pending)
  }

  /** Its time runs from when it is posted. */
  leaves(entry: LeavingEntry, pending: PendingCall, timeout: number): void {
    this.#leaving.add({ entry, pending, timeout })
  }

  /** Sends a call that has waited. */
  sendWaited(id: number, pending: PendingCall, unsent: UnsentCall): void {
    try {
      sendUnsent(unsent, this.#outbox)
    } catch (cause) {
      // It could be sealed, and cannot go as far as this connection does.
      this.giveBack()
      const error = new ValueError(
        this.#component,
        `arguments of ${methodName(pending.method)}()`,
        `cannot go there: ${messageOf(cause)}`,
      )
      pending.reject(pending.withOrigin(error))
      return
    }
    pending.unsent = undefined
    pending.link?.sent()
    this.#sent.add(id, pending)
    for (const signal of pending.signals) this.#options.signals.sentOn(this, signal)
  }

  signalAborted(number: number, reason: unknown): void {
    this.#sendIfConnected([ToServer.signal, number, abortReason(reason, this.#component)])
  }

  signalForgotten(number: number): void {
    this.#sendIfConnected([ToServer.signal, number])
  }

  flush(): void {
    this.#outbox.flush()
  }

  /** Nobody waits for that call any more. Returns false when it was not sent on this link, or is settled. */
  giveUp(id: number, error: unknown): boolean {
    if (!this.#sent.delete(id)) return false
    this.#sendIfConnected([ToServer.abort, id, abortReason(error, this.#component)])
    return true
  }

  /** @see Caller.share */
  share(path: readonly string[]): ChannelEnd | undefined {
    if (!this.#isConnected) return undefined
    const [served, given] = this.#options.links.channels.pair()
    this.#outbox.post([ToServer.share, 0, path, served], [served], [apart, 0], [served])
    return given
  }

  /** Sends no more until `resume`; tells the component so. A fence that was raised already is not raised again. */
  fence(epoch: number): void {
    const state = this.#state
    if ((state.status !== 'open' && state.status !== 'fenced') || epoch <= state.epoch) return
    this.#outbox.push([ToServer.fenced, epoch])
    this.#outbox.flush()
    this.#state = { ...state, status: 'fenced', epoch }
  }

  /** The unload was called off. What comes late, when the next fence is up, changes nothing. */
  resume(epoch: number): void {
    const state = this.#state
    if (state.status !== 'fenced' || epoch < state.epoch) return
    this.#state = { ...state, status: 'open' }
    this.#options.onOpen()
  }

  /**
   * Until it says that it listens, new calls wait.
   *
   * @returns false when they do already, or nothing is sent at all.
   */
  holdBack(): boolean {
    const state = this.#state
    if ((state.status !== 'open' && state.status !== 'fenced') || state.unheard) return false
    this.#outbox.push([ToServer.ask, 0])
    this.#state = { ...state, unheard: true }
    return true
  }

  /** Resolves once nothing that was sent is unsettled. */
  quiet(): Promise<void> {
    if (this.#sent.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#onQuiet.push(resolve))
  }

  /**
   * The generation is over: answers that had arrived count.
   *
   * @param unanswered given each of the others that were sent.
   */
  end(unanswered: (id: number, pending: PendingCall) => void): void {
    // An answer is all that counts by now; a fence or its end does not.
    this.#state = { status: 'lost' }
    this.#inbox.takeRest()
    this.#over()
    for (const [id, pending] of this.#sent.takeAll()) unanswered(id, pending)
    this.#settled()
  }

  /** Everything that was sent rejects with `error`. */
  close(error: unknown): void {
    this.#over()
    for (const [, pending] of this.#sent.takeAll()) pending.rejectShared(error)
    this.#settled()
  }

  #over(): void {
    this.#cancelGrace()
    this.#state = { status: 'over' }
    this.#options.signals.linkEnded(this)
    this.#transport.close()
  }

  get #isConnected(): boolean {
    return this.#state.status === 'open' || this.#state.status === 'fenced'
  }

  #receive(entry: CallerEntry): void {
    if (entry[0] === ToCaller.fence) this.fence(entry[1])
    else if (entry[0] === ToCaller.resume) this.resume(entry[1])
    else if (entry[0] === ToCaller.heard) this.#heard()
    else if (entry[0] === ToCaller.unneeded) this.#options.signals.unneeded(this, entry[1], entry[2])
    else this.#sent.receive(entry)
  }

  #heard(): void {
    const state = this.#state
    if (state.status !== 'open' && state.status !== 'fenced') return
    this.#state = { ...state, unheard: false }
    if (state.status === 'open') this.#options.onOpen()
  }

  #sendIfConnected(entry: ServerEntry): void {
    if (this.#isConnected) this.#outbox.push(entry)
  }

  /** For an entry that could not be posted. */
  #instead(entry: ServerEntry | ApartEntry, cause: unknown): ServerEntry | undefined {
    if (entry[0] === ToServer.abort) return [ToServer.abort, entry[1], abortReason(undefined, this.#component)]
    if (entry[0] === ToServer.signal) return [ToServer.signal, entry[1], abortReason(undefined, this.#component)]
    if (entry[0] !== ToServer.call) return undefined
    this.#sent.take(entry[1])?.reject(uncloneableArguments(this.#component, entry[2], entry[3], cause))
    this.#settled()
    return undefined
  }

  #closed(): void {
    if (!this.#isConnected) return
    // Whoever watches the worker usually knows why within milliseconds; nobody waits longer than the grace for that. New calls wait as
    // well: before the worker's end is known, another connection would lead to the same dead worker.
    this.#state = { status: 'lost' }
    this.#cancelGrace = afterDeadline(this.#options.endGrace, () => this.#options.onLost({ reason: 'exit' }))
  }

  #settled(): void {
    if (this.#sent.size === 0) for (const resolve of this.#onQuiet.splice(0)) resolve()
    this.#options.onSettled()
  }
}
