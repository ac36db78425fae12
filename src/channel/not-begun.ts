import { messageOf } from '../contract/describe-value.ts'

const made = new WeakSet<object>()

/** Thrown in place of an answer by what stands in front of a component: the call was not begun, and its caller may ask elsewhere. `cause` is why. */
export class NotBegun extends Error {
  constructor(cause: unknown) {
    super(messageOf(cause), { cause })
    made.add(this)
  }

  /** Asks nothing of the value: what a component throws may be a proxy that throws. */
  static override [Symbol.hasInstance](value: unknown): value is NotBegun {
    return typeof value === 'object' && value !== null && made.has(value)
  }
}
