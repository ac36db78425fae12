import { readFileSync } from 'node:fs'

export interface ProcessStat {
  /** 'Z': it has ended, and nobody has taken note of that. */
  readonly state: string
  /** Clock ticks from the boot to its start: with its id, what tells it from one that had that id before. */
  readonly started: number
}

/** What Linux says of a process; undefined where there is none of that id, or no such thing as /proc. */
export function processStat(pid: number | 'self'): ProcessStat | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // Its 2nd field is the name in brackets, and may have both blanks and brackets in it; the state is the 3rd, the start the 22nd.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', started: Number(fields[19]) }
  } catch {
    return undefined
  }
}
