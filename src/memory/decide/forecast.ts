import { SMALL_COMPONENT } from '../tuning.ts'

/** What a load is taken to need, bytes. */
export interface Forecast {
  /** What it most likely needs: that much is reserved. */
  readonly expected: number
  /** What it needs at most as far as one can tell: to grow that far is no surprise. */
  readonly ceiling: number
  /** Nothing was ever measured of it, nor told: `expected` is the least that there is, `ceiling` a guess. */
  readonly isGuess: boolean
}

export interface SizeEvidence {
  /** Largest totals of its last generations. */
  readonly peaks: readonly number[]
  /** What its user says; 0: nothing. */
  readonly estimate: number
  /** The largest peak of all other components; 0: none is known. Asked for only where nothing else is known: it takes a look at all of them. */
  readonly largestOther: () => number
  /** The limit without the main thread: what a component can have at most. */
  readonly room: number
}

/**
 * The one forecast of a component's size. It expects the largest of the last peaks, before there are any the estimate. Beyond that it may go by
 * 1/(n+1) after n peaks, which is Laplace's rule for how likely something not seen in n trials is: by as much again while there is only an estimate, by half after one
 * load, by a fifth after four. Of what is unknown it guesses that it is like the largest of the others, seen once; where nothing is known of any, it may
 * take all there is. A peak that could never be had was not what it needs, or it would be kept out for good.
 */
export function forecastSize({ peaks, estimate, largestOther, room }: SizeEvidence): Forecast {
  const possible = peaks.filter((peak) => peak <= room)
  const known = possible.length > 0 ? Math.max(...possible) : estimate
  if (known > 0) return { expected: known, ceiling: beyond(known, possible.length), isGuess: false }
  const largest = largestOther()
  const guess = largest > 0 ? beyond(Math.max(SMALL_COMPONENT, largest), 1) : room
  return { expected: SMALL_COMPONENT, ceiling: Math.max(SMALL_COMPONENT, Math.min(guess, room)), isGuess: true }
}

const beyond = (bytes: number, times: number): number => Math.ceil(bytes * (1 + 1 / (times + 1)))
