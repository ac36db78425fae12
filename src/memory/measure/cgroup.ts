import { join } from 'node:path'
import { readRealFile } from '../../base/proc-files.ts'
import type { FileReader } from '../../base/proc-files.ts'
import type { CgroupMemory } from '../../contract/ledger.ts'
import { isRealLimit } from '../options.ts'
import { RETRY } from '../tuning.ts'

/** Share of the time that may go into reading it: with many threads the kernel takes 7 ms to add up what a group uses (10 files, 200 workers). */
const worthReading = 1 / 1_000

/** What the control group of this process allows and uses: read once a second at most, and less often where it takes long. */
export class CgroupMeter {
  readonly #now: () => number
  readonly #read: FileReader
  #last: { readonly until: number; readonly memory: CgroupMemory | null } | undefined

  /** @param now ms of a monotonic clock. */
  constructor(now: () => number, read: FileReader = readRealFile) {
    this.#now = now
    this.#read = read
  }

  get memory(): CgroupMemory | null {
    const at = this.#now()
    if (this.#last && at < this.#last.until) return this.#last.memory
    const memory = readCgroupMemory(this.#read)
    this.#last = { until: at + Math.max(RETRY, (this.#now() - at) / worthReading), memory }
    return memory
  }
}

/**
 * What the control group of this process allows and uses, version 2 or 1; null where there is none.
 *
 * `current` is without `inactive_file`: page cache that the kernel drops before anybody runs out of memory. Of nested groups the
 * smallest limit counts.
 */
export function readCgroupMemory(read: FileReader): CgroupMemory | null {
  const own = read('/proc/self/cgroup')
  if (own === undefined) return null
  return readVersion2(own, read) ?? readVersion1(own, read)
}

function readVersion2(own: string, read: FileReader): CgroupMemory | null {
  const path = /^0::(.*)$/m.exec(own)?.[1]
  if (path === undefined) return null
  const root = '/sys/fs/cgroup'
  const folders = upwards(path).map((folder) => join(root, folder))
  const home = folders.find((folder) => read(join(folder, 'memory.current')) !== undefined)
  if (home === undefined) return null
  const limits = folders.map((folder) => numberIn(read(join(folder, 'memory.max'))))
  return usageOf(read(join(home, 'memory.current')), read(join(home, 'memory.stat')), 'inactive_file', limits)
}

function readVersion1(own: string, read: FileReader): CgroupMemory | null {
  const path = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(own)?.[1]
  if (path === undefined) return null
  const root = '/sys/fs/cgroup/memory'
  const folders = upwards(path).map((folder) => join(root, folder))
  const home = folders.find((folder) => read(join(folder, 'memory.usage_in_bytes')) !== undefined)
  if (home === undefined) return null
  const limits = folders.map((folder) => numberIn(read(join(folder, 'memory.limit_in_bytes'))))
  return usageOf(
    read(join(home, 'memory.usage_in_bytes')),
    read(join(home, 'memory.stat')),
    'total_inactive_file',
    limits,
  )
}

/** The group and all that contain it. Inside a container the path may name a folder that only the host has: then the root is what is left. */
function upwards(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '..')
  return [...parts.map((_, i) => parts.slice(0, parts.length - i).join('/')), '']
}

function usageOf(
  current: string | undefined,
  stat: string | undefined,
  inactive: string,
  limits: readonly (number | undefined)[],
): CgroupMemory {
  const cache = numberIn(new RegExp(`^${inactive} (\\d+)$`, 'm').exec(stat ?? '')?.[1]) ?? 0
  const real = limits.filter((limit) => isRealLimit(limit))
  return {
    limit: real.length > 0 ? Math.min(...real) : null,
    current: Math.max(0, (numberIn(current) ?? 0) - cache),
  }
}

function numberIn(text: string | undefined): number | undefined {
  const value = Number(text?.trim() || Number.NaN)
  return Number.isFinite(value) ? value : undefined
}
