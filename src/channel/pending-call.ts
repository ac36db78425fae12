import { afterDeadline } from '../base/deadline.ts'
import type { PolicyClock } from '../base/policy-clock.ts'
import { isInstance } from '../contract/is-instance.ts'
import type { CallLink } from '../locks/call-links.ts'
import type { CallerOptions } from './caller-options.ts'
import type { WatchedCall } from './call-watch.ts'
import { read } from './cloneable-part.ts'
import { decodeError } from './error-codec.ts'
import { errorForCaller, framesOf, stackOf } from './error-for-caller.ts'
import { NotBegun } from './not-begun.ts'
import type { EncodedError, Fence, MethodPath } from './protocol.ts'
import { methodName } from './protocol.ts'
import type { RemoteStream } from './remote-stream.ts'
import { discardCopy, discardUnsent, setDeadline } from './unsent-call.ts'
import type { KeptCall, UnsentCall } from './unsent-call.ts'

/** What a caller may ask of one call. */
export interface CallOptions {
  /** ms until the call rejects with CallTimeoutError; 0 or undefined: none. */
  readonly timeout?: number | undefined
  /** Aborting it rejects the call with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** True: rejects with ComponentNotLoadedError instead of loading the component, or waiting for it. Default false. */
  readonly ifLoaded?: boolean | undefined
  /** W3C Trace Context (`traceparent`) that travels with the call; the component reads it with `callTraceparent()`. Default: of its span, when traced. */
  readonly traceparent?: string | undefined
}

/** The options of a call that is made through a remote. */
export interface RemoteCallOptions extends CallOptions {
  /** The generation that it goes to, however much that has to do, as long as it is there. */
  readonly at?: (() => number | undefined) | undefined
  /** The claim under which it is made. */
  readonly fence?: Fence | undefined
  /** What it rejects with when it was not begun is wrapped: NotBegun. For who can have it begun elsewhere. */
  readonly tellsNotBegun?: boolean | undefined
}

/** Where a call was made, for the stacks of what it rejects with. */
export interface CallOrigin {
  /** Captured when the call was made; undefined: whoever awaits the call adds its own frames to `error`. */
  stack?: string
  /** What the call rejects with, when it has no frames of the caller yet. */
  error?: unknown
}

const nothingToDo = (): void => {}
const none: readonly never[] = []

/** A call that has not been settled: waiting for a connection, or sent. */
export class PendingCall {
  readonly method: MethodPath
  /** Until it is sent; then its arguments are not held any longer. */
  unsent: UnsentCall | undefined
  /** A copy of what is sent, until it is settled: for a call that may be sent again. */
  #again: KeptCall | undefined
  /** It waits to be sent again: how its generation ended. */
  #crash: { readonly generation: number; readonly error: (cause: unknown) => Error } | undefined
  /** ms; 0: none. */
  timeout = 0
  /** Of a call that waits: the generation that it goes to as long as it is there. */
  at: RemoteCallOptions['at']
  /** Of a call that waits and says nothing of a deadline: what it says. */
  undecided: RemoteCallOptions | undefined
  /** Of a call that waits, or may be sent again: those among its arguments. */
  signals: readonly AbortSignal[] = none
  tellsNotBegun = false
  /** Set once the reply said that a stream follows. */
  stream: RemoteStream | undefined
  /** Is told what it rejects with; undefined: nobody minds. */
  onFailed: CallerOptions['onFailed']
  #resolve: (value: unknown) => void
  #reject: (reason: unknown) => void
  readonly #origin: CallOrigin
  readonly #watched: WatchedCall | undefined
  /** What the locks know it by, when it was made under one. */
  readonly link: CallLink | undefined
  #cleanup: (() => void) | undefined

  constructor(
    method: MethodPath,
    { unsent, again }: { readonly unsent: UnsentCall | undefined; readonly again: KeptCall | undefined },
    origin: CallOrigin,
    watched: WatchedCall | undefined,
    link: CallLink | undefined,
    resolve: (value: unknown) => void,
    reject: (reason: unknown) => void,
  ) {
    this.method = method
    this.unsent = unsent
    this.#again = again
    this.#origin = origin
    this.#watched = watched
    this.link = link
    this.#resolve = resolve
    this.#reject = reject
  }

