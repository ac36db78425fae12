/** Where a stream's values go. */
export interface StreamSink {
  /** Runs a step of the iterator in the context of its call. */
  run(step: () => Promise<IteratorResult<unknown>>): Promise<IteratorResult<unknown>>
  chunk(value: unknown): void
  end(value: unknown): void
  fail(error: unknown): void
  /** Called once, when nothing more will come. */
  closed(failed: boolean): void
}

/** The component's end of a stream: takes from the iterator only what the caller has given credit for. */
export class StreamSource {
  readonly #iterator: AsyncIterator<unknown>
  readonly #sink: StreamSink
  #credit = 0
  #state: 'idle' | 'pumping' | 'closed' = 'idle'

  constructor(iterator: AsyncIterator<unknown>, sink: StreamSink) {
    this.#iterator = iterator
    this.#sink = sink
  }

  grant(values: number): void {
    this.#credit += values
    if (this.#state !== 'idle') return
    this.#state = 'pumping'
    void this.#pump()
  }

  /** The caller wants no more: the iterator is told, whenever it listens. */
  cancel(): void {
    if (this.#close(false)) this.#finish()
  }

  async #pump(): Promise<void> {
    try {
      while (this.#credit > 0 && this.#open) {
        const step = await this.#sink.run(async () => this.#iterator.next())
        if (!this.#open) return
        if (step.done) {
          this.#sink.end(step.value)
          this.#close(false)
          return
        }
        this.#credit--
        try {
          this.#sink.chunk(step.value)
        } catch (error) {
          // A value that cannot be sent ends the stream on both sides.
          this.#finish()
          throw error
        }
      }
      if (this.#open) this.#state = 'idle'
    } catch (error) {
      if (!this.#open) return
      this.#sink.fail(error)
      this.#close(true)
    }
  }

  get #open(): boolean {
    return this.#state !== 'closed'
  }

  #close(failed: boolean): boolean {
    if (this.#state === 'closed') return false
    this.#state = 'closed'
    this.#sink.closed(failed)
    return true
  }

  #finish(): void {
    // A generator that never settles must not hold anything up; what its cleanup throws has no one to go to.
    const cleanup = async (): Promise<unknown> => this.#iterator.return?.(undefined)
    cleanup().catch(() => {})
  }
}
