import { MessageChannel, MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import type { Transferable } from 'node:worker_threads'
import type { ChannelEnd, Channels, FrameReceiver, Movable, Transport } from '../channel/transport.ts'
import { lossOf } from './lost-frame.ts'

/** Between two threads: frames are structured clones, and the end of a channel is a MessagePort. */
export const threadChannels: Channels = {
  pair: () => {
    const { port1, port2 } = new MessageChannel()
    return [endOf(port1), endOf(port2)]
  },
  join: (end) => new ThreadTransport(portOf(end)),
  isEnd: (value): value is ChannelEnd => value instanceof MessagePort,
}

export function endOf(port: MessagePort): ChannelEnd {
  return port as unknown as ChannelEnd
}

export function portOf(end: ChannelEnd): MessagePort {
  return end as unknown as MessagePort
}

class ThreadTransport implements Transport {
  readonly #port: MessagePort

  constructor(port: MessagePort) {
    this.#port = port
  }

  receive(receiver: FrameReceiver): void {
    const port = this.#port
    port.on('message', (frame: unknown) => {
      const loss = lossOf(frame)
      if (loss) receiver.unreadable(loss)
      else receiver.frame(frame)
    })
    port.on('messageerror', (cause: unknown) => receiver.unreadable(cause))
    port.unref()
  }

  post(frame: unknown, moved?: readonly Movable[]): void {
    if (moved) this.#port.postMessage(frame, moved as readonly Transferable[] as Transferable[])
    else this.#port.postMessage(frame)
  }

  takeNext(): { readonly frame: unknown } | undefined {
    const item = receiveMessageOnPort(this.#port)
    const loss = lossOf(item?.message)
    if (loss) throw loss
    return item && { frame: item.message }
  }

  onClose(listener: () => void): () => void {
    this.#port.once('close', listener)
    return () => void this.#port.off('close', listener)
  }

  close(): void {
    this.#port.close()
  }
}
