import { isPromise } from 'node:util/types'
import type { InContext } from './context.ts'

/**
 * Runs code of the program's in the midst of what the runtime does: whatever it throws, or rejects with, goes to `failed` and no further. It must not
 * take a worker's supervision or the process with it.
 *
 * @param inContext the context that it runs in.
 */
export function runUserCode(inContext: InContext, run: () => unknown, failed: (error: unknown) => void): void {
  try {
    const result = inContext(run)
    if (isPromise(result)) result.catch(failed)
  } catch (error) {
    failed(error)
  }
}
