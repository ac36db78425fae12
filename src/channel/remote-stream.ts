import { closeMoved } from './close-moved.ts'

/** How many values may be under way unasked: one frame's worth, so that a fast source and a fast reader never wait for each other. */
const window = 16

/** What a stream needs of its connection. */
export interface StreamControl {
  grant(values: number): void
  cancel(): void
  /** Somebody waits for a value, or, with false, nobody does any more. */
  waits?(on: boolean): void
}

/** A value, and the form in which it travelled, ports and all. */
interface Arrived {
  readonly value: unknown
  readonly wire: unknown
}

interface Waiter {
  /** Held on to for as long as it waits: collecting what nobody but the component will answer must not end the stream. */
  readonly reader: object
  readonly resolve: (step: IteratorResult<unknown>) => void
  readonly reject: (reason: unknown) => void
}

type State =
  | { readonly status: 'open' }
  | { readonly status: 'ended'; readonly last: Arrived }
  | { readonly status: 'failed'; readonly error: unknown }
  | { readonly status: 'done' }

/** The caller's end of a stream. Values are asked for in advance, at most `window` at a time, and only once somebody reads. */
export class RemoteStream {
  readonly #control: StreamControl
  #unread: Arrived[] = []
  #waiters: Waiter[] = []
  #granted = 0
  #state: State = { status: 'open' }

  constructor(control: StreamControl) {
    this.#control = control
  }

  /** @param wire `value` as it arrived; its ports are closed when nobody reads it. */
  push(value: unknown, wire: unknown): void {
    if (this.#state.status !== 'open') {
      closeMoved(wire)
      return
    }
    this.#granted--
    const waiter = this.#waiters.shift()
    if (!waiter) this.#unread.push({ value, wire })
    else {
      if (this.#waiters.length === 0) this.#control.waits?.(false)
      waiter.resolve({ value, done: false })
      this.#refill()
    }
  }

  end(value: unknown, wire: unknown): void {
    if (this.#state.status === 'open') this.#settle({ status: 'ended', last: { value, wire } })
    else closeMoved(wire)
  }

  fail(error: unknown): void {
    if (this.#state.status === 'open') this.#settle({ status: 'failed', error })
  }

  /** Drops the values that nobody has read yet. */
  discard(): void {
    for (const { wire } of this.#unread.splice(0)) closeMoved(wire)
  }

  async next(reader: object): Promise<IteratorResult<unknown>> {
    const arrived = this.#unread.shift()
    if (arrived) {
      this.#refill()
      return { value: arrived.value, done: false }
    }
    const state = this.#state
    switch (state.status) {
      case 'ended':
        this.#state = { status: 'done' }
        return { value: state.last.value, done: true }
      case 'failed':
        this.#state = { status: 'done' }
        throw state.error
      case 'done':
        return { value: undefined, done: true }
      case 'open': {
        this.#control.waits?.(true)
        const { promise, resolve, reject } = Promise.withResolvers<IteratorResult<unknown>>()
        this.#waiters.push({ reader, resolve, reject })
        this.#refill()
        return promise
      }
    }
  }

  /** The reader wants no more: the component's end is told, and nothing is left waiting. */
  cancel(): void {
    const state = this.#state
    if (state.status === 'open') this.#control.cancel()
    if (state.status === 'ended') closeMoved(state.last.wire)
    this.discard()
    this.#state = { status: 'done' }
    for (const waiter of this.#waiters.splice(0)) waiter.resolve({ value: undefined, done: true })
  }

  #refill(): void {
    if (this.#state.status !== 'open') return
    const wanted = Math.max(window, this.#waiters.length) - this.#granted - this.#unread.length
    // Credit is given in halves of the window, unless somebody waits for a value that was not asked for.
    if (wanted < window / 2 && this.#granted >= this.#waiters.length) return
    this.#granted += wanted
    this.#control.grant(wanted)
  }

  #settle(state: Extract<State, { status: 'ended' | 'failed' }>): void {
    this.#state = state
    const [first, ...rest] = this.#waiters.splice(0)
    if (!first) return
    this.#state = { status: 'done' }
    if (state.status === 'failed') first.reject(state.error)
    else first.resolve({ value: state.last.value, done: true })
    for (const waiter of rest) waiter.resolve({ value: undefined, done: true })
  }
}

/** What the reader holds: an async generator over a RemoteStream. Forgotten without being read to its end, it is cancelled. */
export class StreamHandle implements AsyncIterableIterator<unknown>, AsyncDisposable {
  readonly #stream: RemoteStream

  constructor(stream: RemoteStream) {
    this.#stream = stream
    forgotten.register(this, stream, stream)
  }

  async next(): Promise<IteratorResult<unknown>> {
    return this.#stream.next(this)
  }

  async return(value?: unknown): Promise<IteratorResult<unknown>> {
    this.#stream.cancel()
    return { value: await value, done: true }
  }

  async throw(error: unknown): Promise<IteratorResult<unknown>> {
    this.#stream.cancel()
    throw error
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stream.cancel()
  }
}

const forgotten = new FinalizationRegistry<RemoteStream>((stream) => stream.cancel())
