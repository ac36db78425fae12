import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { withDeadline } from '../deadline.ts'
import { workerEnvironment } from '../host/worker-environment.ts'

const helper = new URL(`../../workers/allocator-trim${extname(import.meta.filename)}`, import.meta.url)
/** ms after which a helper that has not answered is ended. */
const helperDeadline = 10_000

/** What a trim was made with; 'unavailable' where neither Node's FFI nor koffi can reach the allocator, 'under way' when it takes longer than was waited for. */
export type TrimResult = 'node:ffi' | 'koffi' | 'unavailable' | 'under way'

/** The one whose helper runs, and the one whose turn comes after it. */
let current: Trim | undefined
let following: Trim | undefined
let unavailable = process.platform !== 'linux'

/**
 * Lets the C library's allocator give its free pages back to the operating system, on a helper thread. One that runs may have passed by what was freed
 * meanwhile, so those who ask while one runs share the next.
 *
 * @param deadline ms to wait for it; it goes on after that.
 * @param leaving aborted when whoever asks wants it no longer. One that nobody wants any more is given up, and its thread ended.
 */
export async function trimAllocator(deadline: number, leaving?: AbortSignal): Promise<TrimResult> {
  if (unavailable || leaving?.aborted) return 'unavailable'
  const trim = current ? (following ??= new Trim()) : new Trim()
  const result = trim.join(leaving)
  if (!current) void takeTurns(trim)
  return (await withDeadline(result, deadline, leaving)) ?? 'under way'
}

/** Never rejects. */
async function takeTurns(first: Trim): Promise<void> {
  for (let trim: Trim | undefined = first; trim; trim = following) {
    current = trim
    if (trim === following) following = undefined
    await trim.run()
  }
  current = undefined
}

/** One trim, for all who asked for it before it began. */
class Trim {
  readonly #result = Promise.withResolvers<TrimResult>()
  readonly #abandoned = Promise.withResolvers<undefined>()
  #begun = false
  #askers = 0

  async join(leaving: AbortSignal | undefined): Promise<TrimResult> {
    this.#askers++
    const leave = (): void => {
      this.#askers--
      if (this.#begun && this.#askers === 0) this.#abandoned.resolve(undefined)
    }
    leaving?.addEventListener('abort', leave, { once: true })
    const result = await this.#result.promise
    leaving?.removeEventListener('abort', leave)
    return result
  }

  /** Resolves when its helper is gone, or was given up on. */
  async run(): Promise<void> {
    this.#begun = true
    // One whose helper cannot be started (no more threads) has made nothing worse.
    const trimming = this.#askers > 0 ? runHelper(this.#abandoned.promise) : undefined
    this.#result.resolve((await trimming?.catch(() => undefined)) ?? 'unavailable')
  }
}

async function runHelper(abandoned: Promise<undefined>): Promise<TrimResult> {
  const { promise, resolve } = Promise.withResolvers<TrimResult>()
  const worker = new Worker(helper, {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    // None of its own, but for the cache of compiled code, if there is one.
    env: workerEnvironment({}),
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
  })
  worker.unref()
  worker.once('message', (made: 'node:ffi' | 'koffi' | undefined) => {
    unavailable = made === undefined
    resolve(made ?? 'unavailable')
  })
  worker.once('error', () => resolve('unavailable'))
  worker.once('exit', () => resolve('unavailable'))
  const result = await withDeadline(Promise.race([promise, abandoned]), helperDeadline)
  await withDeadline(worker.terminate(), helperDeadline)
  return result ?? 'unavailable'
}
