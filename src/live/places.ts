import { randomUUID } from 'node:crypto'
import { monotonicNow } from '../base/monotonic.ts'
import { clearTimeout, setTimeout } from '../base/timers.ts'

/** ms for which a sign of life holds. Guessed: nobody is asked all the time, and whoever wants in does not wait long for those who stalled just now. */
const fresh = 5_000
/** ms within which whoever is asked has to answer. Guessed: a busy browser does; the page and `spillway top` give up on a connection after 5 s of silence, so that who waits must be told before. */
const answerWithin = 3_000
/** Newcomers that may wait for a place at a time. Guessed: more than come by themselves. */
const mostWaiting = 64

/** Who has a place. */
export interface Holder {
  /** Is to answer, by `heard` with the place's id, whether anybody is still there. */
  ask(): void
  /** The place is given to somebody else. */
  leave(): void
}

/** One of the places; given back when it is disposed of. */
export interface Place extends Disposable {
  readonly id: string
  holder: Holder | undefined
}

export interface PlacesOptions {
  readonly most: number
  readonly fresh?: number
  readonly answerWithin?: number
}

type Waiting = (place: Place | undefined) => void

interface Taken {
  readonly place: Place
  /** Of its last sign of life. */
  heardAt: number
  asked: boolean
}

/**
 * Places for viewers. The kernel takes what is sent to a viewer that no longer reads for a long time, so that only asking tells: when all places are taken
 * and somebody wants in, those without a sign of life are asked, and as many as are needed go when they do not answer in time.
 */
export class Places implements Disposable {
  readonly #options: Required<PlacesOptions>
  /** By the id of the place. */
  readonly #taken = new Map<string, Taken>()
  readonly #waiting = new Set<Waiting>()
  #round: NodeJS.Timeout | undefined

  constructor(options: PlacesOptions) {
    this.#options = { fresh, answerWithin, ...options }
  }

  get most(): number {
    return this.#options.most
  }

  /** @returns a place, perhaps after those who have one were asked; undefined when there is none. @param gone aborted when it is not wanted any more. */
  async take(gone: AbortSignal): Promise<Place | undefined> {
    if (gone.aborted) return undefined
    if (this.#taken.size < this.#options.most) return this.#give()
    if (this.#waiting.size >= mostWaiting) return undefined
    if (!this.#round && !this.#ask()) return undefined
    return new Promise((resolve) => {
      const settle: Waiting = (place) => {
        this.#waiting.delete(settle)
        gone.removeEventListener('abort', leave)
        resolve(place)
      }
      const leave = (): void => settle(undefined)
      gone.addEventListener('abort', leave)
      this.#waiting.add(settle)
    })
  }

  /** A sign of life. @returns false when nobody has that place. */
  heard(id: string): boolean {
    const taken = this.#taken.get(id)
    if (!taken) return false
    taken.heardAt = monotonicNow()
    taken.asked = false
    // All have answered: whoever waits need not wait any longer.
    if (this.#round && !this.#all.some(({ asked }) => asked)) this.#endRound()
    return true
  }

  /** Nobody waits any longer. */
  [Symbol.dispose](): void {
    clearTimeout(this.#round)
    this.#round = undefined
    for (const settle of this.#waiting) settle(undefined)
  }

  get #all(): readonly Taken[] {
    return [...this.#taken.values()]
  }

  #give(): Place {
    const id = randomUUID()
    const place = { id, holder: undefined, [Symbol.dispose]: () => this.#giveBack(id) }
    this.#taken.set(id, { place, heardAt: monotonicNow(), asked: false })
    return place
  }

  #giveBack(id: string): void {
    if (!this.#taken.delete(id)) return
    const [first] = this.#waiting
    first?.(this.#give())
  }

  /** @returns false when there is nobody to ask. */
  #ask(): boolean {
    const since = monotonicNow() - this.#options.fresh
    const silent = this.#all.filter(({ heardAt }) => heardAt <= since)
    if (silent.length === 0) return false
    for (const taken of silent) {
      taken.asked = true
      taken.place.holder?.ask()
    }
    this.#round = setTimeout(() => this.#endRound(), this.#options.answerWithin)
    this.#round.unref()
    return true
  }

  #endRound(): void {
    clearTimeout(this.#round)
    this.#round = undefined
    const silent = this.#all.filter(({ asked }) => asked).toSorted((one, other) => one.heardAt - other.heardAt)
    for (const taken of silent) taken.asked = false
    for (const { place } of silent.slice(0, this.#waiting.size)) {
      place.holder?.leave()
      place[Symbol.dispose]()
    }
    for (const settle of this.#waiting) settle(undefined)
  }
}
