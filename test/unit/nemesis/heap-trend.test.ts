import { describe, expect, it } from 'vitest'
import { HeapTrend } from '../../nemesis/heap-trend.ts'
import { Random } from '../../nemesis/random.ts'

const mib = 2 ** 20

/** What is said of so many rounds after which the heap is as large as `heapOf` says, give or take garbage. */
function told(rounds: number, heapOf: (round: number) => number): string[] {
  const random = new Random(7)
  const trend = new HeapTrend()
  const heaps = Array.from({ length: rounds }, (_, round) => heapOf(round) + random.int(0, 3 * mib))
  return heaps.flatMap((heap) => trend.add(heap) ?? [])
}

describe('the trend of the heap', () => {
  it('is seen in a campaign of half an hour: 20 kB a round', () => {
    expect(told(250, (round) => 14 * mib + round * 20_000).join()).toMatch(/grew by .* MiB/)
  })

  it('is seen in a campaign of two minutes: 500 kB a round', () => {
    expect(told(15, (round) => 14 * mib + round * 500_000)).toHaveLength(1)
  })

  it('is none where code is compiled and garbage comes and goes', () => {
    expect(told(1_000, (round) => 14 * mib + (3 * mib * Math.min(round, 25)) / 25)).toEqual([])
  })
})
