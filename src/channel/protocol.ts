import type { Place } from './references.ts'
import type { ChannelEnd, Channels } from './transport.ts'

/**
 * The wire format of calls. One connection joins one caller with one generation of one component; everything on it is a
 * frame: an array of entries, posted once per microtask, so that all calls of one turn cost one message.
 *
 * A connection belongs to one generation. A call is answered by exactly one of `value`, `error` or `stream`; a stream goes on with `chunk`s for
 * which the caller has given credit and ends with `end` or `fail`. Before an unload both sides agree on a fence: after its `fenced` a caller sends no
 * further call until `resume` (the unload was called off) or a connection to the next generation, so nothing that was sent is lost, and nothing
 * is ever sent twice. Fences are numbered by epoch: what is said about one fence can be overtaken by the next, since caller, component and main
 * thread speak on connections of their own.
 *
 * A caller whose deadline has passed asks whether the component listens, and sends no further call until it says so: an event loop that does not
 * turn would run them for nobody, or never.
 *
 * A call may be `refused`: it was not begun, and its caller may ask elsewhere.
 *
 * What another thread might be unable to read (anything but small plain data) travels in a frame of its own, and the entry before it, `apart`, says
 * whose it is. A caller that cannot read an answer takes the call as failed; a component that cannot read a call says `unreadable`.
 */

/** In both directions: the next frame is one entry of that call. */
export const apart = 100

/** Entries from the caller to the component. */
export const ToServer = {
  call: 0,
  abort: 1,
  credit: 2,
  cancel: 3,
  fenced: 4,
  share: 5,
  ask: 6,
  sealed: 7,
  signal: 8,
} as const

/** Entries from the component to the caller. */
export const ToCaller = {
  value: 0,
  error: 1,
  stream: 2,
  chunk: 3,
  end: 4,
  fail: 5,
  fence: 6,
  resume: 7,
  unreadable: 8,
  heard: 9,
  unneeded: 10,
  refused: 11,
} as const

export type ApartEntry = readonly [
  op: typeof apart,
  id: number,
  /** What an error is without the properties that may be unreadable. */
  instead?: EncodedError | undefined,
]

/** A method: its name, or its path in nested objects. The empty string is the served function itself (callbacks). */
export type MethodPath = string | readonly string[]

/** How a value is read: as a whole by a handler; or what is in some places of it is, each time what is in the first of them for all of them. */
export type Handling = string | readonly (readonly [handler: string, places: readonly Place[]])[]

/**
 * The claim under which a call is made: its fencing token, and ms of the monotonic clock after which it must not be begun any more. It goes between threads
 * and processes of one machine only, whose clock is the same.
 */
export type Fence = readonly [token: number, until: number]

/** Which top-level values have to be read so. */
export type HandledValues = readonly (readonly [index: number, Handling])[]

export type CallEntry = readonly [
  op: typeof ToServer.call,
  id: number,
  method: MethodPath,
  args: readonly unknown[],
  /** ms of the monotonic clock after which the call need not be started; 0: none. */
  deadline: number,
  handled?: HandledValues | undefined,
  /** W3C Trace Context, as the header of that name. */
  traceparent?: string | undefined,
  /** What the locks know the call by, when it was made under one. */
  link?: string | undefined,
  fence?: Fence | undefined,
]

/** A call that waited for the connection: its entry was posted to the other end of `end`, but for the deadline, which it may have come to have since. */
export type SealedEntry = readonly [op: typeof ToServer.sealed, id: number, end: ChannelEnd, deadline: number]

export type ServerEntry =
  | CallEntry
  | readonly [op: typeof ToServer.abort, id: number, reason: EncodedError]
  /** `timeout`: ms in which each of these steps has to let the event loop turn, where the call had a deadline. */
  | readonly [op: typeof ToServer.credit, id: number, values: number, timeout?: number]
  | readonly [op: typeof ToServer.cancel, id: number]
  | readonly [op: typeof ToServer.fenced, epoch: number]
  /** Serve on that channel as well what is served here at `path`, for a third thread. */
  | readonly [op: typeof ToServer.share, id: 0, path: readonly string[], end: ChannelEnd]
  /** A deadline has passed: does the component listen? It says `heard` once it has read this. */
  | readonly [op: typeof ToServer.ask, id: number]
  | SealedEntry
  | SignalEntry

/** The AbortSignal of that number has been aborted; without a reason: nobody can abort it any more. */
export type SignalEntry =
  | readonly [op: typeof ToServer.signal, number: number]
  | readonly [op: typeof ToServer.signal, number: number, reason: EncodedError]