  /** Arranges for `onTimeout`, from `startTimeout` on, and `onAbort`; both are taken back when the call is settled, or armed anew. */
  arm(options: CallOptions, onTimeout: () => void, onAbort: (reason: unknown) => void, clock?: PolicyClock): void {
    this.#cleanup?.()
    const { timeout, signal } = options
    this.timeout = timeout ?? 0
    let cancelTimeout = nothingToDo
    let cancelAbort = nothingToDo
    const abort = signal
      ? (): void => {
          const giveUp = (): void => onAbort(signal.reason)
          // That of AbortSignal.timeout() is a deadline as well, whose timer may be late.
          if (isTimeout(signal.reason)) cancelAbort = afterDeadline(0, giveUp)
          else giveUp()
        }
      : undefined
    if (abort) signal?.addEventListener('abort', abort, { once: true })
    this.startTimeout = () => {
      if (timeout) cancelTimeout = (clock?.after ?? afterDeadline)(timeout, onTimeout)
    }
    this.#cleanup = () => {
      this.startTimeout = nothingToDo
      cancelTimeout()
      cancelAbort()
      if (abort) signal?.removeEventListener('abort', abort)
    }
    // A deadline of its own that has passed already, and whose turn was to come.
    if (signal?.aborted) abort?.()
    // A stream lives on after its first answer: then only the signal counts.
    this.answered = () => cancelTimeout()
  }

  /** ms of the monotonic clock: of a call that waits, and had none. */
  setDeadline(deadline: number): void {
    this.undecided = undefined
    for (const call of [this.unsent, this.#again?.call]) if (call) setDeadline(call, deadline)
  }

  /** The generation that it was sent to first, and that crashed. */
  get diedIn(): number | undefined {
    return this.#crash?.generation
  }

  /**
   * Its worker has crashed: it is as if it had not been sent yet, but for its abort and its deadline.
   *
   * @param error what it rejects with when it cannot be sent again after all, for a reason of its own.
   * @returns false when it cannot be: nothing has changed.
   */
  startOver(generation: number, error: (cause: unknown) => Error): boolean {
    if (this.#again?.keptFor !== 'crash' || this.stream) return false
    this.unsent = this.#again.call
    this.#again = undefined
    this.undecided = undefined
    this.#crash = { generation, error }
    return true
  }

  /** It was not begun where it had been sent: it is as if it had not been sent yet. Returns false when nothing was kept for that. */
  takeBack(): boolean {
    if (!this.#again || this.stream) return false
    this.unsent = this.#again.call
    this.undecided = undefined
    return true
  }

  /** It will not be sent. If it has been once already it may have run: then its error says so, and that it was not sent again, and why. */
  rejectUnsent(reason: unknown): void {
    if (this.#crash) this.reject(this.#crash.error(reason))
    else if (this.tellsNotBegun) this.reject(new NotBegun(reason))
    else this.rejectShared(reason)
  }

  /** With an error that others are told of as well. */
  rejectShared(reason: unknown): void {
    const error = errorForCaller(reason, framesOf(this.#origin))
    this.#origin.error = error
    this.reject(error)
  }

  /** Its time runs from now on. */
  startTimeout: () => void = nothingToDo

  /** The first answer has come: the timeout no longer counts. */
  answered: () => void = nothingToDo

  resolve(value: unknown): void {
    this.finish()
    this.#watched?.settled(false)
    this.#resolve(value)
  }

  /** The call answers with a stream, which the caller reads on its own. */
  resolveStream(stream: RemoteStream, handle: unknown): void {
    this.stream = stream
    this.answered()
    this.#dropCopy()
    // From now on only for its next value, when somebody asks for it.
    this.link?.waits(false)
    this.#watched?.settled(false)
    this.#resolve(handle)
    // They hold on to the promise, and through it to the handle, whose collection ends a stream that nobody reads.
    this.#resolve = this.#reject = nothingToDo
  }

  /** @param isAnswer the component has answered with it. */
  reject(reason: unknown, isAnswer = false): void {
    this.onFailed?.(reason, isAnswer)
    this.finish()
    if (this.unsent) discardUnsent(this.unsent)
    this.unsent = undefined
    if (this.stream) {
      this.stream.fail(reason)
      return
    }
    this.#watched?.settled(true, reason)
    this.#reject(reason)
  }

  /** The caller gives up: unlike after a failure of the component, values that a stream has in store are not delivered any more. */
  abandon(reason: unknown): void {
    this.stream?.discard()
    this.reject(reason)
  }

  /** It was settled, or its stream came to its end. */
  finish(): void {
    this.#cleanup?.()
    this.link?.over()
    this.#dropCopy()
  }

  #dropCopy(): void {
    if (this.#again) discardCopy(this.#again.call)
    this.#again = undefined
  }

  rejectEncoded(error: EncodedError, where: string): void {
    const decoded = decodeError(error, this.#joinedFrames(where))
    this.#origin.error = decoded
    this.reject(decoded, true)
  }

  /** Adds the caller's frames to an error made here. */
  withOrigin<E extends Error>(error: E): E {
    const frames = framesOf(this.#origin)
    error.stack = stackOf(error, frames)
    this.#origin.error = error
    return error
  }

  #joinedFrames(where: string): string {
    const frames = framesOf(this.#origin)
    return `    at ${methodName(this.method)}() of ${where}${frames ? `\n${frames}` : ''}`
  }
}

function isTimeout(reason: unknown): boolean {
  return isInstance(reason, DOMException) && read(reason, 'name') === 'TimeoutError'
}
