import { monotonicNow } from '../base/monotonic.ts'
import { clearTimeout, setTimeout } from '../base/timers.ts'
import type { PressureReason } from '../contract/pressure-reason.ts'
import { isAtLeast } from '../memory/decide/pressure.ts'
import type { HandoverOutcome } from './handover.ts'

/** A key that could go. */
export interface Movable {
  readonly name: string
  readonly inUse: boolean
  /** bytes. */
  readonly memory: number
  /** @param why a sentence, for people. */
  readonly move: (why: string) => Promise<HandoverOutcome>
}

export interface ReliefOptions {
  readonly host: string
  /** As it is known now. */
  readonly reason: () => PressureReason
  /** Measures anew. */
  readonly measure: () => Promise<unknown>
  readonly movable: () => readonly Movable[]
}

/** ms after which it is tried again while pressure stays high. Guessed: hosts may have come, or calls ended, by then. */
const again = 2_000
/** ms after which a key that could not go is tried again: its callers wait for each try. Guessed: as long as an unload that failed is not tried again. */
const tryAgain = 60_000

/** Under high pressure a host gives keys away, one after the other, those that nobody uses and that hold most first, until it is about to be over. */
export class Relief implements Disposable {
  readonly #options: ReliefOptions
  #isUnderWay = false
  #again: NodeJS.Timeout | undefined
  #over = false
  /** Those that stayed, and since when. */
  readonly #stayed = new Map<string, number>()

  constructor(options: ReliefOptions) {
    this.#options = options
  }

  /** Pressure has changed, or may have. */
  look(): void {
    if (this.#isUnderWay || !this.#isPressing) return
    clearTimeout(this.#again)
    this.#isUnderWay = true
    void this.#relieve().finally(() => {
      this.#isUnderWay = false
      if (this.#isPressing) this.#again = setTimeout(() => this.look(), again).unref()
    })
  }

  [Symbol.dispose](): void {
    this.#over = true
    clearTimeout(this.#again)
  }

  get #isPressing(): boolean {
    const { level, by, until } = this.#options.reason()
    // Below the threshold, and only a matter of time.
    const isClearing = by === 'held' && until !== null
    return !this.#over && isAtLeast(level, 'high') && !isClearing
  }

  async #relieve(): Promise<void> {
    const { host, movable, measure, reason } = this.#options
    const now = monotonicNow()
    for (const [name, since] of this.#stayed) if (now - since > tryAgain) this.#stayed.delete(name)
    const order = movable()
      .filter(({ name }) => !this.#stayed.has(name))
      .toSorted((a, b) => Number(a.inUse) - Number(b.inUse) || b.memory - a.memory)
    for (const { name, move } of order) {
      if (!this.#isPressing) return
      if ((await move(`pressure of host "${host}" is ${reason().level}: ${reason().words}`)) === 'stayed') {
        this.#stayed.set(name, now)
      }
      await measure()
    }
  }
}
