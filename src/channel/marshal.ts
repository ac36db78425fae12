import { transferHandlers } from 'comlink'
import { ValueError } from '../contract/errors.ts'
import { assertClonable } from './clone-guard.ts'
import { copyPlain, notPlain } from './plain-copy.ts'
import type { HandledValues, Handling } from './protocol.ts'
import { isAbortSignal, isProxyMarked, readAt, takeApart, writeAt } from './references.ts'
import type { SignalForm } from './sent-signals.ts'
import { transferListOf } from './transfer-list.ts'
import type { ChannelEnd, Channels, Movable } from './transport.ts'

/** Turns `proxy()`ed objects into ends of channels, and those into remotes; each thread has one. */
export interface CallbackLinks {
  readonly channels: Channels
  /** Serves `value` on a new channel and returns the end to send. */
  expose(value: object): ChannelEnd
  /** The remote of what the other side serves there. */
  adopt(end: ChannelEnd): unknown
}

/** What an AbortSignal travels as, and is made of again; where there is none, signals cannot travel. */
export type SignalForms = (signal: AbortSignal) => SignalForm
export type Signals = (form: unknown) => AbortSignal

/** Values ready to be posted. */
export interface Outgoing {
  readonly values: readonly unknown[]
  readonly handled: HandledValues | undefined
  readonly transfers: readonly Movable[]
  /** Those in it, whose aborts are told afterwards. */
  readonly signals: readonly AbortSignal[]
  /** Nobody else can change the values any more, so they may wait for the end of the microtask. */
  readonly plain: boolean
  /** Closes what was opened for these values; for when they could not be posted after all. */
  discard(): void
}

const nothing: readonly never[] = []
const keep = (): void => {}
const builtIn = new Set(['proxy', 'throw'])
/** No name that anybody would give to a transfer handler. */
const signalHandler = 'spillway:signal'

/**
 * Prepares arguments, or a result: comlink's `transfer` and `transferHandlers` apply to each of them as a whole, `proxy` wherever it is in them.
 *
 * @param signals for AbortSignals, which are treated likewise. Default: they are refused.
 */
export function marshal(values: readonly unknown[], links: CallbackLinks, signals?: SignalForms): Outgoing {
  let special = false
  for (const value of values) {
    if (typeof value === 'object' ? value !== null : typeof value === 'function') {
      special = true
      break
    }
  }
  if (!special) {
    const plain = values.every((value) => typeof value !== 'symbol')
    return { values, handled: undefined, transfers: nothing, signals: nothing, plain, discard: keep }
  }
  return marshalObjects(values, links, signals)
}

function marshalObjects(values: readonly unknown[], links: CallbackLinks, signals: SignalForms | undefined): Outgoing {
  const marshaller = new Marshaller(links, signals)
  try {
    return marshaller.marshal(values)
  } catch (error) {
    // A getter or a transfer handler threw: the callbacks among the values before it reach nobody.
    marshaller.discard()
    throw error
  }
}

class Marshaller {
  readonly #links: CallbackLinks
  readonly #formOf: SignalForms | undefined
  readonly #opened: ChannelEnd[] = []
  readonly #transfers: Movable[] = []
  readonly #signals: AbortSignal[] = []
  readonly #handled: [number, Handling][] = []
  #plain = true

  constructor(links: CallbackLinks, signals: SignalForms | undefined) {
    this.#links = links
    this.#formOf = signals
  }

