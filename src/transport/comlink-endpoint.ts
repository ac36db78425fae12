import { MessageChannel } from 'node:worker_threads'
import type { MessagePort, Transferable } from 'node:worker_threads'
import { NoSuchMethodError } from '../contract/errors.ts'
import { isInstance } from '../contract/is-instance.ts'
import { closeMoved } from '../channel/close-moved.ts'
import { passedOn } from '../channel/forwarded-methods.ts'
import { marshal, unmarshal } from '../channel/marshal.ts'
import type { CallbackLinks } from '../channel/marshal.ts'
import { StreamHandle } from '../channel/remote-stream.ts'

/** The requests of stock comlink's wire protocol (comlink 4, src/protocol.ts) as they arrive; nothing in them is trusted. */
interface ComlinkRequest {
  readonly id?: unknown
  readonly type?: unknown
  readonly path?: unknown
  readonly argumentList?: unknown
}

/** What a stock comlink peer may call. */
export interface ComlinkTarget {
  /** For messages. */
  readonly name: string
  /** @param path of the method; empty: the served function itself. @param signal aborted when the peer is gone. */
  call(path: readonly string[], args: readonly unknown[], signal: AbortSignal): Promise<unknown>
}

/**
 * A port that stock `Comlink.wrap` can use: calls are passed on to the target, which has the allow-list; everything else that
 * comlink could ask for (reading, setting, constructing) is refused.
 */
export function serveComlink(target: ComlinkTarget, links: CallbackLinks): { ours: MessagePort; theirs: MessagePort } {
  const { port1: ours, port2: theirs } = new MessageChannel()
  const gone = new AbortController()
  let underWay = 0
  let release: (() => void) | undefined
  const serve = async (request: ComlinkRequest): Promise<void> => {
    underWay++
    await answer(ours, request, target, links, gone.signal)
    if (--underWay === 0) release?.()
  }
  ours.on('message', (request: ComlinkRequest) => {
    if (typeof request !== 'object' || request === null) return
    if (request.type !== 'RELEASE') {
      void serve(request)
      return
    }
    // comlink releases a remote that was garbage collected, also while calls of it are under way, and closes its port at the reply.
    release = () => {
      reply(ours, request.id, undefined, links)
      ours.close()
    }
    if (underWay === 0) release()
  })
  ours.once('close', () => gone.abort(new DOMException('The caller is gone', 'AbortError')))
  ours.unref()
  return { ours, theirs }
}

async function answer(
  port: MessagePort,
  request: ComlinkRequest,
  target: ComlinkTarget,
  links: CallbackLinks,
  signal: AbortSignal,
): Promise<void> {
  try {
    const { path, args } = receive(request, target, links)
    const result = await target.call(path, args, signal)
    if (result instanceof StreamHandle) {
      await result.return()
      throw new TypeError("The method answers with a stream, which comlink's protocol has no way to carry")
    }
    reply(port, request.id, passedOn(result), links)
  } catch (error) {
    try {
      port.postMessage({ id: request.id, type: 'HANDLER', name: 'throw', value: thrown(error) })
    } catch {
      const value = thrown(new TypeError('What was thrown cannot be cloned'))
      port.postMessage({ id: request.id, type: 'HANDLER', name: 'throw', value })
    }
  }
}

function receive(
  request: ComlinkRequest,
  target: ComlinkTarget,
  links: CallbackLinks,
): { path: readonly string[]; args: readonly unknown[] } {
  try {
    const path = Array.isArray(request.path) ? request.path.map(String) : []
    if (request.type !== 'APPLY') throw new NoSuchMethodError(target.name, path.join('.') || '(itself)')
    const args = Array.isArray(request.argumentList)
      ? request.argumentList.map((arg) => fromWire(target.name, arg, links))
      : []
    return { path, args }
  } catch (error) {
    closeMoved(request)
    throw error
  }
}

function thrown(error: unknown): unknown {
  if (!isInstance(error, Error)) return { isError: false, value: error }
  const { name, message, stack } = error
  return { isError: true, value: { name, message, stack } }
}

function reply(port: MessagePort, id: unknown, value: unknown, links: CallbackLinks): void {
  const outgoing = marshal([value], links)
  const handling = outgoing.handled?.[0]?.[1]
  try {
    // comlink's form of a value has one handler for the whole of it.
    if (typeof handling === 'object')
      throw new TypeError('A peer of comlink takes what is marked with proxy() by itself only')
    const wire = handling ? { type: 'HANDLER', name: handling } : { type: 'RAW' }
    port.postMessage({ id, ...wire, value: outgoing.values[0] }, outgoing.transfers as Transferable[])
  } catch (error) {
    outgoing.discard()
    throw error
  }
}

function fromWire(component: string, wire: unknown, links: CallbackLinks): unknown {
  if (typeof wire !== 'object' || wire === null || !('type' in wire) || !('value' in wire)) {
    throw new TypeError('An argument is not in the form that comlink sends')
  }
  const handler = wire.type === 'HANDLER' && 'name' in wire ? String(wire.name) : undefined
  return passedOn(unmarshal(component, wire.value, handler, links))
}
