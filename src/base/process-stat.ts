import { readFileSync } from 'node:fs'

export interface ProcessStat {
  /** 'Z': it has ended, and nobody has taken note of that. */
  readonly state: string
  /** Clock ticks from the boot to its start: with its id, what tells it from one that had that id before. */
  readonly started: number
  /** ms of processor time that it has used. */
  readonly processorTime: number
}

/** The kernel counts processor time in ticks of 10 ms: USER_HZ, which is 100 wherever Node runs on Linux (proc(5)). */
const tick = 10

/** What Linux says of a process; undefined where there is none of that id, or no such thing as /proc. */
export function processStat(pid: number | 'self'): ProcessStat | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // Its 2nd field is the name in brackets, and may have both blanks and brackets in it; the state is the 3rd, the time in
    // user and in kernel mode the 14th and 15th, the start the 22nd.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const processorTime = (Number(fields[11]) + Number(fields[12])) * tick
    return { state: fields[0] ?? '', started: Number(fields[19]), processorTime }
  } catch {
    return undefined
  }
}
