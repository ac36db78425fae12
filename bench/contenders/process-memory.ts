import { readFile } from 'node:fs/promises'

/** Bytes of a process that are its own: RssAnon and RssShmem. 0 when it is gone. */
export async function ownMemory(pid: number): Promise<number> {
  // The memory is gone as soon as the process is a zombie: it has no such lines then.
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return bytesOf(status, 'RssAnon') + bytesOf(status, 'RssShmem')
}

/** Bytes of a process with its share of what it has in common with others. */
export async function proportionalMemory(pid: number): Promise<number> {
  return bytesOf(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8'), 'Pss')
}

/** CPU time of a process and its threads, µs; counted in steps of 10 ms. */
export async function cpuTime(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // From the third field on: the second is the program's name, in brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

function bytesOf(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024
}
