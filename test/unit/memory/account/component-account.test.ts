import { describe, expect, test } from 'vitest'
import { ComponentAccount } from '../../../../src/memory/account/component-account.ts'
import { Learned } from '../../../../src/memory/account/learned.ts'
import { minResidency } from '../../../../src/memory/decide/residency.ts'
import type { WorkerMemory } from '../../../../src/host/worker-memory.ts'

const heap = (physical: number, external = 0): WorkerMemory => ({
  used: physical - 1,
  physical,
  external,
  malloced: 2,
  heap: physical + 1,
})
const nothing = { reported: 0, uncounted: 0 }

describe('an account', () => {
  test('has figures that add up, WebAssembly memories among the external ones', () => {
    const account = new ComponentAccount(new Learned(0))
    expect(account.memory).toBeNull()
    account.measured(heap(100, 20), { reported: 5, uncounted: 7 }, 10, 1_000)
    expect(account.memory).toEqual({
      used: 99,
      physical: 100,
      external: 27,
      malloced: 2,
      reported: 5,
      native: 0,
      total: 134,
      peak: 134,
      stale: false,
      sampledAt: 1_000,
    })
  })

  test('does not learn from a generation that passed its limit', () => {
    const account = new ComponentAccount(new Learned(0))
    account.measured(heap(98), nothing, 0, 0)
    account.ended(1, 'ended')
    account.measured(heap(9_998), nothing, 2, 0)
    expect(account.learnedPeak).toBe(10_000)
    account.ended(3, 'overgrown')
    expect(account.learnedPeak).toBe(100)
  })

  test('keeps its peak, and learns it over the last generations', () => {
    const account = new ComponentAccount(new Learned(0))
    expect(account.learnedPeak).toBeUndefined()
    for (const [generation, peak] of [500, 100, 110, 120, 130].entries()) {
      account.measured(heap(peak - 2), nothing, generation, 0)
      account.measured(heap(48), nothing, generation + 0.5, 0)
      expect(account.memory).toMatchObject({ total: 50, peak })
      account.ended(generation, 'ended')
      expect(account.memory).toBeNull()
    }
    // The odd one of five generations ago is forgotten.
    expect(account.learnedPeak).toBe(130)
    account.measured(heap(998), nothing, 10, 0)
    expect(account.learnedPeak).toBe(1_000)
  })

  test('of a worker that did not answer has its last figures, says so, and still hears what it reports', () => {
    const account = new ComponentAccount(new Learned(0))
    account.late(nothing)
    expect(account.memory).toBeNull()
    account.measured(heap(98), nothing, 1, 1_000)
    account.late({ reported: 50, uncounted: 0 })
    expect(account.memory).toMatchObject({
      physical: 98,
      reported: 50,
      total: 150,
      peak: 150,
      stale: true,
      sampledAt: 1_000,
    })
    account.measured(heap(90), nothing, 2, 2_000)
    expect(account.memory).toMatchObject({ total: 92, stale: false, sampledAt: 2_000 })
  })

  test('of a worker that did nothing has the same figures at a later time', () => {
    const account = new ComponentAccount(new Learned(0))
    account.unchanged(nothing, 0, 500)
    expect(account.memory).toBeNull()
    account.measured(heap(98), nothing, 1, 1_000)
    account.unchanged({ reported: 10, uncounted: 0 }, 2, 2_000)
    expect(account.memory).toMatchObject({ physical: 98, total: 110, sampledAt: 2_000 })
  })

  test('tells growth that lasts from one step, and forgets it with the generation', () => {
    const account = new ComponentAccount(new Learned(0))
    for (let i = 0; i < 4; i++) account.measured(heap(100), nothing, i * 25, 0)
    account.measured(heap(25_100), nothing, 100, 0)
    expect(account.peakGrowth).toBe(1_000)
    expect(account.sustainedGrowth).toBe(0)
    for (let i = 5; i < 8; i++) account.measured(heap(100 + 25_000 * (i - 3)), nothing, i * 25, 0)
    expect(account.sustainedGrowth).toBe(1_000)
    account.ended(200, 'ended')
    expect(account.peakGrowth).toBe(0)
  })

  test('takes neither a load for growth nor what was collected', () => {
    const account = new ComponentAccount(new Learned(0))
    const grow = (from: number): void => {
      for (let i = 0; i < 6; i++) account.measured(heap(100 + 25_000 * i), nothing, from + i * 25, 0)
    }
    grow(0)
    expect(account.sustainedGrowth).toBe(1_000)
    account.loaded(150, 0)
    expect(account.sustainedGrowth).toBe(0)
    expect(account.leastLately).toBeUndefined()
    grow(200)
    expect(account.leastLately).toEqual({ time: 200, bytes: 102 })
    account.collectionBegan()
    expect(account).toMatchObject({ isCollecting: true, collectedAt: undefined })
    account.collected()
    account.measured(heap(60), nothing, 400, 400)
    account.collectionOver()
    expect(account).toMatchObject({ isCollecting: false, collectedAt: 400, sustainedGrowth: 0 })
  })

  test('has to stay longer after it was unloaded too soon, by our own doing only', () => {
    const account = new ComponentAccount(new Learned(0))
    account.loaded(0, 0)
    account.ended(1_000, 'ended')
    account.loaded(2_000, 0)
    expect(minResidency(account.residency, 2_000)).toBe(0)
    account.ended(3_000, 'evicted')
    account.loaded(4_000, 0)
    expect(minResidency(account.residency, 4_000)).toBe(60_000)
  })

  test('learns the gaps from being idle to being called', () => {
    const account = new ComponentAccount(new Learned(0))
    expect(account.gaps.keepValue(0)).toBe(0)
    for (let time = 1_000; time <= 10_000; time += 1_000) {
      account.called(time)
      account.idle(time + 10)
    }
    // About to be called again, it is worth more than just after a call.
    expect(account.gaps.keepValue(900)).toBeGreaterThan(account.gaps.keepValue(10))
  })
})
