import * as timers from 'node:timers'
import { isMocked, timersBehindMocks } from './timers-behind-mocks.ts'

/**
 * Node's own timers, as they were when this was first imported: a test's fake timers replace the global ones, and what workers are waited for with must
 * not stand still with them. Everything of ours uses these. `node:timers` is what fake timers of vitest and jest leave alone.
 */
const real = isMocked(timers.setTimeout) ? timersBehindMocks() : timers

export const setTimeout: typeof globalThis.setTimeout = real.setTimeout
export const clearTimeout: typeof globalThis.clearTimeout = real.clearTimeout
export const setInterval: typeof globalThis.setInterval = real.setInterval
export const clearInterval: typeof globalThis.clearInterval = real.clearInterval
export const setImmediate: typeof globalThis.setImmediate = real.setImmediate
export const clearImmediate: typeof globalThis.clearImmediate = real.clearImmediate
export const queueMicrotask: typeof globalThis.queueMicrotask = original(globalThis.queueMicrotask, '_queueMicrotask')
/** Seconds and nanoseconds of the system's monotonic clock. */
export const hrtime: () => [number, number] = original(process.hrtime, '_hrtime')
/** ms since the epoch: for comparing with what the system notes, the times of files. What people read goes by `Date`, as they have it. */
export const systemTime: () => number = original(globalThis.Date, '_Date').now

/** Resolves after `ms`. It keeps the process alive meanwhile, unless `ref` is false. */
export async function sleep(ms: number, { ref = true }: { readonly ref?: boolean } = {}): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms)
    if (!ref) timer.unref()
  })
}

/** Resolves in a later turn of the event loop. */
export async function nextTurn(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve))
}

/** What sinon's fake timers (those of vitest and jest), when they are on already, keep of it: of these there is no second copy in Node's modules. */
function original<T extends object>(current: T, kept: string): T {
  const { clock } = current as { readonly clock?: Readonly<Record<string, unknown>> }
  const found = clock?.[kept]
  return typeof found === 'function' ? (found as unknown as T) : current
}
