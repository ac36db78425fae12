import { describe, expect, test } from 'vitest'
import { runScenario } from '../../bench/limit/run-scenario.ts'

// In processes of their own, whose memory is theirs alone, one after the other: they measure how soon something is done. `npm run bench:limit` runs the same at full length.
const timeout = 120_000
const run = { deadline: 60_000 }

describe('under a limit that they do not fit into together', () => {
  test(
    'twelve called in a random order stay under it; one that allocates without end is stopped, and they go on',
    { timeout },
    async () => {
      const options = { limit: 384, smallest: 15, largest: 45, seconds: 5, leastUnloads: 3, seed: 11, hogRate: 150 }
      const result = await runScenario('twelve', options, run)
      const { failures, hog, peakBefore, peakUsage, stall, slowestAnswer } = result
      expect(failures).toEqual([])
      expect(result.unloads).toBeGreaterThanOrEqual(options.leastUnloads)
      expect(result.outOfOrder).toBe(0)
      expect(peakBefore).toBeLessThanOrEqual(1)
      expect(hog).toBe('memory-limit')
      // What it takes while this process is given no processor, or it does not answer itself, is no fault of the manager's.
      const unseen = (options.hogRate * (stall + slowestAnswer)) / 1_000 / options.limit
      expect(peakUsage).toBeLessThan(1.1 + unseen)
    },
  )

  test('two that fit only one at a time take turns slowly, and that is said', { timeout }, async () => {
    const options = { limit: 160, seconds: 1, timeout: 16_000 }
    const { failures, loads, thrashing, warnings, time, peakUsage } = await runScenario('takingTurns', options, run)
    expect(failures).toEqual([])
    // Four until both were reloaded too soon; from then on each waits for half of the time it has.
    expect(loads).toBeLessThanOrEqual(4 + Math.ceil(time / 8_000))
    expect(thrashing).toBe(true)
    expect(warnings).toBe(1)
    expect(peakUsage).toBeLessThanOrEqual(1)
  })

  test('components that are all in use at critical pressure stay, at next to no cost', { timeout }, async () => {
    const result = await runScenario('allBusy', { limit: 200, seconds: 2 }, run)
    expect(result).toMatchObject({ level: 'critical', unloads: 0, crashes: 0, exhausted: 1 })
    expect(result.samples).toBeLessThan(2 * 41)
    // The benchmark shows less than 2%; on a machine that is busy otherwise the same work takes more time.
    expect(result.cpu).toBeLessThan(0.1)
  })

  test('a worker blocked in a native call is stale and counted, and delays nobody', { timeout }, async () => {
    const { stale, counted, oldest, stall, staleAfterwards } = await runScenario('blocked', { time: 2_500 }, run)
    expect({ stale, counted, staleAfterwards }).toEqual({ stale: true, counted: true, staleAfterwards: false })
    // The benchmark shows two intervals; here, that nobody waited for the blocked one.
    expect(oldest - stall).toBeLessThan(1_000)
  })

  test('a resident set that does not fall after an unload has nothing else unloaded', { timeout }, async () => {
    const { unloaded, further } = await runScenario('sticky', undefined, run)
    expect(unloaded.length).toBeGreaterThan(0)
    // The largest goes first, and is enough; others go instead where it does not answer in time, as on a busy machine.
    const largest = unloaded.indexOf('of 130 MiB')
    expect(largest >= 0 ? unloaded.slice(largest + 1) : []).toEqual([])
    expect(further).toBe(0)
  })

  test('growth into pages that an earlier generation left behind is noticed', { timeout }, async () => {
    const { end, held } = await runScenario('secondGeneration', { rate: 200 }, run)
    expect(end).toBe('memory-limit')
    expect(held).toBeLessThan(1.6)
  })
})
