type Timers = Pick<
  typeof globalThis,
  'setTimeout' | 'clearTimeout' | 'setInterval' | 'clearInterval' | 'setImmediate' | 'clearImmediate'
>
type Callback = (...args: unknown[]) => void
/** Node's class of timers, which is told whether it repeats, and whether it keeps the process alive. */
type TimeoutClass = new (
  callback: Callback,
  ms: number,
  args: unknown[] | undefined,
  isRepeat: boolean,
  isRefed: boolean,
) => NodeJS.Timeout

/** `mock.timers` of node:test is on: it replaces what `node:timers` exports as well, with methods bound to itself. */
export function isMocked(timer: { readonly name: string }): boolean {
  return timer.name.startsWith('bound ')
}

/**
 * Real timers while node:test's mocks are on, which keep the originals to themselves: made of what else in Node uses them.
 *
 * @throws Error where this Node has no such thing.
 */
export function timersBehindMocks(): Timers {
  const Timeout = timeoutClass()
  const { scheduler } = process.getBuiltinModule('node:timers/promises')
  const begin = (callback: Callback, ms: number | undefined, args: unknown[], isRepeat: boolean): NodeJS.Timeout =>
    // One that is new is in no list before it is refreshed.
    new Timeout(callback, Math.max(1, ms ?? 1), args, isRepeat, true).refresh()
  const clear = (timer: { close?: () => unknown } | undefined): void => void timer?.close?.()
  const dropped = new WeakSet<object>()
  const setImmediate = (callback: Callback, ...args: unknown[]): object => {
    const handle = { ref: () => handle, unref: () => handle, hasRef: () => true }
    void (async (): Promise<void> => {
      await scheduler.yield()
      if (!dropped.has(handle)) callback(...args)
    })()
    return handle
  }
  // Overloads, and promisified forms that nobody here uses.
  return {
    setTimeout: (callback: Callback, ms?: number, ...args: unknown[]) => begin(callback, ms, args, false),
    clearTimeout: clear,
    setInterval: (callback: Callback, ms?: number, ...args: unknown[]) => begin(callback, ms, args, true),
    clearInterval: clear,
    setImmediate,
    clearImmediate: (handle?: object) => void (handle && dropped.add(handle)),
  } as unknown as Timers
}

/** That of the timer by which a socket waits. */
function timeoutClass(): TimeoutClass {
  const { Socket } = process.getBuiltinModule('node:net')
  const socket = new Socket()
  socket.setTimeout(1)
  const parts: unknown[] = Object.getOwnPropertySymbols(socket).map((key) => Reflect.get(socket, key) as unknown)
  socket.destroy()
  for (const part of parts) {
    const { name } = (part as { readonly constructor?: TimeoutClass } | null)?.constructor ?? {}
    if (name === 'Timeout') return (part as { readonly constructor: TimeoutClass }).constructor
  }
  throw new Error('The timers of node:test are mocked: import spillway before mock.timers.enable()')
}
