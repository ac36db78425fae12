import { abortReason } from './abort-reason.ts'
import type { EncodedError } from './protocol.ts'

/** A signal as it travels: its number at this caller, or that it has been aborted already, and with what. */
export type SignalForm = readonly [number: number] | readonly [number: 0, reason: EncodedError]

/** Where a signal was sent: told of its abort, and when nobody here can abort it any more. */
export interface SignalLink {
  signalAborted(number: number, reason: unknown): void
  signalForgotten(number: number): void
}

interface SentSignal {
  readonly number: number
  /** The connections that have it, each with how often it was sent there. */
  readonly links: Map<SignalLink, number>
  stop: () => void
}

const listening = { once: true } as const

/** Each signal has one in this thread, whoever sends it. */
const numbers = new WeakMap<AbortSignal, number>()
let lastNumber = 0
const collected = new FinalizationRegistry<() => void>((forget) => forget())

/**
 * The AbortSignals that one caller has given as arguments: each has one listener, however often it is sent, for as long as it is alive
 * here and wanted at some other end.
 */
export class SentSignals {
  readonly #component: string
  /** Those that are listened to. They are not held. */
  readonly #sent = new Map<number, SentSignal>()

  /** @param component that they are given to. */
  constructor(component: string) {
    this.#component = component
  }

  /** As it travels. */
  formOf(signal: AbortSignal): SignalForm {
    return signal.aborted ? [0, abortReason(signal.reason, this.#component)] : [numberOf(signal)]
  }

  /** It was sent on that connection, some time after its form was made. */
  sentOn(link: SignalLink, signal: AbortSignal): void {
    const number = numberOf(signal)
    if (signal.aborted) {
      link.signalAborted(number, signal.reason)
      return
    }
    const sent = this.#sent.get(number) ?? this.#listenTo(signal, number)
    sent.links.set(link, (sent.links.get(link) ?? 0) + 1)
  }

  /** @param times how often it had arrived there; it may be on its way once more. */
  unneeded(link: SignalLink, number: number, times: number): void {
    const sent = this.#sent.get(number)
    if (!sent) return
    const left = (sent.links.get(link) ?? 0) - times
    if (left > 0) sent.links.set(link, left)
    else this.#leave(sent, link)
  }

  /** That connection is over. */
  linkEnded(link: SignalLink): void {
    for (const sent of this.#sent.values()) this.#leave(sent, link)
  }

  #listenTo(signal: AbortSignal, number: number): SentSignal {
    const weak = new WeakRef(signal)
    const aborted = (): void => {
      this.#forget(sent)
      const reason: unknown = weak.deref()?.reason
      for (const link of sent.links.keys()) link.signalAborted(number, reason)
    }
    const sent: SentSignal = {
      number,
      links: new Map(),
      stop: () => weak.deref()?.removeEventListener('abort', aborted),
    }
    signal.addEventListener('abort', aborted, listening)
    this.#sent.set(number, sent)
    const gone = (): void => {
      this.#sent.delete(number)
      for (const link of sent.links.keys()) link.signalForgotten(number)
    }
    collected.register(signal, gone, sent)
    return sent
  }

  #leave(sent: SentSignal, link: SignalLink): void {
    sent.links.delete(link)
    if (sent.links.size > 0) return
    sent.stop()
    this.#forget(sent)
  }

  #forget(sent: SentSignal): void {
    this.#sent.delete(sent.number)
    collected.unregister(sent)
  }
}

function numberOf(signal: AbortSignal): number {
  const number = numbers.get(signal) ?? ++lastNumber
  numbers.set(signal, number)
  return number
}
