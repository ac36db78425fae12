import { setTimeout as sleep } from 'node:timers/promises'
import { cpuTime, ownMemory } from '../contenders/process-memory.ts'
import type { Library, Method, Open, OpenOptions } from './library.ts'

/** What is asked of each library, in a process of its own: an answer, or several. */
export type Question = (open: Open) => Promise<readonly Answer[]>
/** 'yes', 'no', 'hangs', 'host died', 'host stuck'; where there is more to say, after the first of these words. */
export type Answer = string

/** ms for a call to settle that has lost its worker; the slowest that settles at all takes some 100 on a quiet machine. */
const patience = 2_000
/** ms for one that runs out of memory: V8 collects for seconds before it gives up. */
const longPatience = 15_000
/** MiB */
const limit = 64
/** ms */
const timeout = 500

type Outcome =
  | { readonly is: 'fulfilled' }
  | { readonly is: 'rejected'; readonly error: unknown }
  | { readonly is: 'pending' }

async function outcomeOf(call: Promise<unknown>, within = patience): Promise<Outcome> {
  return Promise.race([
    call.then(
      () => ({ is: 'fulfilled' }) as const,
      (error: unknown) => ({ is: 'rejected', error }) as const,
    ),
    sleep(within, { is: 'pending' } as const),
  ])
}

/** One that is up: what it takes to start is no part of any deadline. */
async function started(open: Open, options: OpenOptions = {}): Promise<{ library: Library; pid: number }> {
  const library = await open(options)
  return { library, pid: Number(await library.call('pid')) }
}

/** Does the call settle? */
const settles =
  (method: Method, options?: OpenOptions, meanwhile: (library: Library) => void = () => {}): Question =>
  async (open) => {
    const { library } = await started(open, options)
    const call = outcomeOf(library.call(method), options?.limit === undefined ? patience : longPatience)
    meanwhile(library)
    const { is } = await call
    return [is === 'rejected' ? 'yes' : is === 'pending' ? 'hangs' : 'no: fulfilled']
  }

/** Is it noticed that it grows past its limit, by memory that is in no heap? */
const noticed =
  (kind: 'buffers' | 'wasm' | 'shared'): Question =>
  async (open) => {
    const { library } = await started(open, { limit })
    const { is } = await outcomeOf(library.call('grow', kind), longPatience)
    return [is === 'rejected' ? 'yes' : is === 'pending' ? 'hangs' : 'no']
  }

const keepsErrors: Question = async (open) => {
  const { library } = await started(open)
  const outcome = await outcomeOf(library.call('throwOrderError'))
  if (outcome.is !== 'rejected') return Array.from({ length: 4 }, () => (outcome.is === 'pending' ? 'hangs' : 'no'))
  const { name, code, cause, limit } = Object(outcome.error) as Record<string, unknown>
  return [
    name === 'OrderError',
    code === 'E_TOO_LARGE',
    cause instanceof Error && cause.message !== '',
    limit === 5,
  ].map((kept) => (kept ? 'yes' : 'no'))
}

/** Is a loop that never ends ended at the deadline of its call? That the caller is told is not enough: it must not go on. */
const endsLoops: Question = async (open) => {
  const { library, pid } = await started(open)
  if (!library.callWithin) return ['no']
  if ((await outcomeOf(library.callWithin('loop', timeout))).is === 'pending') return ['hangs']
  const end = performance.now() + 2 * patience
  while (performance.now() < end) {
    const window = 400
    const before = await usedBy(pid)
    await sleep(window)
    // µs in µs: half of a processor.
    if ((await usedBy(pid)) - before < window * 500) return ['yes']
  }
  return ['no']
}

const usedBy = async (pid: number): Promise<number> => cpuTime(pid).catch(() => 0)

/** In an idle program, without flags: how long after the end is 90% of what the worker held back with the operating system? */
const givesBack: Question = async (open) => {
  const { library, pid } = await started(open)
  const isThread = pid === process.pid
  const memory = async (): Promise<number> => (isThread ? process.memoryUsage.rss() : ownMemory(pid))
  const empty = isThread ? await memory() : 0
  await library.call('hold', 150)
  await sleep(300)
  const full = await memory()
  const before = performance.now()
  // Not all of them settle it.
  Promise.resolve(library.end()).catch(() => {})
  const longest = 12_000
  while (performance.now() - before < longest) {
    if (full - (await memory()) >= 0.9 * (full - empty))
      return [`yes, ${((performance.now() - before) / 1_000).toFixed(1)} s`]
    await sleep(20)
  }
  return ['no']
}

const end = (library: Library): void => void setTimeout(() => void Promise.resolve(library.end()).catch(() => {}), 20)

/** Each with the titles of its answers. */
export const questions: Readonly<Record<string, { readonly ask: Question; readonly titles: readonly string[] }>> = {
  'exit-0': { ask: settles('exitZero'), titles: ['process.exit(0)'] },
  'exit-1': { ask: settles('exitOne'), titles: ['process.exit(1)'] },
  ended: { ask: settles('wait', {}, end), titles: ['ended by its owner'] },
  throws: { ask: settles('throwLater'), titles: ['throws in a timer'] },
  rejects: { ask: settles('rejectUnhandled'), titles: ['rejects unhandled'] },
  objects: { ask: settles('fillObjects', { limit }), titles: ['out of memory, objects'] },
  map: { ask: settles('fillMap', { limit }), titles: ['out of memory, a Map'] },
  errors: { ask: keepsErrors, titles: ['name', 'code', 'cause', 'own properties'] },
  loop: { ask: endsLoops, titles: ['a loop is ended at a deadline'] },
  buffers: { ask: noticed('buffers'), titles: ['Buffers past a limit'] },
  wasm: { ask: noticed('wasm'), titles: ['WebAssembly'] },
  shared: { ask: noticed('shared'), titles: ['SharedArrayBuffers'] },
  back: { ask: givesBack, titles: ['memory is back after the end'] },
}
