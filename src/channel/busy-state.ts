import { setImmediate } from '../base/timers.ts'

/** Whether a caller has anything under way or waiting, told when it begins and once it has been over for a turn of the event loop. */
export class BusyState {
  readonly #inUse: () => boolean
  readonly #onBusy: ((busy: boolean) => void) | undefined
  #busy = false
  #check: NodeJS.Immediate | undefined

  constructor(inUse: () => boolean, onBusy: ((busy: boolean) => void) | undefined) {
    this.#inUse = inUse
    this.#onBusy = onBusy
  }

  begin(): void {
    if (this.#busy) return
    this.#busy = true
    this.#onBusy?.(true)
  }

  /** Nothing is left. Whoever calls one after the other makes the next call right after the answer: that is no pause worth telling of. */
  pause(): void {
    if (this.#busy && !this.#check) this.#check = setImmediate(this.#afterPause)
  }

  #afterPause = (): void => {
    this.#check = undefined
    if (this.#inUse()) return
    this.#busy = false
    this.#onBusy?.(false)
  }
}
