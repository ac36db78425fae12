/** What `work.js` offers, which is what each contender has called somewhere else. */
export type Method = 'echo' | 'lengthOf' | 'hold' | 'pid'

/** When a call is to be given up. */
export interface CallLimits {
  /** ms */
  readonly timeout: number
  readonly signal: AbortSignal
}

/** One worker or process with `work.js` in it. */
export interface Callee {
  readonly call: (method: Method, argument?: unknown) => Promise<unknown>
  /** The same by the library's own means; without them callers write `giveUp` around it. */
  readonly callWithin?: (method: Method, argument: unknown, limits: CallLimits) => Promise<unknown>
  /** Settles when the callee says that it is gone. */
  readonly end: () => Promise<unknown>
}

export interface StartOptions {
  /** Typed arrays have to arrive as such: who has JSON by default, and something else to choose, chooses it. */
  readonly typedArrays?: boolean
}

/** Makes one, without waiting for it: the first answer tells that it is there. */
export type Start = (options?: StartOptions) => Callee

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

/** Rejects when the answer does not come in time or is not wanted any more: what callers of a library without deadlines write. */
export function giveUp<T>(answer: Promise<T>, { timeout, signal }: CallLimits): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', aborted)
    }
    const aborted = (): void => {
      stop()
      reject(signal.reason as Error)
    }
    const timer = setTimeout(() => {
      stop()
      reject(new Error(`No answer within ${timeout} ms`))
    }, timeout)
    signal.addEventListener('abort', aborted)
    answer.then(resolve, reject).finally(stop)
  })
}

/** One signal of both: what callers of a library write that takes signals only. */
export const signalOf = ({ timeout, signal }: CallLimits): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(timeout)])
