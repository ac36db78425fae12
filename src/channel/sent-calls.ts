import { unmarshal } from './marshal.ts'
import type { CallbackLinks } from './marshal.ts'
import type { PendingCall } from './pending-call.ts'
import { ToCaller, ToServer } from './protocol.ts'
import type { AnswerEntry, ServerEntry } from './protocol.ts'
import { RemoteStream, StreamHandle } from './remote-stream.ts'

/** What answers need of the caller they are for. */
export interface AnswerHooks {
  /** Sends to the component, if it is still there. */
  send(entry: ServerEntry): void
  /** A call is settled, or a stream over. */
  settled(): void
  /** Whose answer it is, for stacks. */
  where(): string
}

/** The calls of a caller that were sent and are not settled, and open streams: takes in their answers. */
export class SentCalls {
  readonly #calls = new Map<number, PendingCall>()
  readonly #links: CallbackLinks
  readonly #hooks: AnswerHooks

  constructor(links: CallbackLinks, hooks: AnswerHooks) {
    this.#links = links
    this.#hooks = hooks
  }

  get size(): number {
    return this.#calls.size
  }

  add(id: number, pending: PendingCall): void {
    this.#calls.set(id, pending)
  }

  delete(id: number): boolean {
    return this.#calls.delete(id)
  }

  takeAll(): PendingCall[] {
    const taken = [...this.#calls.values()]
    this.#calls.clear()
    return taken
  }

  receive(entry: AnswerEntry): void {
    const pending = this.#calls.get(entry[1])
    // A call that timed out or was aborted has nobody left to tell.
    if (pending) this.#answer(entry, pending)
  }

  #answer(entry: AnswerEntry, pending: PendingCall): void {
    const id = entry[1]
    switch (entry[0]) {
      case ToCaller.stream: {
        const stream = new RemoteStream({
          grant: (values) => this.#hooks.send([ToServer.credit, id, values]),
          cancel: () => {
            this.#hooks.send([ToServer.cancel, id])
            this.#calls.delete(id)
            pending.finish()
            this.#hooks.settled()
          },
        })
        pending.resolveStream(stream, new StreamHandle(stream))
        return
      }
      case ToCaller.chunk:
        this.#deliver(entry[2], entry[3], pending, (value) => pending.stream?.push(value))
        return
      case ToCaller.end:
        this.#calls.delete(id)
        this.#deliver(entry[2], entry[3], pending, (value) => pending.stream?.end(value))
        pending.finish()
        break
      case ToCaller.value:
        this.#calls.delete(id)
        this.#deliver(entry[2], entry[3], pending, (value) => pending.resolve(value))
        break
      case ToCaller.error:
      case ToCaller.fail:
        this.#calls.delete(id)
        pending.rejectEncoded(entry[2], this.#hooks.where())
        break
    }
    this.#hooks.settled()
  }

  #deliver(value: unknown, handler: string | undefined, pending: PendingCall, to: (value: unknown) => void): void {
    try {
      to(unmarshal(value, handler, this.#links))
    } catch (error) {
      pending.reject(error)
    }
  }
}
