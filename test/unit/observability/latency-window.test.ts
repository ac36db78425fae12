import { describe, expect, it } from 'vitest'
import { LatencyWindow } from '../../../src/observability/latency-window.ts'

describe('LatencyWindow', () => {
  it('knows nothing before the first call', () => {
    expect(new LatencyWindow(0).quantiles([0.5, 0.99], 1)).toEqual([null, null])
  })

  it('gives quantiles to within a tenth', () => {
    const window = new LatencyWindow(0)
    for (let ms = 1; ms <= 1_000; ms++) window.record(ms, 10)
    const [p50 = 0, p99 = 0] = window.quantiles([0.5, 0.99], 10)
    expect(Math.abs((p50 ?? 0) - 500) / 500).toBeLessThan(0.1)
    expect(Math.abs((p99 ?? 0) - 990) / 990).toBeLessThan(0.1)
  })

  it('takes what is beyond its scale as its ends', () => {
    const window = new LatencyWindow(0)
    window.record(0, 1)
    const [shortest = 0] = window.quantiles([0.5], 1)
    expect(shortest).toBeLessThan(0.02)
    for (let i = 0; i < 10; i++) window.record(1e9, 1)
    const [longest = 0] = window.quantiles([0.5], 1)
    expect(longest).toBeGreaterThan(60_000)
  })

  it('forgets after its span', () => {
    const window = new LatencyWindow(0, 60_000)
    window.record(100, 0)
    for (let at = 20_000; at < 50_000; at += 10_000) window.record(1, at)
    expect(window.quantiles([1], 44_000)[0]).toBeGreaterThan(50)
    expect(window.quantiles([1], 61_000)[0]).toBeLessThan(2)
    expect(window.quantiles([1], 1_000_000)[0]).toBeNull()
  })
})
