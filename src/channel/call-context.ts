import { AsyncLocalStorage } from 'node:async_hooks'
import { isDeadline } from './abort-reason.ts'

/** A call while it is being served. The signal is made when somebody first asks for it. */
export class ServedCall {
  static #count = 0
  /** What the locks know it by at its caller, who made it under a lock. */
  readonly link: string | undefined
  /** W3C Trace Context that came with the call. */
  readonly traceparent: string | undefined
  /** Fencing token of the claim under which it was made. */
  readonly token: number | undefined
  /** ms of the monotonic clock, until the call is answered or it is known here that it has passed; 0: none. */
  deadline = 0
  #session: string | undefined
  #controller: AbortController | undefined
  #over = false
  /** Made when somebody first wants to be told. */
  #onEnd: Set<() => void> | undefined
  #aborted: { reason: unknown } | undefined

  constructor(traceparent?: string, link?: string, session?: string, token?: number) {
    this.traceparent = traceparent
    this.link = link
    this.#session = session
    this.token = token
  }

  /** What locks the call acquires are told apart by. */
  get session(): string {
    return (this.#session ??= `call#${++ServedCall.#count}`)
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#aborted) this.#controller.abort(this.#aborted.reason)
    }
    return this.#controller.signal
  }

  get aborted(): boolean {
    return this.#aborted !== undefined
  }

  /** Its caller has given it up of his own accord, and not because its time was over: what becomes of it is no failure. */
  get isUnwanted(): boolean {
    return this.#aborted !== undefined && !isDeadline(this.#aborted.reason)
  }

  get over(): boolean {
    return this.#over
  }

  /** Calls back when the call is over, at once if it is. Returns what takes that back. */
  onEnd(listener: () => void): () => void {
    if (this.#over) listener()
    else (this.#onEnd ??= new Set()).add(listener)
    return () => this.#onEnd?.delete(listener)
  }

  /** It was answered, or its stream has ended. */
  end(): void {
    this.#over = true
    if (!this.#onEnd) return
    for (const listener of this.#onEnd) listener()
    this.#onEnd = undefined
  }

  abort(reason: unknown): void {
    this.#aborted ??= { reason }
    this.#controller?.abort(reason)
  }
}

// One storage for all copies of the package in this thread: a component may import another copy than the bootstrap does.
const key = Symbol.for('spillway.call-context')
const shared = globalThis as { [key]?: AsyncLocalStorage<ServedCall> }
export const callContext: AsyncLocalStorage<ServedCall> = (shared[key] ??= new AsyncLocalStorage<ServedCall>())

/**
 * The AbortSignal of the call being served: aborted when the caller gives up (its timeout passed, its signal was aborted, it broke off
 * the stream, it is gone). Outside a call: a signal that is never aborted.
 */
export function callSignal(): AbortSignal {
  return callContext.getStore()?.signal ?? new AbortController().signal
}

/**
 * The W3C Trace Context (`traceparent`) of the call being served, for spans of the component's own; undefined when the call is not
 * traced, and outside a call. Calls of dependencies made while serving it carry it on by themselves.
 */
export function callTraceparent(): string | undefined {
  return callContext.getStore()?.traceparent
}

/**
 * The fencing token of the call being served, when it came through a cluster to an instance of a family: larger with each new owner of the key. What it is
 * written with refuses a smaller one than it has seen. Undefined for any other call, and outside a call.
 */
export function fencingToken(): number | undefined {
  return callContext.getStore()?.token
}
