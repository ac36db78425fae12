import { messageOf } from '../contract/describe-value.ts'
import { NoSuchMethodError, StaleOwnerError } from '../contract/errors.ts'
import { monotonicNow } from '../base/monotonic.ts'
import { isDeadline, readAbortReason } from './abort-reason.ts'
import { isThenable, openIterator } from './answer-form.ts'
import { callContext, ServedCall } from './call-context.ts'
import { closeMoved } from './close-moved.ts'
import { encodeError } from './error-codec.ts'
import { flatError } from './flat-error.ts'
import { answerOf } from './fluent.ts'
import { GivenSignals } from './given-signals.ts'
import { Inbox } from './inbox.ts'
import { marshal } from './marshal.ts'
import type { ServedMethod } from './method-table.ts'
import { NotBegun } from './not-begun.ts'
import { Outbox } from './outbox.ts'
import { ParkedCalls } from './parked-calls.ts'
import { isImmutable } from './plain-copy.ts'
import { apart, isServerEntry, methodName, ToCaller, ToServer } from './protocol.ts'
import type {
  ApartEntry,
  CallEntry,
  CallerEntry,
  EncodedError,
  SealedEntry,
  ServerEntry,
  SignalEntry,
} from './protocol.ts'
import type { ServedApi } from './served-api.ts'
import { StreamSource } from './stream-source.ts'
import type { Transport } from './transport.ts'
import { receiveArguments } from './received-arguments.ts'
import { hasServed, isTurn } from './turns.ts'
import { uncloneableResult } from './uncloneable.ts'
import { insteadOfUnsendable, isOfStream } from './unsendable-answer.ts'
import { unseal } from './unsent-call.ts'

type ErrorEntry = readonly [op: typeof ToCaller.error | typeof ToCaller.fail, id: number, error: EncodedError]

/** The component's end of a connection: runs the calls of one caller and answers each of them once. */
export class ServedConnection {
  readonly #api: ServedApi
  readonly #outbox: Outbox<CallerEntry>
  readonly #parked = new ParkedCalls()
  readonly #calls = new Map<number, ServedCall>()
  readonly #streams = new Map<number, StreamSource>()
  /** Made with the first that is given: most callers give none. */
  #signals: GivenSignals | undefined
  readonly #onClose: (connection: ServedConnection) => void
  /** The last epoch for which the caller promised to send no more. */
  #fencedEpoch = 0
  #fence: { readonly epoch: number; readonly onFenced: () => void } | undefined

  /** Serves `api` on `transport` until either side closes it. */
  static open(
    transport: Transport,
    api: ServedApi,
    onClose: (connection: ServedConnection) => void = () => {},
  ): ServedConnection {
    return new ServedConnection(transport, api, onClose)
  }

  private constructor(transport: Transport, api: ServedApi, onClose: (connection: ServedConnection) => void) {
    this.#api = api
    this.#outbox = new Outbox(transport, (entry, cause) => this.#instead(entry, cause))
    this.#onClose = onClose
    Inbox.open(transport, {
      receive: (entry) => {
        if (isServerEntry(entry, api.links.channels)) this.#receive(entry)
        else closeMoved(entry)
      },
      lost: (announced, cause) => this.#lost(announced, cause),
    })
    transport.onClose(() => this.#closed())
  }

  /** Asks the caller to send no more, and calls back once everything it sent before has arrived. */
  fence(epoch: number, onFenced: () => void): void {
    if (this.#fencedEpoch >= epoch) {
      onFenced()
      return
    }
    this.#fence = { epoch, onFenced }
    this.#outbox.push([ToCaller.fence, epoch])
  }

  /** Takes the fence of that epoch back. */
  resume(epoch: number): void {
    this.#fence = undefined
    this.#outbox.push([ToCaller.resume, epoch])
  }

  /** Posts the answers that wait for the end of the microtask now. */
  flush(): void {
    this.#outbox.flush()
  }

  #closed(): void {
    const gone = new DOMException('The caller is gone', 'AbortError')
    for (const id of this.#parked.ids) this.#drop(id, gone)
    for (const call of this.#calls.values()) {
      this.#deadlineOver(call)
      call.abort(gone)
    }
    for (const stream of this.#streams.values()) stream.cancel()
    this.#signals?.close(gone)
    this.#fenced(Number.POSITIVE_INFINITY)
    this.#onClose(this)
  }

  #receive(entry: ServerEntry): void {
    switch (entry[0]) {
      case ToServer.call:
        this.#arrived(entry)
        break
      case ToServer.sealed:
        this.#unseal(entry)
        break
      case ToServer.abort:
        this.#abort(entry[1], readAbortReason(entry[2]))
        break
      case ToServer.credit:
        this.#streams.get(entry[1])?.grant(entry[2], entry[3])
        break
      case ToServer.cancel:
        this.#abort(entry[1], new DOMException('The caller ended the stream', 'AbortError'))
        break
      case ToServer.fenced:
        this.#fenced(entry[1])
        break
      case ToServer.share:
        if (this.#api.share) this.#api.share(entry[2], entry[3])
        else this.#api.links.channels.join(entry[3]).close()
        break
      case ToServer.ask:
        this.#outbox.push([ToCaller.heard, entry[1]])
        break
      case ToServer.signal:
        this.#signal(entry)
        break
    }
  }

  #signal(entry: SignalEntry): void {
    if (entry.length === 2) this.#signals?.forgotten(entry[1])
    else this.#givenSignals().aborted(entry[1], readAbortReason(entry[2]), this.#parked.size > 0)
  }

  #fenced(epoch: number): void {
    this.#fencedEpoch = Math.max(this.#fencedEpoch, epoch)
    const waiting = this.#fence
    if (!waiting || waiting.epoch > this.#fencedEpoch) return
    this.#fence = undefined
    waiting.onFenced()
  }

  #unseal([, id, end, deadline]: SealedEntry): void {
    try {
      const { channels } = this.#api.links
      const entry = unseal(end, channels)
      if (isServerEntry(entry, channels) && entry[0] === ToServer.call && entry[1] === id) {
        const [op, , method, args, , ...rest] = entry
        this.#arrived([op, id, method, args, deadline, ...rest])
      } else closeMoved(entry)
    } catch (cause) {
      this.#lost([apart, id], cause)
    }
  }

