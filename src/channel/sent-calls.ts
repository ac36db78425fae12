import { messageOf } from '../contract/describe-value.ts'
import { ValueError } from '../contract/errors.ts'
import { closeMoved } from './close-moved.ts'
import { decodeError } from './error-codec.ts'
import { unmarshal } from './marshal.ts'
import type { CallbackLinks } from './marshal.ts'
import type { PendingCall } from './pending-call.ts'
import { NotBegun } from './not-begun.ts'
import { apart, methodName, ToCaller, ToServer } from './protocol.ts'
import type { AnswerEntry, ApartEntry, ServerEntry, UnreadableEntry, ValueEntry } from './protocol.ts'
import { RemoteStream, StreamHandle } from './remote-stream.ts'

/** What answers need of the caller they are for. */
export interface AnswerHooks {
  /** Sends to the component, if it is still there. */
  send(entry: ServerEntry): void
  /** A call is settled, or a stream over. */
  settled(): void
  /** It was not begun. Returns false when it is not to be asked elsewhere. */
  refused(id: number, pending: PendingCall, why: unknown): boolean
  /** Whose answer it is, for stacks. */
  where(): string
}

/** The calls of a caller that were sent and are not settled, and open streams: takes in their answers. */
export class SentCalls {
  readonly #component: string
  readonly #calls = new Map<number, PendingCall>()
  readonly #links: CallbackLinks
  readonly #hooks: AnswerHooks

  constructor(component: string, links: CallbackLinks, hooks: AnswerHooks) {
    this.#component = component
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

  take(id: number): PendingCall | undefined {
    const pending = this.#calls.get(id)
    this.#calls.delete(id)
    return pending
  }

  takeAll(): [id: number, PendingCall][] {
    const taken = [...this.#calls]
    this.#calls.clear()
    return taken
  }

  receive(entry: AnswerEntry): void {
    const [, id] = entry
    if (entry[0] === ToCaller.unreadable) {
      this.#unreadable(id, 'arguments', `could not be read by the component's thread (${entry[2]})`)
      return
    }
    const pending = this.#calls.get(id)
    if (pending) this.#answer(entry, pending)
    // A call that timed out or was aborted has nobody left to tell.
    else closeMoved(entry[2])
  }

  /** An answer has arrived that cannot be deserialised. */
  lost(announced: ApartEntry | undefined, cause: unknown): void {
    const why = messageOf(cause)
    const [, id, instead] = announced ?? [apart, 0]
    if (instead) this.receive([ToCaller.error, id, instead])
    else this.#unreadable(id, 'result', `could not be read by its caller's thread (${why})`)
  }

  /** @param id 0: any of them may be meant; none can be waited for. */
  #unreadable(id: number, what: string, why: string): void {
    for (const [each, pending] of id === 0 ? [...this.#calls] : [[id, this.#calls.get(id)] as const]) {
      if (!pending) continue
      const error = new ValueError(this.#component, `${what} of ${methodName(pending.method)}()`, why)
      this.#giveUp(each, pending, pending.withOrigin(error))
    }
  }

  #answer(entry: Exclude<AnswerEntry, UnreadableEntry>, pending: PendingCall): void {
    const id = entry[1]
    switch (entry[0]) {
      case ToCaller.stream: {
        const stream = new RemoteStream({
          waits: (on) => pending.link?.waits(on),
          grant: (values) => {
            const { timeout } = pending
            this.#hooks.send(timeout ? [ToServer.credit, id, values, timeout] : [ToServer.credit, id, values])
          },
          cancel: () => this.#cancel(id, pending),
        })
        pending.resolveStream(stream, new StreamHandle(stream))
        return
      }
      case ToCaller.chunk:
        this.#deliver(entry, pending, (value, wire) => pending.stream?.push(value, wire))
        return
      case ToCaller.end:
        this.#deliver(entry, pending, (value, wire) => pending.stream?.end(value, wire))
        pending.finish()
        break
      case ToCaller.value:
        this.#deliver(entry, pending, (value) => pending.resolve(value))
        break
      case ToCaller.refused:
        this.#calls.delete(id)
        this.#refused(id, pending, decodeError(entry[2]))
        break
      case ToCaller.error:
      case ToCaller.fail:
        pending.rejectEncoded(entry[2], this.#hooks.where())
        break
      default:
        return
    }
    this.#calls.delete(id)
    this.#hooks.settled()
  }

  #refused(id: number, pending: PendingCall, why: unknown): void {
    // Only who stands in front of a component can do nothing about it, and tells its own caller.
    if (this.#hooks.refused(id, pending, why)) return
    // The component has not failed: it was not asked.
    pending.onFailed = undefined
    pending.reject(new NotBegun(why))
  }

  #deliver(entry: ValueEntry, pending: PendingCall, to: (value: unknown, wire: unknown) => void): void {
    const [, id, wire, handling] = entry
    let value
    try {
      value = unmarshal(this.#component, wire, handling, this.#links)
    } catch (error) {
      closeMoved(wire)
      this.#giveUp(id, pending, error)
      return
    }
    to(value, wire)
  }

  /** A call whose answer is of no use; a stream ends after what came before. */
  #giveUp(id: number, pending: PendingCall, error: unknown): void {
    pending.reject(error)
    this.#cancel(id, pending)
  }

  #cancel(id: number, pending: PendingCall): void {
    this.#hooks.send([ToServer.cancel, id])
    this.#calls.delete(id)
    pending.finish()
    this.#hooks.settled()
  }
}
