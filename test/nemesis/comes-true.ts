import { setTimeout as sleep } from 'node:timers/promises'

/** True as soon as `condition` holds; false when it does not by then. */
export async function comesTrue(condition: () => boolean | Promise<boolean>, within: number): Promise<boolean> {
  const end = performance.now() + within
  for (;;) {
    const began = performance.now()
    if (await condition()) return true
    if (performance.now() > end) return false
    // What goes by itself needs this thread as well, and looking at the whole heap holds it for seconds on a busy machine.
    await sleep(Math.max(50, performance.now() - began))
  }
}
