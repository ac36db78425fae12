import { SpillwayError } from '../contract/errors.ts'
import { isInstance } from '../contract/is-instance.ts'

/**
 * An error of ours that several may be told of (a load that failed is that of all who waited for it), for one of them: the same in all but its stack, which
 * has the caller's frames. What is no error of ours is its maker's, and stays the same one.
 *
 * @param frames the lines of a stack, without the message.
 */
export function errorForCaller(error: unknown, frames: string): unknown {
  if (!isInstance(error, SpillwayError)) return error
  // A real Error, so that inspection, cloning and loggers know it for one; its constructor would make the message anew.
  const own = Object.setPrototypeOf(new Error(error.message), Object.getPrototypeOf(error) as object) as SpillwayError
  for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(error))) {
    if (key !== 'stack') Object.defineProperty(own, key, descriptor)
  }
  own.stack = stackOf(error, frames)
  return own
}

/** @param frames none: whoever awaits it may add some. */
export function stackOf(error: Error, frames: string): string {
  return `${error.name}: ${error.message}${frames ? `\n${frames}` : ''}`
}

/** The lines of a captured stack without its first, the message. */
export function framesOf(origin: { readonly stack?: string }): string {
  const stack = origin.stack ?? ''
  const message = stack.indexOf('\n')
  return message < 0 ? '' : stack.slice(message + 1)
}

/** The outcome of work that is shared with others, for who waits for it here: its errors lead to where this was called. */
export async function forCaller<T>(work: Promise<T>): Promise<T> {
  const origin: { stack?: string } = {}
  Error.captureStackTrace(origin, forCaller)
  try {
    return await work
  } catch (error) {
    throw errorForCaller(error, framesOf(origin))
  }
}