  marshal(values: readonly unknown[]): Outgoing {
    return {
      values: values.map((value, index) => this.#sent(value, index)),
      handled: this.#handled.length > 0 ? this.#handled : undefined,
      transfers: this.#transfers,
      signals: this.#signals,
      plain: this.#plain,
      discard: this.#opened.length > 0 ? () => this.discard() : keep,
    }
  }

  discard(): void {
    for (const end of this.#opened) this.#links.channels.join(end).close()
  }

  #sent(value: unknown, index: number): unknown {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) {
      this.#plain &&= typeof value !== 'symbol'
      return value
    }
    if (isProxyMarked(value)) return this.#handle(index, 'proxy', this.#endOf(value))
    const custom = serializeCustom(value)
    if (custom) {
      this.#transfers.push(...custom.transfers)
      assertClonable(custom.value, (object) => custom.transfers.includes(object as Movable))
      return this.#handle(index, custom.name, custom.value)
    }
    const copy = copyPlain(value)
    if (copy !== notPlain) return copy
    this.#plain = false
    const { moved, references: found } = lookThrough(value)
    this.#transfers.push(...moved)
    if (found === 0) return value
    if (isAbortSignal(value)) return this.#handle(index, signalHandler, this.#form(value))
    const { rest, references } = takeApart(value, (each) =>
      isProxyMarked(each) ? this.#endOf(each) : this.#form(each),
    )
    if (references.length < found) {
      throw new TypeError(
        'proxy() and AbortSignals travel in objects, arrays and values of Maps; one of them is elsewhere',
      )
    }
    const handling = references.map(
      (each) => [isProxyMarked(each.value) ? 'proxy' : signalHandler, each.places] as const,
    )
    return this.#handle(index, handling, rest)
  }

  #handle(index: number, handling: Handling, sent: unknown): unknown {
    this.#plain = false
    this.#handled.push([index, handling])
    return sent
  }

  #endOf(value: object): ChannelEnd {
    const end = this.#links.expose(value)
    this.#opened.push(end)
    this.#transfers.push(end)
    return end
  }

  #form(signal: object): SignalForm {
    if (!this.#formOf) throw new TypeError('An AbortSignal travels as an argument of a call, and in no other direction')
    this.#signals.push(signal as AbortSignal)
    return this.#formOf(signal as AbortSignal)
  }
}

/**
 * What is in a value that is cloned, and is not cloned with it: what moves, which is looked up only where there is something that could, and how much of it is passed by reference.
 *
 * @throws TypeError when it cannot be cloned.
 */
function lookThrough(value: object): { readonly moved: readonly Movable[]; readonly references: number } {
  let moved: readonly Movable[] | undefined
  let references = 0
  const isMoved = (object: object): boolean => (moved ??= transferListOf(value)).includes(object as Movable)
  assertClonable(value, isMoved, undefined, () => references++)
  return { moved: moved ?? nothing, references }
}

/**
 * The value as the receiver sees it.
 *
 * @param component what it came from or goes to, for the error.
 * @param signals for AbortSignals. Default: none travels in that direction.
 * @throws ValueError when the sender used a transfer handler that is not registered in this thread; what the handler throws; TypeError for what has not
 * the form that its sender says.
 */
export function unmarshal(
  component: string,
  value: unknown,
  handling: Handling | undefined,
  links: CallbackLinks,
  signals?: Signals,
): unknown {
  if (handling === undefined) return value
  if (typeof handling === 'string') return handledBy(component, value, handling, links, signals)
  for (const [handler, places] of handling) {
    const [first = []] = places
    const reference = handledBy(component, readAt(value, first), handler, links, signals)
    for (const place of places) writeAt(value, place, reference)
  }
  return value
}

function handledBy(
  component: string,
  value: unknown,
  handler: string,
  links: CallbackLinks,
  signals: Signals | undefined,
): unknown {
  if (handler === 'proxy') return links.adopt(value as ChannelEnd)
  if (handler === signalHandler && signals) return signals(value)
  const known = builtIn.has(handler) ? undefined : transferHandlers.get(handler)
  if (!known) {
    throw new ValueError(
      component,
      'value',
      `was sent with the transfer handler "${handler}", which is not registered on the receiving side: ` +
        `set it in comlink's transferHandlers in both threads`,
    )
  }
  return known.deserialize(value)
}

function serializeCustom(value: unknown): { name: string; value: unknown; transfers: readonly Movable[] } | undefined {
  if (transferHandlers.size <= builtIn.size) return undefined
  for (const [name, handler] of transferHandlers) {
    if (builtIn.has(name) || !handler.canHandle(value)) continue
    const [serialized, transfers] = handler.serialize(value)
    return { name, value: serialized, transfers: transfers as Movable[] }
  }
  return undefined
}
