import type { CallbackLinks } from '../channel/marshal.ts'
import type { Channels } from '../channel/transport.ts'

/** What is passed by reference stays on its machine: a callback that is given, or comes back, is an error of that call. */
export function machineLinks(channels: Channels): CallbackLinks {
  const refuse = (): never => {
    throw new TypeError('A callback, or what is marked with proxy(), cannot go to another machine')
  }
  return { channels, expose: refuse, adopt: refuse }
}
