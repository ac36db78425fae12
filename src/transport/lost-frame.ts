import { messageOf } from '../contract/describe-value.ts'

/**
 * A MessagePort cannot pass on that something could not be read on its way here. What is passed on in its place is not of the form that frames have, so
 * that nobody takes it for one.
 */
const key = 'spillway: a frame that could not be passed on'

export function lostFrame(cause: unknown): object {
  return { [key]: messageOf(cause) }
}

/** Why the frame could not be passed on; undefined: it is one. */
export function lossOf(frame: unknown): Error | undefined {
  if (typeof frame !== 'object' || frame === null || Array.isArray(frame) || !Object.hasOwn(frame, key))
    return undefined
  return new Error(String((frame as Record<string, unknown>)[key]))
}
