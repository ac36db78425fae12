import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { withDeadline } from '../../base/deadline.ts'
import { workerEnvironment } from '../../host/worker-environment.ts'
import { POOL_DELAY } from '../tuning.ts'

const helper = new URL(`../../../workers/pool-drain${extname(import.meta.filename)}`, import.meta.url)

/**
 * Has a helper thread give back what V8's page pool keeps.
 *
 * @param bytes at most, about.
 * @param leaving aborted when it is wanted no longer.
 * @returns whether it was done. Never rejects.
 */
export async function drainPool(bytes: number, leaving: AbortSignal): Promise<boolean> {
  if (leaving.aborted) return false
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
  worker.unref()
  const leave = (): void => resolve(false)
  leaving.addEventListener('abort', leave)
  worker.once('message', () => resolve(true))
  worker.once('error', leave)
  worker.once('exit', leave)
  const done = await withDeadline(promise, 2 * POOL_DELAY)
  leaving.removeEventListener('abort', leave)
  await withDeadline(worker.terminate(), POOL_DELAY)
  return done ?? false
}
