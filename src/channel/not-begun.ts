import { messageOf } from '../contract/describe-value.ts'

/** Thrown in place of an answer by what stands in front of a component: the call was not begun, and its caller may ask elsewhere. `cause` is why. */
export class NotBegun extends Error {
  constructor(cause: unknown) {
    super(messageOf(cause), { cause })
  }
}