export type ValueEntry = readonly [
  op: typeof ToCaller.value | typeof ToCaller.chunk | typeof ToCaller.end,
  id: number,
  value: unknown,
  handling?: Handling,
]

/** The call was not run. Id 0: something was lost, and nobody knows what. */
export type UnreadableEntry = readonly [op: typeof ToCaller.unreadable, id: number, why: string]

/** What belongs to one call. */
export type AnswerEntry =
  | ValueEntry
  | UnreadableEntry
  | readonly [op: typeof ToCaller.stream, id: number]
  | readonly [
      op: typeof ToCaller.error | typeof ToCaller.fail | typeof ToCaller.refused,
      id: number,
      error: EncodedError,
    ]

export type CallerEntry =
  | AnswerEntry
  | readonly [op: typeof ToCaller.fence, epoch: number]
  | readonly [op: typeof ToCaller.resume, epoch: number]
  | readonly [op: typeof ToCaller.heard, id: number]
  /** Nobody has the AbortSignal of that number any more, which had arrived so many times. */
  | readonly [op: typeof ToCaller.unneeded, number: number, times: number]

/** Something thrown, as it crosses a thread; see error-codec. */
export type EncodedError =
  | { readonly kind: 'value'; readonly value: unknown }
  | {
      readonly kind: 'error'
      readonly name: string
      readonly message: string
      readonly stack: string | undefined
      readonly native: string | undefined
      readonly properties: Readonly<Record<string, unknown>>
      /** Own properties that are not enumerable. */
      readonly hidden: Readonly<Record<string, unknown>>
      /** What a SuppressedError is made of. */
      readonly error: EncodedError | undefined
      readonly suppressed: EncodedError | undefined
      readonly cause: EncodedError | undefined
      readonly errors: readonly EncodedError[] | undefined
    }

/**
 * True for what a caller may send. A connection is as open as the thread at its other end, so what arrives is looked at before it is
 * acted on; what has not this form is dropped.
 */
export function isServerEntry(entry: unknown, channels: Channels): entry is ServerEntry {
  if (!Array.isArray(entry) || !Number.isSafeInteger(entry[1])) return false
  switch (entry[0]) {
    case ToServer.call:
      return (
        isMethodPath(entry[2]) &&
        Array.isArray(entry[3]) &&
        typeof entry[4] === 'number' &&
        (entry.length === 5 ||
          (isHandled(entry[5]) && isOptionalString(entry[6]) && isOptionalString(entry[7]) && isFence(entry[8])))
      )
    case ToServer.credit:
      return Number.isSafeInteger(entry[2]) && entry[2] > 0 && (entry[3] === undefined || isPositive(entry[3]))
    case ToServer.share:
      return Array.isArray(entry[2]) && isMethodPath(entry[2]) && channels.isEnd(entry[3])
    case ToServer.sealed:
      return channels.isEnd(entry[2]) && typeof entry[3] === 'number'
    case ToServer.abort:
    case ToServer.cancel:
    case ToServer.fenced:
    case ToServer.ask:
    case ToServer.signal:
      return true
    default:
      return false
  }
}

const isPositive = (value: unknown): boolean => typeof value === 'number' && value > 0

const isFence = (value: unknown): boolean =>
  value === undefined || (Array.isArray(value) && Number.isSafeInteger(value[0]) && typeof value[1] === 'number')

const isOptionalString = (value: unknown): boolean => value === undefined || typeof value === 'string'

function isMethodPath(path: unknown): path is MethodPath {
  return typeof path === 'string' || (Array.isArray(path) && path.every((key) => typeof key === 'string'))
}

function isHandled(handled: unknown): handled is HandledValues | undefined {
  return (
    handled === undefined ||
    (Array.isArray(handled) &&
      handled.every((pair: unknown) => Array.isArray(pair) && Number.isSafeInteger(pair[0]) && isHandling(pair[1])))
  )
}

function isHandling(handling: unknown): handling is Handling {
  if (typeof handling === 'string') return true
  return Array.isArray(handling) && handling.every((each: unknown) => Array.isArray(each) && isHandledAt(each))
}

const isHandledAt = ([handler, places]: readonly unknown[]): boolean =>
  typeof handler === 'string' && Array.isArray(places) && places.every(isPlace)

const isPlace = (place: unknown): place is Place =>
  Array.isArray(place) && place.length > 0 && place.every((key) => typeof key === 'string' || typeof key === 'number')

/** Ends a path in place of `apply`: what follows the first argument are the elements of the second, each marshalled on its own. */
export const spreadApply = 'apply...'

/** A method path as people read it. */
export function methodName(method: MethodPath): string {
  if (typeof method === 'string') return method
  return method.map((key) => (key === spreadApply ? 'apply' : key)).join('.')
}
