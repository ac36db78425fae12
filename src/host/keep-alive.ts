import { setInterval, clearInterval } from '../base/timers.ts'

/** What keeps this thread's event loop alive for coordinators: one timer each, while anything is under way. */
const held = { timers: 0, holds: 0 }

export function heldInThisThread(): { readonly timers: number; readonly holds: number } {
  return held
}

/** Keeps the event loop alive while something is under way; all ports and workers themselves are unref'ed. */
export class KeepAlive {
  readonly #timer = setInterval(() => {}, 2 ** 31 - 1).unref()
  #holds = 0
  #disposed = false

  /** One more reason to stay alive. */
  hold(): void {
    if (this.#disposed) return
    held.holds++
    if (this.#holds++ > 0) return
    held.timers++
    this.#timer.ref()
  }

  release(): void {
    if (this.#disposed) return
    held.holds--
    if (--this.#holds > 0) return
    held.timers--
    this.#timer.unref()
  }

  /** Holds until `work` is settled. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.hold()
    try {
      return await work
    } finally {
      this.release()
    }
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return
    this.#disposed = true
    held.holds -= this.#holds
    if (this.#holds > 0) held.timers--
    clearInterval(this.#timer)
  }
}
