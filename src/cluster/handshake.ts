import type { EncodedError } from '../channel/protocol.ts'
import type { FrameReceiver, Movable, Transport } from '../channel/transport.ts'
import type { PeerId } from './directory.ts'

/** What a channel between two hosts is for: its first frame, by whoever opened it. */
export type Request =
  | { readonly kind: 'component'; readonly name: string }
  /** `gone`: an owner who is known to be there no more. */
  | { readonly kind: 'key'; readonly family: string; readonly key: string; readonly gone?: PeerId | undefined }
  /** What hosts ask of each other. */
  | { readonly kind: 'host' }

/** What holds for calls of a component, wherever it is served. */
export interface CallDefaults {
  readonly callTimeout: number | undefined
  readonly maxQueue: number
  readonly idempotent: ReadonlySet<string>
}

/** The first frame in the other direction. From `served` on it is a connection like any other. */
export type Answer =
  /** `token`: the owner's fencing token; 0 of what has none. */
  | { readonly status: 'served'; readonly token: number; readonly defaults: CallDefaults }
  | { readonly status: 'elsewhere'; readonly owner: PeerId; readonly token: number }
  | { readonly status: 'refused'; readonly why: EncodedError }

const Mark = { request: 'request', answer: 'answer' } as const

export const requestFrame = (request: Request): unknown => [Mark.request, request]
export const answerFrame = (answer: Answer): unknown => [Mark.answer, answer]

/** Undefined for what has not that form: a channel is as open as the network that it is on. */
export function readRequest(frame: unknown): Request | undefined {
  if (!Array.isArray(frame) || frame[0] !== Mark.request) return undefined
  const request = frame[1] as Partial<Record<string, unknown>> | null
  if (typeof request !== 'object' || request === null) return undefined
  const { kind, name, family, key, gone } = request
  if (kind === 'host') return { kind }
  if (kind === 'component') return typeof name === 'string' ? { kind, name } : undefined
  if (kind !== 'key' || typeof family !== 'string' || typeof key !== 'string') return undefined
  return { kind, family, key, gone: isPeer(gone) ? gone : undefined }
}

export function readAnswer(frame: unknown): Answer | undefined {
  if (!Array.isArray(frame) || frame[0] !== Mark.answer) return undefined
  const answer = frame[1] as Partial<Record<string, unknown>> | null
  if (typeof answer !== 'object' || answer === null) return undefined
  const { status, token, owner, defaults, why } = answer
  switch (status) {
    case 'served':
      return Number.isSafeInteger(token) && isDefaults(defaults) ? (answer as Answer) : undefined
    case 'elsewhere':
      return Number.isSafeInteger(token) && isPeer(owner) ? (answer as Answer) : undefined
    case 'refused':
      return typeof why === 'object' && why !== null ? (answer as Answer) : undefined
    default:
      return undefined
  }
}

function isDefaults(value: unknown): value is CallDefaults {
  if (typeof value !== 'object' || value === null) return false
  const { callTimeout, maxQueue, idempotent } = value as Partial<Record<string, unknown>>
  return (
    (callTimeout === undefined || typeof callTimeout === 'number') &&
    typeof maxQueue === 'number' &&
    idempotent instanceof Set
  )
}

function isPeer(value: unknown): value is PeerId {
  if (typeof value !== 'object' || value === null) return false
  const { name, session } = value as Partial<Record<string, unknown>>
  return typeof name === 'string' && typeof session === 'string'
}

/** A transport whose first frame was for somebody else than all that follow. */
export class AfterFirstFrame implements Transport, FrameReceiver {
  readonly #transport: Transport
  #first: ((frame: unknown) => void) | undefined
  #receiver: FrameReceiver | undefined
  #held: ({ readonly frame: unknown } | { readonly cause: unknown })[] = []

  /** @param first is given the first frame; undefined: it could not be read. */
  constructor(transport: Transport, first: (frame: unknown) => void) {
    this.#transport = transport
    this.#first = first
    transport.receive(this)
  }

  receive(receiver: FrameReceiver): void {
    this.#receiver = receiver
    for (const item of this.#held.splice(0)) {
      if ('cause' in item) receiver.unreadable(item.cause)
      else receiver.frame(item.frame)
    }
  }

  frame(frame: unknown): void {
    const first = this.#first
    if (first) {
      this.#first = undefined
      first(frame)
    } else if (this.#receiver) this.#receiver.frame(frame)
    else this.#held.push({ frame })
  }

  unreadable(cause: unknown): void {
    if (this.#first) this.frame(undefined)
    else if (this.#receiver) this.#receiver.unreadable(cause)
    else this.#held.push({ cause })
  }

  post(frame: unknown, moved?: readonly Movable[]): void {
    this.#transport.post(frame, moved)
  }

  whenLeaving(post: () => void): void {
    this.#transport.whenLeaving?.(post)
  }

  takeNext(): { readonly frame: unknown } | undefined {
    const held = this.#held.shift()
    if (!held) return this.#transport.takeNext()
    if ('cause' in held) throw held.cause
    return held
  }

  onClose(listener: () => void): () => void {
    return this.#transport.onClose(listener)
  }

  close(): void {
    this.#transport.close()
  }
}
