/** A caller is looked for so many frames up: twice what V8 shows by default, and more than the depth of any branch that was seen. Guessed. */
const depth = 64

const joins: ReadonlySet<string | null> = new Set(['all', 'allSettled', 'any'])

/**
 * Whether the caller runs in a branch that a `Promise.all`, `allSettled` or `any` waits for, so that others run beside it: as far as V8 can
 * follow who awaits whom. Not seen are branches that are joined in another way, or by nobody, and what a branch does before the join is made.
 */
export function inJoinedBranch(): boolean {
  try {
    return callerFrames().some((frame) => isJoin(frame))
  } catch {
    // Somebody has frozen Error.
    return false
  }
}

function callerFrames(): readonly NodeJS.CallSite[] {
  const before = { stackTraceLimit: Error.stackTraceLimit, prepareStackTrace: Reflect.get(Error, 'prepareStackTrace') }
  try {
    Error.stackTraceLimit = depth
    // Called when the stack is first read: the frames, and no text, which source maps would make slow.
    Error.prepareStackTrace = (_, frames) => frames
    const frames: unknown = new Error().stack
    return frames as readonly NodeJS.CallSite[]
  } finally {
    Object.assign(Error, before)
  }
}

function isJoin(frame: NodeJS.CallSite): boolean {
  return frame.isAsync() && frame.getPromiseIndex() !== null && joins.has(frame.getFunctionName())
}
