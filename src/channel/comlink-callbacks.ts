import { proxy, transferHandlers } from 'comlink'
import type { MessagePort } from 'node:worker_threads'
import type { CallbackLinks } from './marshal.ts'

/** Callbacks to and from a stock comlink peer, which speaks comlink's protocol on them as well. */
export const comlinkCallbacks: CallbackLinks = {
  expose: (value) => handler().serialize(value)[0] as MessagePort,
  adopt: (port) => proxy(handler().deserialize(port) as object),
}

function handler(): NonNullable<ReturnType<typeof transferHandlers.get>> {
  const known = transferHandlers.get('proxy')
  if (!known) throw new TypeError("comlink's own transfer handler for proxies was removed")
  return known
}
