/** In place of `src/base/timers.ts`: those that are global when they are used, so that a test of what waits can have them fake. */

type Callback = (...args: unknown[]) => void

export const setTimeout = (callback: Callback, ms?: number, ...args: unknown[]): NodeJS.Timeout =>
  globalThis.setTimeout(callback, ms, ...args)
export const setInterval = (callback: Callback, ms?: number, ...args: unknown[]): NodeJS.Timeout =>
  globalThis.setInterval(callback, ms, ...args)
export const setImmediate = (callback: Callback, ...args: unknown[]): NodeJS.Immediate =>
  globalThis.setImmediate(callback, ...args)
export const clearTimeout: typeof globalThis.clearTimeout = (timer) => globalThis.clearTimeout(timer)
export const clearInterval: typeof globalThis.clearInterval = (timer) => globalThis.clearInterval(timer)
export const clearImmediate: typeof globalThis.clearImmediate = (handle) => globalThis.clearImmediate(handle)
export const queueMicrotask: typeof globalThis.queueMicrotask = (callback) => globalThis.queueMicrotask(callback)
export const hrtime = (): [number, number] => process.hrtime()
export const systemTime = (): number => Date.now()

export async function sleep(ms: number, { ref = true }: { readonly ref?: boolean } = {}): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => resolve(), ms)
    if (!ref) timer.unref()
  })
}

export async function nextTurn(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(() => resolve()))
}
