/**
 * A native addon whose loading is cut short by the end of its thread aborts the whole process (node-addon-api: "FATAL ERROR:
 * Error::ThrowAsJavaScriptException napi_throw"). So a worker says when it loads one, and is ended before or after that, which costs no time: native
 * code is not interrupted in any case.
 */
const open = 0
const loading = 1
const closed = 2

/** ms between two looks at whether the worker still lives, while it loads an addon. */
const lookEvery = 250

/** Shared by both threads: whether an addon is being loaded, or may be. */
export type AddonGate = Int32Array<SharedArrayBuffer>

export function createAddonGate(): AddonGate {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
}

/** Main thread: no addon is loaded from now on; false while one is, which is to be waited for. */
export function closeAddonGate(gate: AddonGate): boolean {
  return Atomics.compareExchange(gate, 0, open, closed) !== loading
}

/** Resolves once the gate is closed, or the worker no longer `lives`. */
export async function addonGateClosed(gate: AddonGate, lives: () => boolean): Promise<void> {
  while (lives() && !closeAddonGate(gate)) await Atomics.waitAsync(gate, 0, loading, lookEvery).value
}

/** The worker's thread: every addon goes through the gate, however it is asked for. */
export function guardAddonLoads(gate: AddonGate): void {
  const load = process.dlopen.bind(process)
  let depth = 0
  process.dlopen = (...args: Parameters<typeof load>): void => {
    // It is being ended: this is where it does.
    if (depth === 0 && Atomics.compareExchange(gate, 0, open, loading) === closed) Atomics.wait(gate, 0, closed)
    depth++
    try {
      load(...args)
    } finally {
      depth--
      if (depth === 0) {
        Atomics.store(gate, 0, open)
        Atomics.notify(gate, 0)
      }
    }
  }
}
