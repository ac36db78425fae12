import type { ChildProcess } from 'node:child_process'
import { subscribe } from 'node:diagnostics_channel'
import { processStat } from '../base/process-stat.ts'

/** A child process that a component has started. */
export interface StartedChild {
  readonly pid: number
  /** Its file and arguments, cut off. */
  readonly command: string
  /** As ProcessStat has it; undefined where that is not known. */
  readonly started: number | undefined
}

export type ChildNews = { readonly started: StartedChild } | { readonly ended: number }

/** What `spawn` of an instance is given: Node's own, and nowhere documented. */
interface SpawnOptions {
  readonly file: string
  readonly args?: readonly string[]
  readonly detached?: boolean
}
type WithSpawn = ChildProcess & { spawn?: (options: SpawnOptions) => unknown }

/** Characters of a command that are told. */
const longestCommand = 120

/**
 * Reports each child process that this thread starts, by whichever function, and its end. One that is `detached` is meant to outlive it, and is not
 * reported.
 */
export function watchChildProcesses(report: (news: ChildNews) => void): void {
  subscribe('child_process', (message) => {
    // Told of when it is made; it is started next, and has its id at once.
    const child = (message as { readonly process: WithSpawn }).process
    const { spawn } = child
    if (!spawn) return
    child.spawn = (options) => {
      delete child.spawn
      const result: unknown = Reflect.apply(spawn, child, [options])
      const { pid } = child
      if (pid === undefined || options.detached) return result
      const [, ...args] = options.args ?? []
      const command = [options.file, ...args].join(' ').slice(0, longestCommand)
      report({ started: { pid, command, started: processStat(pid)?.started } })
      child.once('exit', () => report({ ended: pid }))
      return result
    }
  })
}
