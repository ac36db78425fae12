import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isCallTimeoutError, isComponentCrashedError } from '../../index.ts'

/** What became of a call: it was answered; it may have run, or not; it was not begun. */
export type Outcome = 'answered' | 'unknown' | 'not-begun'

/** By what it rejected with. */
export function outcomeOf(error: unknown): Outcome {
  if (isComponentCrashedError(error)) return error.outcome === 'unknown' ? 'unknown' : 'not-begun'
  return isCallTimeoutError(error) ? 'unknown' : 'not-begun'
}

/** Orders by the keys of their books, each with what became of the call that placed it. */
export type Placed = ReadonlyMap<string, ReadonlyMap<number, Outcome>>

/** What the disk says of what callers were told. */
export interface Verdict {
  readonly answered: number
  readonly unknown: number
  /** Of those, how many ran. */
  readonly unknownThatRan: number
  readonly notBegun: number
  /** Orders that were acknowledged and are not there. */
  readonly lost: number
  /** Orders that are there more than once. */
  readonly twice: number
  /** Orders that were said not to have begun, and are there. */
  readonly falselyNotBegun: number
  /** Orders that were taken under an older claim than one before them. */
  readonly stale: number
}

/** Compares what callers were told with what is on disk. @param folder a file for each book. */
export function verdictOf(placed: Placed, folder: string): Verdict {
  const files = new Set(readdirSync(folder))
  const verdict = {
    answered: 0,
    unknown: 0,
    unknownThatRan: 0,
    notBegun: 0,
    lost: 0,
    twice: 0,
    falselyNotBegun: 0,
    stale: 0,
  }
  for (const [key, orders] of placed) {
    const lines = files.has(key) ? readFileSync(join(folder, key), 'utf8').trimEnd().split('\n') : []
    const times = new Map<number, number>()
    let newest = 0
    for (const line of lines) {
      const [order = 0, token = 0] = line.split(' ').map(Number)
      times.set(order, (times.get(order) ?? 0) + 1)
      if (token < newest) verdict.stale++
      newest = Math.max(newest, token)
    }
    for (const [order, outcome] of orders) {
      const ran = times.get(order) ?? 0
      if (ran > 1) verdict.twice++
      switch (outcome) {
        case 'answered':
          verdict.answered++
          if (ran === 0) verdict.lost++
          break
        case 'unknown':
          verdict.unknown++
          if (ran > 0) verdict.unknownThatRan++
          break
        case 'not-begun':
          verdict.notBegun++
          if (ran > 0) verdict.falselyNotBegun++
      }
    }
  }
  return verdict
}
