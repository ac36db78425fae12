/** In place of `src/base/timers.ts`: those that are global when they are used, so that a test of what waits can have them fake. */

export const setTimeout: typeof globalThis.setTimeout = ((...args: Parameters<typeof globalThis.setTimeout>) =>
  globalThis.setTimeout(...args)) as typeof globalThis.setTimeout
export const setInterval: typeof globalThis.setInterval = ((...args: Parameters<typeof globalThis.setInterval>) =>
  globalThis.setInterval(...args)) as typeof globalThis.setInterval
export const setImmediate = ((...args: Parameters<typeof globalThis.setImmediate>) =>
  globalThis.setImmediate(...args)) as typeof globalThis.setImmediate
export const clearTimeout: typeof globalThis.clearTimeout = (timer) => globalThis.clearTimeout(timer)
export const clearInterval: typeof globalThis.clearInterval = (timer) => globalThis.clearInterval(timer)
export const clearImmediate: typeof globalThis.clearImmediate = (handle) => globalThis.clearImmediate(handle)
export const queueMicrotask: typeof globalThis.queueMicrotask = (callback) => globalThis.queueMicrotask(callback)
export const hrtime = (): [number, number] => process.hrtime()
export const systemTime = (): number => Date.now()

export async function sleep(ms: number, { ref = true }: { readonly ref?: boolean } = {}): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms)
    if (!ref) timer.unref()
  })
}

export async function nextTurn(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve))
}
