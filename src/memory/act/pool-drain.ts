import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { addressSpaceLeft } from '../../base/proc-files.ts'
import { withDeadline } from '../../base/deadline.ts'
import { workerEnvironment } from '../../host/worker-environment.ts'
import { POOL_DELAY } from '../tuning.ts'

const helper = new URL(`../../../workers/pool-drain${extname(import.meta.filename)}`, import.meta.url)

/** Bytes that an isolate reserves when it starts, with half as much again: under a limit with 600 MB left it failed, with 1 GB it did not (Node 26). */
const neededAddressSpace = 1.5 * 1024 ** 3

let underWay = 0

/** A helper thread is at it, for whichever coordinator in this process: what it holds meanwhile is nobody's. */
export const isPoolDrained = (): boolean => underWay > 0

/**
 * Has a helper thread give back what V8's page pool keeps.
 *
 * @param bytes at most, about.
 * @param leaving aborted when it is wanted no longer.
 * @returns whether it was done. Never rejects.
 */
export async function drainPool(bytes: number, leaving: AbortSignal): Promise<boolean> {
  // V8 ends the process where it finds no room for an isolate.
  if (leaving.aborted || addressSpaceLeft() < neededAddressSpace) return false
  const { promise, resolve } = Promise.withResolvers<boolean>()
  let worker: Worker
  try {
    worker = new Worker(helper, {
      workerData: bytes,
      env: workerEnvironment({}),
      resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16 },
    })
  } catch {
    return false
  }
  underWay++
  worker.unref()
  const leave = (): void => resolve(false)
  leaving.addEventListener('abort', leave)
  worker.once('message', () => resolve(true))
  worker.once('error', leave)
  worker.once('exit', leave)
  // Whoever has nothing else to do need not wait for it.
  const late = setTimeout(leave, 2 * POOL_DELAY).unref()
  const done = await promise
  clearTimeout(late)
  leaving.removeEventListener('abort', leave)
  await withDeadline(worker.terminate(), POOL_DELAY)
  underWay--
  return done
}
