/**
 * Work that tells how far it is: read it with `for await`, which is what moves it on and may be left early, or await it, which does all of it.
 * Nothing happens before either.
 */
export class ProgressStream<Step, Result> implements AsyncGenerator<Step, void, undefined>, PromiseLike<Result> {
  readonly #steps: AsyncGenerator<Step, void, undefined>
  readonly #summarise: (steps: AsyncIterable<Step>) => Promise<Result>
  #result: Promise<Result> | undefined

  /** @param summarise reads all steps, and makes of them what who awaits gets. */
  constructor(
    steps: AsyncGenerator<Step, void, undefined>,
    summarise: (steps: AsyncIterable<Step>) => Promise<Result>,
  ) {
    this.#steps = steps
    this.#summarise = summarise
  }

  // oxlint-disable-next-line unicorn/no-thenable -- to be awaited, and not before somebody does
  async then<Fulfilled = Result, Rejected = never>(
    onFulfilled?: ((result: Result) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    this.#result ??= this.#summarise(this.#steps)
    return this.#result.then(onFulfilled, onRejected)
  }

  async next(): Promise<IteratorResult<Step, void>> {
    return this.#steps.next()
  }

  async return(): Promise<IteratorResult<Step, void>> {
    return this.#steps.return()
  }

  async throw(error: unknown): Promise<IteratorResult<Step, void>> {
    return this.#steps.throw(error)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#steps.return()
  }
}

/** What the last step said. */
export async function lastStep<Step>(steps: AsyncIterable<Step>): Promise<Step> {
  let last: { readonly step: Step } | undefined
  for await (const step of steps) last = { step }
  if (!last) throw new Error('the work was left before it was done')
  return last.step
}
