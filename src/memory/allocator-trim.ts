import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { withDeadline } from '../host/deadline.ts'

const helper = new URL(`../../workers/allocator-trim${extname(import.meta.filename)}`, import.meta.url)

/** What a trim was made with; 'unavailable' where neither Node's FFI nor koffi can reach the allocator. */
export type TrimResult = 'node:ffi' | 'koffi' | 'unavailable'

let running: Promise<TrimResult> | undefined
let unavailable = process.platform !== 'linux'

/**
 * Lets the C library's allocator give its free pages back to the operating system, on a helper thread. Those who ask while one runs share it.
 *
 * @param deadline ms to wait for the helper.
 */
export async function trimAllocator(deadline: number): Promise<TrimResult> {
  if (unavailable) return 'unavailable'
  running ??= runHelper(deadline).finally(() => {
    running = undefined
  })
  return running
}

async function runHelper(deadline: number): Promise<TrimResult> {
  const { promise, resolve } = Promise.withResolvers<TrimResult>()
  const worker = new Worker(helper, {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
  })
  worker.once('message', (made: 'node:ffi' | 'koffi' | undefined) => {
    unavailable = made === undefined
    resolve(made ?? 'unavailable')
  })
  worker.once('error', () => resolve('unavailable'))
  worker.once('exit', () => resolve('unavailable'))
  const result = await withDeadline(promise, deadline)
  await withDeadline(worker.terminate(), deadline)
  return result ?? 'unavailable'
}
