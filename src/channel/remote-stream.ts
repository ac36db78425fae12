/** How many values may be under way unasked: one frame's worth, so that a fast source and a fast reader never wait for each other. */
const window = 16

/** What a stream needs of its connection. */
export interface StreamControl {
  grant(values: number): void
  cancel(): void
}

type Waiter = { resolve: (step: IteratorResult<unknown>) => void; reject: (reason: unknown) => void }
type State =
  | { readonly status: 'open' }
  | { readonly status: 'ended'; readonly value: unknown }
  | { readonly status: 'failed'; readonly error: unknown }
  | { readonly status: 'done' }

/** The caller's end of a stream. Values are asked for in advance, at most `window` at a time, and only once somebody reads. */
export class RemoteStream {
  readonly #control: StreamControl
  #values: unknown[] = []
  #waiters: Waiter[] = []
  #granted = 0
  #state: State = { status: 'open' }

  constructor(control: StreamControl) {
    this.#control = control
  }

  push(value: unknown): void {
    if (this.#state.status !== 'open') return
    this.#granted--
    const waiter = this.#waiters.shift()
    if (!waiter) this.#values.push(value)
    else {
      waiter.resolve({ value, done: false })
      this.#refill()
    }
  }

  end(value: unknown): void {
    if (this.#state.status === 'open') this.#settle({ status: 'ended', value })
  }

  fail(error: unknown): void {
    if (this.#state.status === 'open') this.#settle({ status: 'failed', error })
  }

  /** Drops the values that nobody has read yet. */
  discard(): void {
    this.#values = []
  }

  async next(): Promise<IteratorResult<unknown>> {
    if (this.#values.length > 0) {
      const value = this.#values.shift()
      this.#refill()
      return { value, done: false }
    }
    const state = this.#state
    switch (state.status) {
      case 'ended':
        this.#state = { status: 'done' }
        return { value: state.value, done: true }
      case 'failed':
        this.#state = { status: 'done' }
        throw state.error
      case 'done':
        return { value: undefined, done: true }
      case 'open': {
        const step = new Promise<IteratorResult<unknown>>((resolve, reject) => this.#waiters.push({ resolve, reject }))
        this.#refill()
        return step
      }
    }
  }

  /** The reader wants no more: the component's end is told, and nothing is left waiting. */
  cancel(): void {
    if (this.#state.status === 'open') this.#control.cancel()
    this.#values = []
    this.#state = { status: 'done' }
    for (const waiter of this.#waiters.splice(0)) waiter.resolve({ value: undefined, done: true })
  }

  #refill(): void {
    if (this.#state.status !== 'open') return
    const wanted = Math.max(window, this.#waiters.length) - this.#granted - this.#values.length
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
    else first.resolve({ value: state.value, done: true })
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
    return this.#stream.next()
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
