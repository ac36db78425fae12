import type { Transferable } from 'node:worker_threads'
import { decodeError } from './error-codec.ts'
import type { EncodedError, CallEntry, MethodPath } from './protocol.ts'
import { methodName } from './protocol.ts'
import type { RemoteStream } from './remote-stream.ts'

/** What a caller may ask of one call. */
export interface CallOptions {
  /** ms until the call rejects with CallTimeoutError; 0 or undefined: none. */
  readonly timeout?: number | undefined
  /** Aborting it rejects the call with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** A call that has not been settled: waiting for a connection, or sent. */
export class PendingCall {
  readonly method: MethodPath
  readonly entry: CallEntry
  /** What moves with the entry; emptied once it was sent. */
  transfers: readonly Transferable[]
  /** Set once the reply said that a stream follows. */
  stream: RemoteStream | undefined
  readonly #resolve: (value: unknown) => void
  readonly #reject: (reason: unknown) => void
  readonly #origin: { stack?: string }
  #cleanup: (() => void) | undefined

  constructor(
    entry: CallEntry,
    transfers: readonly Transferable[],
    origin: { stack?: string },
    resolve: (value: unknown) => void,
    reject: (reason: unknown) => void,
  ) {
    this.method = entry[2]
    this.entry = entry
    this.transfers = transfers
    this.#origin = origin
    this.#resolve = resolve
    this.#reject = reject
  }

  /** Arranges for `onTimeout` and `onAbort`; both are taken back when the call is settled. */
  arm(options: CallOptions, onTimeout: () => void, onAbort: (reason: unknown) => void): void {
    const { timeout, signal } = options
    const timer = timeout ? setTimeout(onTimeout, timeout) : undefined
    const abort = signal ? (): void => onAbort(signal.reason) : undefined
    if (abort) signal?.addEventListener('abort', abort, { once: true })
    this.#cleanup = () => {
      clearTimeout(timer)
      if (abort) signal?.removeEventListener('abort', abort)
    }
    // A stream lives on after its first answer: then only the signal counts.
    this.answered = () => clearTimeout(timer)
  }

  /** The first answer has come: the timeout no longer counts. */
  answered: () => void = () => {}

  resolve(value: unknown): void {
    this.#cleanup?.()
    this.#resolve(value)
  }

  /** The call answers with a stream, which the caller reads on its own. */
  resolveStream(stream: RemoteStream, handle: unknown): void {
    this.stream = stream
    this.answered()
    this.#resolve(handle)
  }

  reject(reason: unknown): void {
    this.#cleanup?.()
    if (this.stream) this.stream.fail(reason)
    else this.#reject(reason)
  }

  /** The stream came to its end. */
  finish(): void {
    this.#cleanup?.()
  }

  rejectEncoded(error: EncodedError, where: string): void {
    this.reject(decodeError(error, this.#joinedFrames(where)))
  }

  /** Adds the caller's frames to an error made here. */
  withOrigin<E extends Error>(error: E): E {
    const frames = framesOf(this.#origin)
    if (frames) error.stack = `${error.name}: ${error.message}\n${frames}`
    return error
  }

  #joinedFrames(where: string): string {
    const frames = framesOf(this.#origin)
    return `    at ${methodName(this.method)}() of ${where}${frames ? `\n${frames}` : ''}`
  }
}

function framesOf(origin: { stack?: string }): string {
  const { stack } = origin
  return stack ? stack.slice(stack.indexOf('\n') + 1) : ''
}
