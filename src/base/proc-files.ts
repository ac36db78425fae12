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
  const status = read(`/proc/${pid}/status`)
  const bytes = (field: string): number | undefined => {
    const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status ?? '')?.[1]
    return kib === undefined ? undefined : Number(kib) * 1024
  }
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
  const mapped = /^VmSize:\s+(\d+) kB$/m.exec(read('/proc/self/status') ?? '')?.[1] ?? 0
  return Number(limit) - Number(mapped) * 1024
}
