import { levelValues } from '../host/forwarded-logger.ts'
import type { LogTap, TappedLine } from '../observability/log-tap.ts'
import { logLine } from './log-line.ts'
import type { LogLine } from './log-line.ts'

/** Lines kept. Guessed: what a terminal scrolls back. */
const capacity = 1_000

type Listener = (line: LogLine) => void

/** The last lines of the log, and whoever reads along: those that the program writes, and Spillway's own from info on whether it writes them or not. */
export class LogRing implements Disposable {
  readonly #tap: LogTap
  readonly #lines: LogLine[] = []
  readonly #listeners = new Set<Listener>()
  #lastId = 0

  /** @param early lines that were tapped before. */
  constructor(tap: LogTap, early: readonly TappedLine[]) {
    this.#tap = tap
    for (const line of early) this.#add(line)
    tap.listener = (line) => this.#add(line)
  }

  /** Oldest first. */
  get lines(): readonly LogLine[] {
    return this.#lines
  }

  /** Tells `listener` of each line until the result is disposed of. */
  follow(listener: Listener): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  [Symbol.dispose](): void {
    this.#tap.listener = undefined
    this.#listeners.clear()
    this.#lines.length = 0
  }

  #add(tapped: TappedLine): void {
    if (valueOf(tapped.level) < Math.min(valueOf(tapped.logger.level), valueOf('info'))) return
    let line: LogLine
    try {
      line = logLine(tapped, ++this.#lastId, Date.now())
    } catch {
      // A serializer or a getter that throws: the program's logger has said so already.
      return
    }
    this.#lines.push(line)
    if (this.#lines.length > capacity) this.#lines.shift()
    for (const listener of this.#listeners) listener(line)
  }
}

/** By which levels are compared; what nobody knows is written like info. */
export const valueOf = (level: string): number => levelValues[level] ?? 30
