/** Where a stream's values go. */
export interface StreamSink {
  /** Runs a step of the iterator in the context of its call. */
  run<T>(step: () => Promise<T>): Promise<T>
  /** @param timeout ms in which the step has to let the event loop turn; 0: any. @returns what tells that it is over. */
  stepBegins(timeout: number): () => void
  chunk(value: unknown): void
  end(value: unknown): void
  fail(error: unknown): void
  /** Called once, when nothing more will come and the iterator has cleaned up. */
  closed(failed: boolean): void
}

/** The component's end of a stream: takes from the iterator only what the caller has given credit for. */
export class StreamSource {
  readonly #iterator: AsyncIterator<unknown>
  readonly #sink: StreamSink
  #credit = 0
  /** ms in which a step has to let the event loop turn; 0: any. */
  #timeout = 0
  #state: 'idle' | 'pumping' | 'closed' = 'idle'

  constructor(iterator: AsyncIterator<unknown>, sink: StreamSink) {
    this.#iterator = iterator
    this.#sink = sink
  }

  grant(values: number, timeout = 0): void {
    this.#credit += values
    this.#timeout = timeout
    if (this.#state !== 'idle') return
    this.#state = 'pumping'
    void this.#pump()
  }

  /** The caller wants no more: the iterator is told, whenever it listens. */
  cancel(): void {
    if (this.#close()) void this.#cleanUp(false)
  }

  async #pump(): Promise<void> {
    try {
      while (this.#credit > 0 && this.#open) {
        const step = await this.#step(async () => this.#iterator.next())
        if (!this.#open) return
        if (step.done) {
          this.#sink.end(step.value)
          if (this.#close()) this.#sink.closed(false)
          return
        }
        this.#credit--
        try {
          this.#sink.chunk(step.value)
        } catch (error) {
          // A value that cannot be sent ends the stream on both sides.
          if (!this.#close()) return
          this.#sink.fail(error)
          await this.#cleanUp(true)
          return
        }
      }
      if (this.#open) this.#state = 'idle'
    } catch (error) {
      if (!this.#close()) return
      this.#sink.fail(error)
      this.#sink.closed(true)
    }
  }

  /** How long it takes is its own affair, as long as it lets others run. */
  async #step<T>(step: () => Promise<T>): Promise<T> {
    const over = this.#sink.stepBegins(this.#timeout)
    try {
      return await this.#sink.run(step)
    } finally {
      over()
    }
  }

  get #open(): boolean {
    return this.#state !== 'closed'
  }

  #close(): boolean {
    if (this.#state === 'closed') return false
    this.#state = 'closed'
    return true
  }

  /** What the iterator does now is work of its call as well, until it is done. A generator takes the step that is under way to its end first. */
  async #cleanUp(failed: boolean): Promise<void> {
    try {
      await this.#step(async () => this.#iterator.return?.(undefined))
    } catch {
      // What the cleanup throws has no one to go to.
    }
    this.#sink.closed(failed)
  }
}
