import { afterPatience } from '../base/deadline.ts'
import { monotonicNow } from '../base/monotonic.ts'

/**
 * Folders that are worked in at a time. What hangs holds one of libuv's threads until it no longer does, and neither abort nor deadline gives
 * that thread back: half of the 4 there are by default stay for the rest of the process.
 */
const maxUnderWay = 2
/**
 * ms that work has to end once it was told that nobody waits for it. Guessed: no single operation takes as long on a disk that answers, however little
 * time its caller had left.
 */
const toEnd = 1_000

/** A folder that is worked in: 'silent' once the work there was told to end, and has not for long. */
interface UnderWay {
  readonly status: 'working' | 'silent'
  /** ms of the monotonic clock when it began. */
  readonly since: number
}

interface Turn {
  readonly folder: string
  begin(): Promise<void>
  refuse(error: Error): void
}

/** Lets work on files happen one at a time in each folder, each with a deadline; a folder that does not answer is left alone until it does. */
export class DiskTurns {
  readonly #underWay = new Map<string, UnderWay>()
  readonly #waiting = new Set<Turn>()

  /**
   * @param timeout ms, for its turn to come and for the work.
   * @param work is told by its signal when nobody waits for it any more: it then leaves nothing behind.
   * @throws what `work` throws; Error when it was not done in time, or its folder, or too many others, do not answer: how little time somebody had
   * is no sign of that.
   */
  async run<T>(folder: string, timeout: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const refusal = this.#refusal(folder)
    if (refusal) throw refusal
    const outcome = Promise.withResolvers<T>()
    const givenUp = new AbortController()
    let begun = 0
    let stopWatching = (): void => {}
    const turn: Turn = {
      folder,
      begin: async () => {
        begun = monotonicNow()
        await work(givenUp.signal).then(outcome.resolve, outcome.reject)
        stopWatching()
      },
      refuse: outcome.reject,
    }
    const cancel = afterPatience(timeout, () => {
      if (this.#waiting.delete(turn)) {
        outcome.reject(new Error(`its turn to use ${folder} did not come within ${seconds(timeout)}`))
        return
      }
      outcome.reject(new Error(`${folder} has not answered for ${seconds(monotonicNow() - begun)}`))
      givenUp.abort()
      stopWatching = afterPatience(toEnd, () => this.#fallSilent(folder))
    })
    this.#waiting.add(turn)
    this.#next()
    try {
      return await outcome.promise
    } finally {
      cancel()
    }
  }

  #next(): void {
    for (const turn of this.#waiting) {
      if (this.#underWay.size >= maxUnderWay) return
      if (this.#underWay.has(turn.folder)) continue
      this.#waiting.delete(turn)
      this.#underWay.set(turn.folder, { status: 'working', since: monotonicNow() })
      void turn.begin().finally(() => {
        this.#underWay.delete(turn.folder)
        this.#next()
      })
    }
  }

  #fallSilent(folder: string): void {
    const since = this.#underWay.get(folder)?.since ?? monotonicNow()
    this.#underWay.set(folder, { status: 'silent', since })
    for (const turn of this.#waiting) {
      const refusal = this.#refusal(turn.folder)
      if (refusal && this.#waiting.delete(turn)) turn.refuse(refusal)
    }
  }

  /** Why nothing is begun in that folder now, if so. */
  #refusal(folder: string): Error | undefined {
    const silent = [...this.#underWay].filter(([, { status }]) => status === 'silent')
    const blocking = silent.length >= maxUnderWay ? silent : silent.filter(([path]) => path === folder)
    if (blocking.length === 0) return undefined
    const whatIs = blocking.map(
      ([path, { since }]) => `${path} has not answered for ${seconds(monotonicNow() - since)}`,
    )
    return new Error(`the disk does not answer: ${whatIs.join(', ')}`)
  }
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
