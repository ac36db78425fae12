import { describe, expect, test } from 'vitest'
import { isAllWanted } from '../../support/all-wanted.ts'
import { complaintsOf } from './life.ts'
import type { LifeOptions } from './life.ts'
import { rules } from './rules.ts'

const lives = isAllWanted ? 10_000 : 500
/** In so many each rule is missed; most are in the first few. */
const livesWithout = 3_000
const worlds: LifeOptions[] = [true, false].flatMap((isCluster) => [
  { isCluster, weather: 'calm' as const },
  { isCluster, weather: 'wild' as const },
])

/** The first seed whose life had something wrong, and what that was. */
function firstWrong(options: LifeOptions, most: number): { seed: number; complaints: string[] } | undefined {
  for (let seed = 1; seed <= most; seed++) {
    const complaints = complaintsOf(seed, options)
    if (complaints.length > 0) return { seed, complaints: complaints.slice(0, 3) }
  }
  return undefined
}

describe('whatever happens, a key has one owner at a time, and has one again in time', () => {
  test.for(worlds)('%o', { timeout: 300_000 }, (options) => {
    expect(firstWrong(options, lives)).toBeUndefined()
  })
})

describe('the simulation notices when a rule is not kept', () => {
  test.for(rules)('%s', (without) => {
    expect(firstWrong({ isCluster: true, weather: 'wild', without }, livesWithout)).toBeDefined()
  })
})
