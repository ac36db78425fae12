/** Lets the promise of a stream be read with `for await` without awaiting it first. */
export function readable(call: Promise<unknown>): Promise<unknown> {
  ;(call as { [Symbol.asyncIterator]?: unknown })[Symbol.asyncIterator] = readAnswer
  return call
}

function readAnswer(this: Promise<unknown>): AnswerReader {
  return new AnswerReader(this)
}

/**
 * Reads the stream that a call answers with. Not a generator: one that is ended before its first step never runs, and would leave the
 * stream open.
 */
class AnswerReader implements AsyncIterableIterator<unknown>, AsyncDisposable {
  readonly #answer: Promise<unknown>
  #over = false

  constructor(answer: Promise<unknown>) {
    this.#answer = answer
  }

  async next(): Promise<IteratorResult<unknown>> {
    if (this.#over) return { value: undefined, done: true }
    const stream = await this.#stream()
    return stream.next()
  }

  async return(value?: unknown): Promise<IteratorResult<unknown>> {
    this.#end()
    return { value: await value, done: true }
  }

  async throw(error: unknown): Promise<IteratorResult<unknown>> {
    this.#end()
    throw error
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end()
  }

  async #stream(): Promise<AsyncIterableIterator<unknown>> {
    try {
      const answer = await this.#answer
      if (isStream(answer)) return answer
      throw new TypeError(
        'The method did not answer with an async iterable: await its result instead of iterating over it',
      )
    } catch (error) {
      this.#over = true
      throw error
    }
  }

  /** Now or as soon as there is a stream; what the call rejects with is nobody's any more. */
  #end(): void {
    if (this.#over) return
    this.#over = true
    this.#answer.then(
      async (answer) => {
        if (isStream(answer)) await answer.return?.()
      },
      () => {},
    )
  }
}

function isStream(answer: unknown): answer is AsyncIterableIterator<unknown> {
  return typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer
}
