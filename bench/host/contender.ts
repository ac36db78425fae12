/** What `work.js` offers, which is what each contender has called somewhere else. */
export type Method = 'echo' | 'lengthOf' | 'hold' | 'pid'

/** One worker or process with `work.js` in it. */
export interface Contender {
  readonly call: (method: Method, argument?: unknown) => Promise<unknown>
  /** Settles when the contender says that it is gone. */
  readonly end: () => Promise<unknown>
}

export interface StartOptions {
  /** Typed arrays have to arrive as such: who has JSON by default, and something else to choose, chooses it. */
  readonly typedArrays: boolean
}

/** Makes one, without waiting for it: the first answer tells that it is there. */
export type Start = (options: StartOptions) => Contender

/** Calls that wait for their answers by number: what a program without any library writes. */
export class WaitingCalls {
  readonly #waiting = new Map<number, (value: unknown) => void>()
  #lastId = 0

  send(post: (message: readonly [id: number, method: Method, argument: unknown]) => void) {
    return (method: Method, argument?: unknown): Promise<unknown> =>
      new Promise((resolve) => {
        const id = ++this.#lastId
        this.#waiting.set(id, resolve)
        post([id, method, argument])
      })
  }

  answered([id, value]: readonly [id: number, value: unknown]): void {
    this.#waiting.get(id)?.(value)
    this.#waiting.delete(id)
  }
}
