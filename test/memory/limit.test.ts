import { describe, expect, test } from 'vitest'
import { runScenario } from '../../bench/limit/run-scenario.ts'

// In processes of their own, whose memory is theirs alone. `npm run bench:limit` runs the same at full length.
const timeout = 90_000

describe('under a limit that they do not fit into together', { concurrent: true }, () => {
  test('twelve components called in a random order stay under it', { timeout }, async () => {
    const { calls, failures, peakUsage, unloads, outOfOrder } = await runScenario('twelve', {
      limit: 256,
      smallest: 15,
      largest: 45,
      seconds: 8,
      seed: 7,
      hogRate: 0,
    })
    expect(failures).toEqual([])
    expect(calls).toBeGreaterThan(0)
    expect(unloads).toBeGreaterThan(0)
    expect(peakUsage).toBeLessThanOrEqual(1)
    expect(outOfOrder).toBe(0)
  })

  test('one that allocates without end is stopped, and the others go on', { timeout }, async () => {
    const result = await runScenario('twelve', {
      limit: 384,
      smallest: 15,
      largest: 45,
      seconds: 8,
      seed: 11,
      hogRate: 150,
    })
    expect(result.failures).toEqual([])
    expect(result.hog).toBe('memory-limit')
    // What it takes while this process does not get the processor is nobody's fault here.
    const unnoticed = (150 * (result.stall + result.slowestAnswer)) / 1_000 / 384
    expect(result.peakUsage).toBeLessThan(1.1 + unnoticed)
  })

  test('two that fit only one at a time take turns slowly, and that is said', { timeout }, async () => {
    const { calls, failures, loads, thrashing, warnings, peakUsage } = await runScenario('takingTurns', {
      limit: 160,
      seconds: 8,
      timeout: 4_000,
    })
    expect(failures).toEqual([])
    expect(calls).toBeGreaterThan(2)
    // The first two loads evict nobody that was just reloaded; each after that waits for half of the time a load has.
    expect(loads).toBeLessThanOrEqual(3 + Math.ceil(8 / 2) + 1)
    expect(thrashing).toBe(true)
    expect(warnings).toBe(1)
    expect(peakUsage).toBeLessThanOrEqual(1)
  })

  test('components that are all in use at critical pressure stay, at next to no cost', { timeout }, async () => {
    const { level, unloads, crashes, exhausted, samples, cpu } = await runScenario('allBusy', {
      limit: 200,
      seconds: 4,
    })
    expect({ level, unloads, crashes, exhausted }).toEqual({ level: 'critical', unloads: 0, crashes: 0, exhausted: 1 })
    expect(samples).toBeLessThan(4 * 41)
    // 2% is what the benchmark shows; another process's load can be counted as this one's.
    expect(cpu).toBeLessThan(0.1)
  })

  test('a worker blocked in a native call is stale and counted, and delays nobody', { timeout }, async () => {
    const { stale, counted, oldest, staleAfterwards } = await runScenario('blocked', { time: 2_500 })
    expect({ stale, counted, staleAfterwards }).toEqual({ stale: true, counted: true, staleAfterwards: false })
    // Far less than the block; two intervals are shown by the benchmark, on a machine that has time.
    expect(oldest).toBeLessThan(1_000)
  })

  test('a resident set that does not fall after an unload has nothing else unloaded', { timeout }, async () => {
    const { unloaded, released, fell, further } = await runScenario('sticky', undefined)
    expect(unloaded).toEqual(['of 130 MiB'])
    expect(further).toBe(0)
    expect(fell).toBeLessThan(released)
  })

  test('growth into pages that an earlier generation left behind is noticed', { timeout }, async () => {
    const { end, held } = await runScenario('secondGeneration', { rate: 200 })
    expect(end).toBe('memory-limit')
    expect(held).toBeLessThan(1.6)
  })
})
