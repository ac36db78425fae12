import type { FrameReceiver } from '../channel/transport.ts'
import type { FromWorkerMessage } from './control.ts'

/**
 * Takes in what a worker says of its life. Before a message that may prove unreadable here it says what stands for it: that is taken in its place, where
 * it is.
 */
export class ControlInbox implements FrameReceiver {
  readonly #take: (message: FromWorkerMessage) => void
  /** Stands for the next message, should that be unreadable. */
  #instead: FromWorkerMessage | undefined

  constructor(take: (message: FromWorkerMessage) => void) {
    this.#take = take
  }

  frame(frame: unknown): void {
    const message = frame as FromWorkerMessage
    this.#instead = message.type === 'instead' ? message.message : undefined
    if (message.type !== 'instead') this.#take(message)
  }

  unreadable(): void {
    const message = this.#instead
    this.#instead = undefined
    if (message) this.#take(message)
  }
}
