import { getEventListeners } from 'node:events'
import { readAbortReason } from './abort-reason.ts'
import type { ServedCall } from './call-context.ts'

interface GivenSignal {
  readonly number: number
  /** How often it has arrived. */
  times: number
  /** Calls under way that have it. */
  calls: number
  readonly weak: WeakRef<AbortSignal>
  /** Held while a call has it, or somebody listens to it. */
  held: AbortSignal | undefined
}

/** Signals from which on those that nobody listens to any more are looked for: then, and each time that they have doubled. Guessed. */
const firstSweep = 64

/**
 * The AbortSignals that one caller has given to what is served here. While a call that has one is under way, and for as long as somebody listens to it,
 * it lives, and else until nobody has it any more; then its caller is told to listen no longer.
 */
export class GivenSignals {
  readonly #signals = new Map<number, GivenSignal>()
  /** A signal does not hold who can abort it. */
  readonly #controllers = new WeakMap<AbortSignal, AbortController>()
  /** Aborted, and may be among the arguments of calls that have arrived and were not begun. */
  readonly #tooEarly = new Map<number, unknown>()
  readonly #unneeded: (number: number, times: number) => void
  readonly #collected = new FinalizationRegistry<GivenSignal>((given) => {
    if (this.#signals.get(given.number) !== given) return
    this.#signals.delete(given.number)
    this.#unneeded(given.number, given.times)
  })
  #sweepAt = firstSweep

  constructor(unneeded: (number: number, times: number) => void) {
    this.#unneeded = unneeded
  }

  /**
   * The signal that came in that form, for a call.
   *
   * @throws TypeError when it has another form.
   */
  take(form: unknown, call: ServedCall): AbortSignal {
    if (!Array.isArray(form) || !Number.isSafeInteger(form[0])) throw new TypeError('That is no form of a signal')
    if (form.length > 1) return AbortSignal.abort(readAbortReason(form[1]))
    const number = form[0] as number
    if (this.#tooEarly.has(number)) return AbortSignal.abort(this.#tooEarly.get(number))
    const known = this.#signals.get(number)
    const alive = known?.weak.deref()
    const given = known && alive ? known : this.#make(number, known?.times ?? 0)
    const signal = given.weak.deref() as AbortSignal
    given.times++
    given.calls++
    given.held = signal
    call.onEnd(() => {
      given.calls--
      letGo(given)
    })
    return signal
  }

  /** @param mayCome calls have arrived that may have it, and were not begun. */
  aborted(number: number, reason: unknown, mayCome = false): void {
    if (mayCome) this.#tooEarly.set(number, reason)
    const signal = this.#signals.get(number)?.weak.deref()
    this.#signals.delete(number)
    if (signal) this.#controllers.get(signal)?.abort(reason)
  }

  /** All calls that have arrived are begun. */
  allBegun(): void {
    this.#tooEarly.clear()
  }

  /** Nobody can abort it any more. */
  forgotten(number: number): void {
    this.#signals.delete(number)
  }

  /** The caller is gone. */
  close(reason: unknown): void {
    for (const number of this.#signals.keys()) this.aborted(number, reason)
  }

  #make(number: number, times: number): GivenSignal {
    if (this.#signals.size >= this.#sweepAt) {
      for (const each of this.#signals.values()) letGo(each)
      this.#sweepAt = Math.max(firstSweep, 2 * this.#signals.size)
    }
    const controller = new AbortController()
    const { signal } = controller
    const given: GivenSignal = { number, times, calls: 0, weak: new WeakRef(signal), held: signal }
    this.#controllers.set(signal, controller)
    this.#signals.set(number, given)
    this.#collected.register(signal, given)
    return given
  }
}

function letGo(given: GivenSignal): void {
  const { held } = given
  if (held && given.calls === 0 && getEventListeners(held, 'abort').length === 0) given.held = undefined
}
