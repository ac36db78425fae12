import { proxyMarker, transferHandlers } from 'comlink'
import { ValueError } from '../contract/errors.ts'
import { assertClonable } from './clone-guard.ts'
import type { HandledValues } from './protocol.ts'
import { copyPlain, notPlain } from './plain-copy.ts'
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

/** Values ready to be posted. */
export interface Outgoing {
  readonly values: readonly unknown[]
  readonly handled: HandledValues | undefined
  readonly transfers: readonly Movable[]
  /** Nobody else can change the values any more, so they may wait for the end of the microtask. */
  readonly plain: boolean
  /** Closes what was opened for these values; for when they could not be posted after all. */
  discard(): void
}

const nothing: readonly Movable[] = []
const keep = (): void => {}
const builtIn = new Set(['proxy', 'throw'])

/** Prepares top-level arguments, or a result: comlink's `transfer`, `proxy` and `transferHandlers` apply to each of them. */
export function marshal(values: readonly unknown[], links: CallbackLinks): Outgoing {
  let special = false
  for (const value of values) {
    if (typeof value === 'object' ? value !== null : typeof value === 'function') {
      special = true
      break
    }
  }
  if (!special) {
    const plain = values.every((value) => typeof value !== 'symbol')
    return { values, handled: undefined, transfers: nothing, plain, discard: keep }
  }
  return marshalObjects(values, links)
}

function marshalObjects(values: readonly unknown[], links: CallbackLinks): Outgoing {
  const opened: ChannelEnd[] = []
  const discard = (): void => opened.forEach((end) => links.channels.join(end).close())
  try {
    return { ...marshalEach(values, links, opened), discard: opened.length > 0 ? discard : keep }
  } catch (error) {
    // A getter or a transfer handler threw: the callbacks among the values before it reach nobody.
    discard()
    throw error
  }
}

function marshalEach(
  values: readonly unknown[],
  links: CallbackLinks,
  opened: ChannelEnd[],
): Omit<Outgoing, 'discard'> {
  const sent: unknown[] = []
  const handled: [number, string][] = []
  const transfers: Movable[] = []
  let plain = true
  for (const [index, value] of values.entries()) {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) {
      plain &&= typeof value !== 'symbol'
      sent.push(value)
      continue
    }
    if (isProxyMarked(value)) {
      const end = links.expose(value)
      opened.push(end)
      transfers.push(end)
      handled.push([index, 'proxy'])
      sent.push(end)
      plain = false
      continue
    }
    const custom = serializeCustom(value)
    if (custom) {
      handled.push([index, custom.name])
      transfers.push(...custom.transfers)
      assertClonable(custom.value, (object) => custom.transfers.includes(object as Movable))
      sent.push(custom.value)
      plain = false
      continue
    }
    const copy = copyPlain(value)
    if (copy === notPlain) {
      transfers.push(...movedWith(value))
      plain = false
    }
    sent.push(copy === notPlain ? value : copy)
  }
  return {
    values: sent,
    handled: handled.length > 0 ? handled : undefined,
    transfers,
    plain,
  }
}

/**
 * What moves with a value that is cloned; looked up only where there is something in it that could.
 *
 * @throws TypeError when it cannot be cloned.
 */
function movedWith(value: object): readonly Movable[] {
  let moved: readonly Movable[] | undefined
  assertClonable(value, (object) => (moved ??= transferListOf(value)).includes(object as Movable))
  return moved ?? nothing
}

/**
 * The value as the receiver sees it.
 *
 * @param component what it came from or goes to, for the error.
 * @throws ValueError when the sender used a transfer handler that is not registered in this thread; what the handler throws.
 */
export function unmarshal(
  component: string,
  value: unknown,
  handler: string | undefined,
  links: CallbackLinks,
): unknown {
  if (handler === undefined) return value
  if (handler === 'proxy') return links.adopt(value as ChannelEnd)
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

export function isProxyMarked(value: object): boolean {
  return Boolean((value as { [proxyMarker]?: unknown })[proxyMarker])
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
