import { MessageChannel } from 'node:worker_threads'
import type { MessagePort, Transferable } from 'node:worker_threads'
import { NoSuchMethodError } from '../errors.ts'
import type { Caller } from './caller.ts'
import { marshal, unmarshal } from './marshal.ts'
import type { CallbackLinks } from './marshal.ts'

/** The requests of stock comlink's wire protocol (comlink 4, src/protocol.ts) as they arrive; nothing in them is trusted. */
interface ComlinkRequest {
  readonly id?: unknown
  readonly type?: unknown
  readonly path?: unknown
  readonly argumentList?: unknown
}

/**
 * A port that stock `Comlink.wrap` can use: calls are passed on to the component, within its allow-list; everything else that
 * comlink could ask for (reading, setting, constructing) is refused.
 */
export function serveComlink(caller: Caller, links: CallbackLinks): { ours: MessagePort; theirs: MessagePort } {
  const { port1: ours, port2: theirs } = new MessageChannel()
  ours.on('message', (request: ComlinkRequest) => {
    if (typeof request !== 'object' || request === null) return
    if (request.type === 'RELEASE') {
      reply(ours, request.id, undefined, links)
      ours.close()
    } else void answer(ours, request, caller, links)
  })
  ours.unref()
  return { ours, theirs }
}

async function answer(port: MessagePort, request: ComlinkRequest, caller: Caller, links: CallbackLinks): Promise<void> {
  try {
    const path = Array.isArray(request.path) ? request.path.map(String) : []
    const name = path.join('.')
    if (request.type !== 'APPLY' || path.length === 0) throw new NoSuchMethodError(caller.component, name || '(root)')
    const args = Array.isArray(request.argumentList) ? request.argumentList.map((arg) => fromWire(arg, links)) : []
    const method = path.length === 1 ? name : path
    reply(port, request.id, await caller.call(method, args, {}, {}), links)
  } catch (error) {
    const { name, message, stack } = error instanceof Error ? error : { name: '', message: '', stack: '' }
    const value =
      error instanceof Error ? { isError: true, value: { name, message, stack } } : { isError: false, value: error }
    port.postMessage({ id: request.id, type: 'HANDLER', name: 'throw', value })
  }
}

function reply(port: MessagePort, id: unknown, value: unknown, links: CallbackLinks): void {
  const outgoing = marshal([value], links)
  const handler = outgoing.handled?.[0]?.[1]
  const wire = handler ? { type: 'HANDLER', name: handler } : { type: 'RAW' }
  try {
    port.postMessage({ id, ...wire, value: outgoing.values[0] }, outgoing.transfers as Transferable[])
  } catch (error) {
    outgoing.discard()
    throw error
  }
}

function fromWire(wire: unknown, links: CallbackLinks): unknown {
  if (typeof wire !== 'object' || wire === null || !('type' in wire) || !('value' in wire)) {
    throw new TypeError('An argument is not in the form that comlink sends')
  }
  const handler = wire.type === 'HANDLER' && 'name' in wire ? String(wire.name) : undefined
  return unmarshal(wire.value, handler, links)
}
