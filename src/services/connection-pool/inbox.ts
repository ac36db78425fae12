import type { MessageStream, SocketMessage } from './api.ts'

type Step = IteratorResult<SocketMessage, void>

export interface InboxLimits {
  readonly maxMessages: number
  readonly maxBytes: number
}

/**
 * Messages that came in and were not read yet, in order. Bounded: nothing is dropped silently, `push` says when it
 * does not fit.
 */
export class Inbox {
  readonly #limits: InboxLimits
  readonly #messages: SocketMessage[] = []
  #bytes = 0
  #end: { error: Error | undefined } | undefined
  #reader: InboxReader | undefined

  constructor(limits: InboxLimits) {
    this.#limits = limits
  }

  get hasReader(): boolean {
    return this.#reader !== undefined
  }

  /** False when it does not fit; then it is not taken. */
  push(message: SocketMessage): boolean {
    if (this.#end) return true
    if (this.#reader?.take(message)) return true
    const size = sizeOf(message)
    if (this.#messages.length >= this.#limits.maxMessages || this.#bytes + size > this.#limits.maxBytes) return false
    this.#messages.push(message)
    this.#bytes += size
    return true
  }

  shift(): SocketMessage | undefined {
    const message = this.#messages.shift()
    if (message !== undefined) this.#bytes -= sizeOf(message)
    return message
  }

  /** No more will come; what is here can still be read, then the error is told. */
  end(error?: Error): void {
    if (this.#end) return
    this.#end = { error }
    this.#reader?.finish()
  }

  /** How it ended, once all is read; an error is told once. */
  takeEnd(): { error: Error | undefined } | undefined {
    const end = this.#end
    if (end?.error) this.#end = { error: undefined }
    return end
  }

  /** Ends the reader and forgets what was not read. */
  clear(): void {
    this.#messages.length = 0
    this.#bytes = 0
    this.#reader?.leave()
  }

  read(): MessageStream {
    const reader = new InboxReader(this, () => {
      if (this.#reader === reader) this.#reader = undefined
    })
    this.#reader = reader
    return reader
  }
}

/** Reads an inbox; `return` works while `next` waits, which a generator's would not. */
class InboxReader implements MessageStream {
  readonly #inbox: Inbox
  readonly #onLeave: () => void
  #waiting: PromiseWithResolvers<Step>[] = []
  #left = false

  constructor(inbox: Inbox, onLeave: () => void) {
    this.#inbox = inbox
    this.#onLeave = onLeave
  }

  take(message: SocketMessage): boolean {
    const waiter = this.#waiting.shift()
    waiter?.resolve({ done: false, value: message })
    return waiter !== undefined
  }

  /** The inbox ended: all that wait are told. They wait because it is empty. */
  finish(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const waiter of waiting) {
      const error = this.#inbox.takeEnd()?.error
      if (error) waiter.reject(error)
      else waiter.resolve({ done: true, value: undefined })
    }
  }

  leave(): void {
    if (this.#left) return
    this.#left = true
    for (const waiter of this.#waiting) waiter.resolve({ done: true, value: undefined })
    this.#waiting = []
    this.#onLeave()
  }

  async next(): Promise<Step> {
    if (this.#left) return { done: true, value: undefined }
    const message = this.#inbox.shift()
    if (message !== undefined) return { done: false, value: message }
    const end = this.#inbox.takeEnd()
    if (end) {
      this.leave()
      if (end.error) throw end.error
      return { done: true, value: undefined }
    }
    const waiter = Promise.withResolvers<Step>()
    this.#waiting.push(waiter)
    return waiter.promise
  }

  async return(): Promise<Step> {
    this.leave()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.leave()
  }
}

/** Bytes it takes in memory, roughly: a string's characters count two. */
function sizeOf(message: SocketMessage): number {
  return typeof message === 'string' ? message.length * 2 : message.byteLength
}
