import { processStat } from '../base/process-stat.ts'
import { until } from '../base/until.ts'
import type { ChildNews, StartedChild } from './child-watch.ts'

/** ms that a child process has between SIGTERM and SIGKILL. Guessed: an unload waits for that. */
const grace = 1_000
/** ms that the end of one that was killed, and that its thread takes note of it, are waited for. Guessed: that takes some ms. */
const soon = 250

/** The child processes that one generation of a component has started, and that are not known to be over. */
export class ChildProcesses {
  readonly #running = new Map<number, StartedChild>()
  readonly #isWorkerAlive: () => boolean
  #ending: Promise<readonly StartedChild[]> | undefined

  constructor(isWorkerAlive: () => boolean) {
    this.#isWorkerAlive = isWorkerAlive
  }

  heard(news: ChildNews): void {
    if ('started' in news) this.#running.set(news.started.pid, news.started)
    else this.#running.delete(news.ended)
  }

  /**
   * Ends those that still run: SIGTERM, and SIGKILL for those that are still there after a second. As long as their worker lives it takes note of
   * their end; else they stay defunct until this process ends.
   *
   * @param told is given those that were still running.
   */
  async end(told: (left: readonly StartedChild[]) => void): Promise<readonly StartedChild[]> {
    this.#ending ??= this.#end(told)
    try {
      return await this.#ending
    } finally {
      this.#ending = undefined
    }
  }

  async #end(told: (left: readonly StartedChild[]) => void): Promise<readonly StartedChild[]> {
    const left = this.#left
    if (left.length === 0) return left
    told(left)
    for (const { pid } of left) signal(pid, 'SIGTERM')
    await this.#gone(grace)
    for (const { pid } of this.#left) signal(pid, 'SIGKILL')
    await this.#gone(soon)
    await until(() => this.#running.size === 0 || !this.#isWorkerAlive(), soon)
    return left
  }

  async #gone(deadline: number): Promise<void> {
    await until(() => this.#left.length === 0, deadline)
  }

  get #left(): StartedChild[] {
    return [...this.#running.values()].filter(isRunning)
  }
}

/** False as well for another process that has its id by now. */
function isRunning({ pid, started }: StartedChild): boolean {
  if (started !== undefined) {
    const stat = processStat(pid)
    return stat?.started === started && stat.state !== 'Z'
  }
  // Nobody but its worker's thread takes note of its end, and with that thread gone nobody does: its id is no other's.
  return signal(pid, 0)
}

/** @returns false when there is none of that id, or it is not ours. */
function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}
