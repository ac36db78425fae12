import { receiveMessageOnPort } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { lossOf } from '../lost-frame.ts'
import type { Arrived, SubChannel } from '../frames/sub-channel.ts'

/** Takes out what waits in a port. */
export function* heldBy(port: MessagePort): Generator<Arrived> {
  for (;;) {
    let item
    try {
      item = receiveMessageOnPort(port)
    } catch (cause) {
      yield { cause }
      continue
    }
    if (!item) return
    const loss = lossOf(item.message)
    yield loss ? { cause: loss } : { frame: item.message, ends: [] }
  }
}

export function forwardAll(items: Iterable<Arrived>, channel: SubChannel): void {
  for (const item of items) {
    if ('cause' in item) channel.forwardLoss(item.cause)
    else channel.forward(item.frame)
  }
}
