import { isBuiltin } from 'node:module'
import { withDeadline } from '../../base/deadline.ts'
import { importPackage } from '../../base/package-files.ts'
import { POOL_DELAY } from '../tuning.ts'
import { runHelper } from './helper-thread.ts'

/** What a trim was made with; 'unavailable' where neither Node's FFI nor koffi can reach the allocator, 'under way' when it takes longer than was waited for. */
export type TrimResult = 'node:ffi' | 'koffi' | 'unavailable' | 'under way'

/** What koffi makes of a C function: with `async` it runs on a thread of libuv's. */
interface MallocTrim {
  async(pad: number, done: () => void): void
}
interface Koffi {
  load(library: string): { func(declaration: string): MallocTrim }
}

/** How the allocator is reached, as far as is known. */
let way: 'node:ffi' | 'koffi' | 'none' =
  process.platform !== 'linux' ? 'none' : isBuiltin('node:ffi') ? 'node:ffi' : 'koffi'
let mallocTrim: MallocTrim | undefined
/** The one that runs, and the one whose turn comes after it. */
let current: Trim | undefined
let following: Trim | undefined

/**
 * Lets the C library's allocator give its free pages back to the operating system, on another thread. One that runs may have passed by what was freed
 * meanwhile, so those who ask while one runs share the next.
 *
 * @param deadline ms to wait for it; it goes on after that.
 * @param leaving aborted when whoever asks wants it no longer. One that nobody wants any more is given up, and its helper thread, if it has one, ended.
 */
export async function trimAllocator(deadline: number, leaving?: AbortSignal): Promise<TrimResult> {
  if (way === 'none' || leaving?.aborted) return 'unavailable'
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
  readonly #abandoned = new AbortController()
  #begun = false
  #askers = 0

  async join(leaving: AbortSignal | undefined): Promise<TrimResult> {
    this.#askers++
    const leave = (): void => {
      this.#askers--
      if (this.#begun && this.#askers === 0) this.#abandoned.abort()
    }
    leaving?.addEventListener('abort', leave, { once: true })
    const result = await this.#result.promise
    leaving?.removeEventListener('abort', leave)
    return result
  }

  /** Resolves when it is done, and its helper is gone or was given up on. */
  async run(): Promise<void> {
    this.#begun = true
    // One that fails has made nothing worse.
    const trimming = this.#askers > 0 ? trimNow(this.#abandoned.signal) : undefined
    this.#result.resolve((await trimming?.catch(() => undefined)) ?? 'unavailable')
  }
}

async function trimNow(abandoned: AbortSignal): Promise<TrimResult> {
  const result = way === 'node:ffi' ? await trimInHelper(abandoned) : 'unavailable'
  // Looked at again: the helper may have found that it is not to be had.
  return way === 'koffi' ? trimWithKoffi() : result
}

/** In this thread, which nobody ends: an addon that is being loaded in a thread that is ended aborts the process. */
async function trimWithKoffi(): Promise<TrimResult> {
  try {
    mallocTrim ??= ((await importPackage('koffi')) as { default: Koffi }).default
      .load('libc.so.6')
      .func('int malloc_trim(size_t pad)')
  } catch {
    // It is not installed, or there is no such library, as with musl.
    way = 'none'
    return 'unavailable'
  }
  const trim = mallocTrim
  await new Promise<void>((resolve) => trim.async(0, resolve))
  return 'koffi'
}

async function trimInHelper(abandoned: AbortSignal): Promise<'node:ffi' | 'unavailable'> {
  const done = await runHelper('allocator-trim', POOL_DELAY, abandoned, {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
  })
  if (done === false) way = 'koffi'
  return done === true ? 'node:ffi' : 'unavailable'
}
