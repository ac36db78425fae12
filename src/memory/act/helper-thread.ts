import { Worker } from 'node:worker_threads'
import type { WorkerOptions } from 'node:worker_threads'
import { withDeadline } from '../../base/deadline.ts'
import { startFile } from '../../base/package-files.ts'
import { workerEnvironment } from '../../host/worker-environment.ts'
import { POOL_DELAY } from '../tuning.ts'
import { setTimeout, clearTimeout } from '../../base/timers.ts'

/**
 * Runs a helper thread until it says something, and ends it. Keeps no program alive: whoever has nothing else to do need not wait for it. Never rejects.
 *
 * @param name of its file in workers/.
 * @param patience ms.
 * @param leaving aborted when it is wanted no longer.
 * @returns what it said; undefined: it could not be started, has failed, was late, or is not wanted any more.
 */
export async function runHelper(
  name: 'allocator-trim' | 'pool-drain',
  patience: number,
  leaving: AbortSignal,
  options: Pick<WorkerOptions, 'workerData' | 'execArgv' | 'resourceLimits'>,
): Promise<unknown> {
  if (leaving.aborted) return undefined
  const { promise, resolve } = Promise.withResolvers<unknown>()
  const leave = (): void => resolve(undefined)
  let worker: Worker
  try {
    // Where one file is all of them, it goes by the argument. No environment of its own, but for the cache of compiled code, if there is one.
    worker = new Worker(startFile(`workers/${name}.ts`), { ...options, argv: [name], env: workerEnvironment({}) })
  } catch {
    return undefined
  }
  worker.unref()
  worker.once('message', resolve)
  worker.once('error', leave)
  worker.once('exit', leave)
  leaving.addEventListener('abort', leave)
  const late = setTimeout(leave, patience).unref()
  const said = await promise
  clearTimeout(late)
  leaving.removeEventListener('abort', leave)
  await withDeadline(worker.terminate(), POOL_DELAY)
  return said
}
