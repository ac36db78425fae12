import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Who gives memory back: a component that is unloaded, one in a process of its own, a reference in the main thread that is set to undefined. */
export const ways = ['thread', 'process', 'undefined'] as const
export type Way = (typeof ways)[number]

/** What the operating system says of a program, its processes together; ms since it began to be watched, bytes. */
export interface Timeline {
  readonly way: Way
  readonly samples: readonly (readonly [time: number, resident: number])[]
  /** ms: when the cache was there, and when it was given up. */
  readonly filledAt: number
  readonly droppedAt: number
  /** ms: the longest the main thread's event loop had no turn since then. */
  readonly stall: number
}

const program = fileURLToPath(new URL('record.ts', import.meta.url))
/** ms */
const deadline = 120_000

/** Fills a cache in a process of its own, gives it up, and watches for some seconds. */
export async function recordUnload(way: Way, megabytes: number, seconds: number): Promise<Timeline> {
  const args = ['--disable-warning=ExperimentalWarning', program, way, String(megabytes), String(seconds)]
  const env = { ...process.env, SPILLWAY_LOG_LEVEL: 'silent' }
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: deadline, env })
  return JSON.parse(stdout) as Timeline
}

/** Bytes at a time: the last sample before it. */
export function residentAt({ samples }: Timeline, time: number): number {
  return samples.findLast(([at]) => at <= time)?.[1] ?? Number.NaN
}