  #arrived(entry: CallEntry): void {
    const now = monotonicNow()
    this.#api.meter?.callStarted(now)
    if (isTurn()) {
      this.#serve(entry, now)
      hasServed(monotonicNow() - now)
      return
    }
    this.#parked.park(entry, () => {
      this.#serve(entry, monotonicNow())
      if (this.#parked.size === 0) this.#signals?.allBegun()
    })
  }

  /** A call that will not be run: nobody waits for its answer. */
  #drop(id: number, reason: unknown): void {
    if (this.#parked.drop(id)) this.#ended(id, isDeadline(reason))
  }

  /** What arrived could not be read, so it was not run; its caller is told. */
  #lost(announced: ApartEntry | undefined, cause: unknown): void {
    if (announced) {
      this.#api.meter?.callStarted(monotonicNow())
      this.#api.meter?.callEnded(true)
    }
    this.#outbox.push([ToCaller.unreadable, announced?.[1] ?? 0, messageOf(cause)])
  }

  #abort(id: number, reason: unknown): void {
    this.#drop(id, reason)
    const call = this.#calls.get(id)
    if (call) this.#deadlineOver(call)
    call?.abort(reason)
    this.#streams.get(id)?.cancel()
  }

  /** A component's calls may be so rare that this is never compiled: each step is interpreted, and taking an array apart by a pattern is dozens of them. */
  #serve(entry: CallEntry, now: number): void {
    const id = entry[1]
    const method = entry[2]
    const args = entry[3]
    const deadline = entry[4]
    const handled = entry[5]
    const { table, meter } = this.#api
    const fence = entry[8]
    const call = new ServedCall(entry[6], entry[7], undefined, fence?.[0])
    this.#calls.set(id, call)
    const served = table.lookup(method)
    if (!served) {
      closeMoved(args)
      const known = table.names()
      this.#fail(id, method, new NoSuchMethodError(this.#api.component, methodName(method), { known }))
      return
    }
    // The caller gives up on it now, by a timer of its own; running it would only delay the others.
    if (deadline !== 0 && deadline < now) {
      closeMoved(args)
      this.#ended(id, true)
      return
    }
    if (fence && fence[1] < now) {
      closeMoved(args)
      this.#fail(id, method, new NotBegun(new StaleOwnerError(this.#api.component, fence[0])))
      return
    }
    meter?.callBegins(deadline)
    call.deadline = deadline
    try {
      const values = handled
        ? receiveArguments(args, handled, this.#api, (form) => this.#givenSignals().take(form, call))
        : args
      const result: unknown = callContext.run(call, Reflect.apply, served.fn, served.self, values)
      if (isThenable(result)) {
        // A foreign thenable may call back twice, or later throw.
        Promise.resolve(result).then(
          (value) => this.#succeed(id, method, value, served),
          (error: unknown) => this.#fail(id, method, error),
        )
      } else this.#succeed(id, method, result, served)
    } catch (error) {
      this.#fail(id, method, error)
    }
  }

  #givenSignals(): GivenSignals {
    return (this.#signals ??= new GivenSignals((number, times) =>
      this.#outbox.push([ToCaller.unneeded, number, times]),
    ))
  }

  #deadlineOver(call: ServedCall): void {
    const { deadline } = call
    if (deadline === 0) return
    call.deadline = 0
    this.#api.meter?.deadlineOver(deadline)
  }

  #succeed(id: number, method: CallEntry[2], value: unknown, served: ServedMethod): void {
    let iterator
    try {
      iterator = openIterator(value)
    } catch (error) {
      this.#fail(id, method, error)
      return
    }
    if (iterator) {
      this.#openStream(id, method, iterator)
      return
    }
    const failure = this.#send(ToCaller.value, id, method, answerOf(value, served, this.#api.table))
    if (failure === undefined) return
    const call = this.#calls.get(id)
    if (call) this.#ended(id, true)
    else this.#api.meter?.answerFailed()
    this.#sendError(ToCaller.error, id, method, failure, call)
  }

  #fail(id: number, method: CallEntry[2], error: unknown): void {
    const call = this.#calls.get(id)
    if (error instanceof NotBegun) {
      this.#ended(id, false)
      this.#outbox.push([ToCaller.refused, id, encodeError(error.cause, this.#api.component)])
      return
    }
    this.#ended(id, true)
    this.#sendError(ToCaller.error, id, method, error, call)
  }

  /** For an entry that could not be posted. */
  #instead(entry: CallerEntry | ApartEntry, cause: unknown): CallerEntry | undefined {
    if (isOfStream(entry)) this.#streams.get(entry[1])?.cancel()
    return insteadOfUnsendable(entry, this.#api.component, cause)
  }

  #openStream(id: number, method: CallEntry[2], iterator: AsyncIterator<unknown>): void {
    this.#outbox.push([ToCaller.stream, id])
    const call = this.#calls.get(id)
    if (!call) return
    // It was answered in time: how long its reader takes is the reader's business.
    this.#deadlineOver(call)
    const stream = new StreamSource(iterator, {
      run: (step) => callContext.run(call, step),
      stepBegins: (timeout) => this.#api.meter?.stepBegins(timeout) ?? (() => {}),
      chunk: (value) => {
        const failure = this.#send(ToCaller.chunk, id, method, value)
        if (failure) throw failure
      },
      end: (value) => {
        const failure = this.#send(ToCaller.end, id, method, value)
        if (failure) throw failure
      },
      fail: (error) => this.#sendError(ToCaller.fail, id, method, error, call),
      closed: (failed) => {
        this.#streams.delete(id)
        this.#ended(id, failed)
      },
    })
    this.#streams.set(id, stream)
    // The caller may have given up while the method was still preparing the stream.
    if (call.aborted) stream.cancel()
  }

  #ended(id: number, failed: boolean): void {
    const call = this.#calls.get(id)
    if (call) {
      this.#deadlineOver(call)
      call.end()
      this.#calls.delete(id)
    }
    this.#api.meter?.callEnded(failed && call?.isUnwanted !== true)
  }

  #sendError(op: ErrorEntry[0], id: number, method: CallEntry[2], thrown: unknown, call?: ServedCall): void {
    if (call?.isUnwanted !== true) this.#api.meter?.failed?.(method, thrown)
    const error = encodeError(thrown, this.#api.component)
    const flat = flatError(error)
    if (flat === error) this.#outbox.push([op, id, error])
    else this.#postError([op, id, error], flat)
  }

  /** @param flat what is told where there is something in it that cannot go so far; undefined: that is what was thrown. */
  #postError(entry: ErrorEntry, flat: EncodedError | undefined): void {
    const [op, id, error] = entry
    try {
      this.#outbox.post(entry, [error], [apart, id, flat])
    } catch (cause) {
      const instead: CallerEntry | undefined = flat ? [op, id, flat] : this.#instead(entry, cause)
      if (instead) this.#outbox.push(instead)
    }
  }

  /** Posts a value; returns what went wrong when it could not be cloned. */
  #send(
    op: typeof ToCaller.value | typeof ToCaller.chunk | typeof ToCaller.end,
    id: number,
    method: CallEntry[2],
    value: unknown,
  ): Error | undefined {
    if (isImmutable(value)) {
      this.#leaves(op, id)
      this.#outbox.push([op, id, value])
      return undefined
    }
    let outgoing
    try {
      outgoing = marshal([value], this.#api.links)
      const handling = outgoing.handled?.[0]?.[1]
      const entry: CallerEntry = handling ? [op, id, outgoing.values[0], handling] : [op, id, outgoing.values[0]]
      this.#leaves(op, id)
      if (outgoing.plain) this.#outbox.push(entry)
      else this.#outbox.post(entry, outgoing.values, [apart, id], outgoing.transfers)
      return undefined
    } catch (cause) {
      outgoing?.discard()
      return uncloneableResult(this.#api.component, method, value, cause)
    }
  }

  /** A call is over before its answer is on its way: who gets that may look at once at what the component is doing. */
  #leaves(op: CallerEntry[0], id: number): void {
    if (op === ToCaller.value) this.#ended(id, false)
  }
}
