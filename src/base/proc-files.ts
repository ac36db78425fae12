import { readFileSync } from 'node:fs'

/** The content of a file, or undefined when it cannot be read. */
export type FileReader = (path: string) => string | undefined

export const readRealFile: FileReader = (path) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** What is resident of a process, bytes. */
export interface ProcessMemory {
  readonly rss: number
  /** What no file backs: heaps, buffers, stacks, memory that processes share. Where the system does not tell it apart, it is all of it. */
  readonly anonymous: number
}

/**
 * Of this process, or of another one. To read it takes some 30 us.
 *
 * @returns undefined where there is no such process, or the system does not tell.
 */
export function readProcessMemory(
  pid: number | 'self' = 'self',
  read: FileReader = readRealFile,
): ProcessMemory | undefined {
  const bytes = statusReader(pid, read)
  const rss = bytes('VmRSS')
  const own = bytes('RssAnon')
  if (rss === undefined || own === undefined) return undefined
  return { rss, anonymous: own + (bytes('RssShmem') ?? 0) }
}

let lastResidentSet = 0

/** Of this process, bytes; as it was, where it cannot be read: a program may have no descriptor left for the file that says it, or no such file at all. */
export function residentSet(): number {
  try {
    lastResidentSet = process.memoryUsage.rss()
  } catch {
    // It is asked for again soon.
  }
  return lastResidentSet
}

/** Bytes that this process may still map; Infinity where nothing limits that, or the system does not tell. */
export function addressSpaceLeft(read: FileReader = readRealFile): number {
  const limit = /^Max address space\s+(\d+)/m.exec(read('/proc/self/limits') ?? '')?.[1]
  if (limit === undefined) return Number.POSITIVE_INFINITY
  return Number(limit) - (statusReader('self', read)('VmSize') ?? 0)
}

/** Reads the status of a process once, and sizes in it by their field: bytes. */
function statusReader(pid: number | 'self', read: FileReader): (field: string) => number | undefined {
  const status = read(`/proc/${pid}/status`) ?? ''
  return (field) => {
    const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]
    return kib === undefined ? undefined : Number(kib) * 1024
  }
}
