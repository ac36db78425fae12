/** One settled call of the main thread. */
export interface CallRecord {
  readonly component: string
  /** ms from the call to its answer, waiting for the component to be loaded included; of a stream, until it was opened. */
  readonly duration: number
  readonly failed: boolean
  /** What it rejected with. */
  readonly error: unknown
}

export type CallListener = (call: CallRecord) => void

type Settle = (value: unknown) => void

/** Tells listeners of every call that settles. Without one a call pays a property read for it. */
export class CallWatch {
  #listeners: readonly CallListener[] = []

  /** True while somebody listens. */
  get on(): boolean {
    return this.#listeners.length > 0
  }

  /** What a listener throws is dropped: it must not settle a caller's promise wrongly. Disposing of the result ends it. */
  add(listener: CallListener): Disposable {
    const own: CallListener = (call) => listener(call)
    this.#listeners = [...this.#listeners, own]
    return { [Symbol.dispose]: () => (this.#listeners = this.#listeners.filter((other) => other !== own)) }
  }

  /** The two ways to settle a promise, each told of before it is taken. */
  timed(component: string, resolve: Settle, reject: Settle): { readonly resolve: Settle; readonly reject: Settle } {
    const start = performance.now()
    return {
      resolve: (value) => {
        this.#tell({ component, duration: performance.now() - start, failed: false, error: undefined })
        resolve(value)
      },
      reject: (error) => {
        this.#tell({ component, duration: performance.now() - start, failed: true, error })
        reject(error)
      },
    }
  }

  /** A call that was refused before it began. */
  refused(component: string, error: unknown): void {
    if (this.on) this.#tell({ component, duration: 0, failed: true, error })
  }

  #tell(call: CallRecord): void {
    for (const listener of this.#listeners) {
      try {
        listener(call)
      } catch {
        // The listener's own mistake.
      }
    }
  }
}
