import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { processStat } from '../base/process-stat.ts'

/** Which process a file or folder is of, as its name says. */
export interface FileOwner {
  readonly pid: number
  /** What process ids are valid in: one boot of one machine, and there one container. */
  readonly machine: string
  /** When the process started, for its id may be another's by now; `unknown` where that cannot be told. */
  readonly started: string
}

const unknown = '0'.repeat(8)

const self: FileOwner = { pid: process.pid, machine: machineId(), started: startOf('self') ?? unknown }

/** What ends the name of a file or folder of this process; no two are the same. */
export function ownedSuffix(): string {
  return `${self.pid}-${self.machine}-${self.started}-${randomBytes(7).toString('hex')}`
}

/** What `ownedSuffix` looks like. */
export const ownedPattern = '(?<pid>\\d{1,10})-(?<machine>[0-9a-f]{12})-(?<started>[0-9a-f]{8})-[0-9a-f]{14}'

/** The owner that a match of `ownedPattern` tells of. */
export function ownerOf({ groups }: RegExpMatchArray): FileOwner {
  return { pid: Number(groups?.['pid']), machine: groups?.['machine'] ?? '', started: groups?.['started'] ?? unknown }
}

/**
 * Whether that process is still there: 'unknown' when it is, or was, on another machine, in another container or before a reboot, or when its
 * id is in use and nobody can tell by whom.
 */
export function fateOf(owner: FileOwner): 'alive' | 'gone' | 'unknown' {
  if (owner.machine !== self.machine) return 'unknown'
  if (owner.pid === self.pid && owner.started === self.started) return 'alive'
  try {
    process.kill(owner.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return 'gone'
  }
  const started = startOf(owner.pid)
  if (started === undefined || owner.started === unknown) return 'unknown'
  return started === owner.started ? 'alive' : 'gone'
}

function startOf(pid: number | 'self'): string | undefined {
  const stat = processStat(pid)
  return stat && (stat.started % 2 ** 32).toString(16).padStart(8, '0')
}

function machineId(): string {
  const parts = [
    attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')) ?? hostname(),
    attempt(() => readlinkSync('/proc/self/ns/pid')),
    // Start times are counted differently in another.
    attempt(() => readlinkSync('/proc/self/ns/time')),
  ]
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 12)
}

function attempt(read: () => string): string | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
