import { monotonicNow } from '../base/monotonic.ts'

/** ms that the answer to a wrong token is held back, from the one after those that are `free` on: doubled up to `most`. Guessed: who mistypes does not notice, who tries a list has no use for it. */
const delays = { free: 2, first: 125, most: 4_000 }
/** Wrong tokens of all addresses together that hold nobody back yet. Guessed: what many people mistype. */
const freeInSum = 20
/** Answers held back at a time; what comes beyond is refused at once. Guessed: each costs a socket and little else. */
const mostHeld = { ofOne: 8, inSum: 64 }
/** Wrong tokens beside these that are looked at where tokens may be short: so many at once, and a second. Guessed: words of a list take long, a burst of somebody else's does not lock out. */
const looks = { burst: 100, perSecond: 20 }
/** ms without a wrong token after which an address counts as new. Guessed. */
const forgetAfter = 600_000
/** Addresses that are remembered; the one that was silent for longest is forgotten for the next. What changes its address with each guess meets the sum. Guessed. */
const mostAddresses = 1_000

interface Guesses {
  count: number
  /** Of the last one. */
  at: number
}

/** What becomes of the answer to a wrong token: it is held back for some ms, or refused at once. */
export type Braked = { readonly kind: 'held'; readonly delay: number } | { readonly kind: 'refused' }

export interface GuessBrakeOptions {
  /** Nobody guesses the token, however often: it is always looked at, so that nobody's guesses lock out who has it. */
  readonly long: boolean
  readonly now?: () => number
}

/**
 * Slows down who guesses tokens: by address, and all together, since behind a proxy all have one. An answer that is held back takes its place for its whole
 * time, whether or not anybody still waits for it: to hang up and ask again gains nothing. Whoever has the right token is answered at once.
 */
export class GuessBrake {
  readonly #long: boolean
  readonly #now: () => number
  /** Those that guessed last at the end. */
  readonly #guesses = new Map<string, Guesses>()
  readonly #sum: Guesses = { count: 0, at: 0 }
  #held: { readonly address: string; readonly until: number }[] = []
  #looks = { left: looks.burst, at: 0 }

  constructor({ long, now = monotonicNow }: GuessBrakeOptions) {
    this.#long = long
    this.#now = now
    this.#looks.at = now()
  }

  /** Addresses that are remembered. */
  get addresses(): number {
    return this.#guesses.size
  }

  /** Seconds after which somebody who was refused may ask again. */
  get retryAfter(): number {
    return Math.ceil(delays.most / 1_000)
  }

  /** Whether a token may be looked at now. */
  get open(): boolean {
    return this.#long || this.#looksLeft() >= 1
  }

  /** A wrong token came from there. */
  wrong(address: string): Braked {
    const now = this.#now()
    const own = this.#guesses.get(address) ?? { count: 0, at: now }
    this.#guesses.delete(address)
    this.#guesses.set(address, own)
    for (const [oldest, { at }] of this.#guesses) {
      if (this.#guesses.size <= mostAddresses && now - at < forgetAfter) break
      if (oldest !== address) this.#guesses.delete(oldest)
    }
    for (const each of [own, this.#sum]) {
      each.count = now - each.at < forgetAfter ? each.count + 1 : 1
      each.at = now
    }
    const delay = Math.max(delayOf(own.count - delays.free), delayOf(this.#sum.count - freeInSum))
    this.#held = this.#held.filter(({ until }) => until > now)
    const ofOne = this.#held.filter((each) => each.address === address).length
    if (ofOne >= mostHeld.ofOne || this.#held.length >= mostHeld.inSum) {
      if (!this.#long) this.#looks = { left: this.#looksLeft() - 1, at: now }
      return { kind: 'refused' }
    }
    if (delay > 0) this.#held.push({ address, until: now + delay })
    return { kind: 'held', delay }
  }

  /** The right token came from there: what was mistyped before is forgotten. */
  right(address: string): void {
    this.#guesses.delete(address)
  }

  #looksLeft(): number {
    const { left, at } = this.#looks
    return Math.min(looks.burst, left + ((this.#now() - at) / 1_000) * looks.perSecond)
  }
}

function delayOf(counted: number): number {
  return counted < 1 ? 0 : Math.min(delays.most, delays.first * 2 ** (counted - 1))
}
