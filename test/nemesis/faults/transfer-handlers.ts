/** Handlers of the user's that throw: at the sending end, or at the receiving one. */
import { transferHandlers } from '../../../src/worker.ts'

/** Of a class, so that a handler can tell it; without handlers it travels like any object. */
export class Spiteful {
  readonly at: 'sender' | 'receiver'

  constructor(at: 'sender' | 'receiver') {
    this.at = at
  }
}

const name = 'spiteful'

/** Each thread has handlers of its own. */
export function addThrowingHandlers(): void {
  transferHandlers.set(name, {
    canHandle: (value: unknown): value is Spiteful => value instanceof Spiteful,
    serialize: (value: Spiteful) => {
      if (value.at === 'sender') throw new Error('from the handler of the sender')
      return [{ at: value.at }, []]
    },
    deserialize: () => {
      throw new Error('from the handler of the receiver')
    },
  })
}

export function removeThrowingHandlers(): void {
  transferHandlers.delete(name)
}
