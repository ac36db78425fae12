import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { withDeadline } from '../deadline.ts'

const helper = new URL(`../../workers/allocator-trim${extname(import.meta.filename)}`, import.meta.url)
/** ms after which a helper that has not answered is ended. */
const helperDeadline = 10_000

/** What a trim was made with; 'unavailable' where neither Node's FFI nor koffi can reach the allocator, 'under way' when it takes longer than was waited for. */
export type TrimResult = 'node:ffi' | 'koffi' | 'unavailable' | 'under way'

let current: Promise<TrimResult> | undefined
let following: Promise<TrimResult> | undefined
let unavailable = process.platform !== 'linux'

/**
 * Lets the C library's allocator give its free pages back to the operating system, on a helper thread. One that runs may have passed by what was freed
 * meanwhile, so those who ask while one runs share the next.
 *
 * @param deadline ms to wait for it; it goes on after that.
 */
export async function trimAllocator(deadline: number): Promise<TrimResult> {
  if (unavailable) return 'unavailable'
  return (await withDeadline(trim(), deadline)) ?? 'under way'
}

function trim(): Promise<TrimResult> {
  if (current) {
    following ??= current.then(() => {
      following = undefined
      return trim()
    })
    return following
  }
  current = runHelper().finally(() => {
    current = undefined
  })
  return current
}

async function runHelper(): Promise<TrimResult> {
  const { promise, resolve } = Promise.withResolvers<TrimResult>()
  const worker = new Worker(helper, {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
  })
  worker.unref()
  worker.once('message', (made: 'node:ffi' | 'koffi' | undefined) => {
    unavailable = made === undefined
    resolve(made ?? 'unavailable')
  })
  worker.once('error', () => resolve('unavailable'))
  worker.once('exit', () => resolve('unavailable'))
  const result = await withDeadline(promise, helperDeadline)
  await withDeadline(worker.terminate(), helperDeadline)
  return result ?? 'unavailable'
}
