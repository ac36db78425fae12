import { proxyMarker, transferHandlers } from 'comlink'
import type { MessagePort, Transferable } from 'node:worker_threads'
import { ValueError } from '../contract/errors.ts'
import { assertClonable } from './clone-guard.ts'
import type { HandledValues } from './protocol.ts'
import { copyPlain, notPlain } from './plain-copy.ts'
import { transferListOf } from './transfer-list.ts'

/** Turns `proxy()`ed objects into ports and ports into remotes; each thread has one. */
export interface CallbackLinks {
  /** Serves `value` on a new channel and returns the port to send. */
  expose(value: object): MessagePort
  /** The remote of what the other side serves on `port`. */
  adopt(port: MessagePort): unknown
}

/** Values ready to be posted. */
export interface Outgoing {
  readonly values: readonly unknown[]
  readonly handled: HandledValues | undefined
  readonly transfers: readonly Transferable[]
  /** Nobody else can change the values any more, so they may wait for the end of the microtask. */
  readonly plain: boolean
  /** Closes what was opened for these values; for when they could not be posted after all. */
  discard(): void
}

const nothing: readonly Transferable[] = []
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
  const opened: MessagePort[] = []
  const discard = (): void => opened.forEach((port) => port.close())
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
  opened: MessagePort[],
): Omit<Outgoing, 'discard'> {
  const sent: unknown[] = []
  const handled: [number, string][] = []
  const transfers: Transferable[] = []
  let plain = true
  for (const [index, value] of values.entries()) {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) {
      plain &&= typeof value !== 'symbol'
      sent.push(value)
      continue
    }
    if (isProxyMarked(value)) {
      const port = links.expose(value)
      opened.push(port)
      transfers.push(port)
      handled.push([index, 'proxy'])
      sent.push(port)
      plain = false
      continue
    }
    const custom = serializeCustom(value)
    if (custom) {
      handled.push([index, custom.name])
      transfers.push(...custom.transfers)
      assertClonable(custom.value, (object) => custom.transfers.includes(object as Transferable))
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
function movedWith(value: object): readonly Transferable[] {
  let moved: readonly Transferable[] | undefined
  assertClonable(value, (object) => (moved ??= transferListOf(value)).includes(object as Transferable))
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
  if (handler === 'proxy') return links.adopt(value as MessagePort)
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

function serializeCustom(
  value: unknown,
): { name: string; value: unknown; transfers: readonly Transferable[] } | undefined {
  if (transferHandlers.size <= builtIn.size) return undefined
  for (const [name, handler] of transferHandlers) {
    if (builtIn.has(name) || !handler.canHandle(value)) continue
    const [serialized, transfers] = handler.serialize(value)
    return { name, value: serialized, transfers: transfers as Transferable[] }
  }
  return undefined
}
