import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { SamplingLoop } from '../../../../src/memory/measure/sampling-loop.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'hrtime'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A loop with `interval` and `watch` in ms, as they are at the time. */
function open(given: { interval: number; watch: number; rests?: boolean }) {
  const needs = { rests: false, ...given, looks: 0, ticks: 0, tickTime: 0 }
  const loop = new SamplingLoop({
    interval: () => needs.interval,
    watch: () => needs.watch,
    look: () => {
      needs.looks++
      return !needs.rests
    },
    tick: async () => {
      needs.ticks++
      if (needs.tickTime > 0) await new Promise((resolve) => setTimeout(resolve, needs.tickTime))
    },
  })
  return { loop, needs }
}

describe('the sampling loop', () => {
  test('samples at the interval, and looks in between', async () => {
    const { loop, needs } = open({ interval: 1_000, watch: 100 })
    await vi.advanceTimersByTimeAsync(999)
    expect(needs).toMatchObject({ looks: 9, ticks: 0 })
    await vi.advanceTimersByTimeAsync(1)
    expect(needs).toMatchObject({ looks: 10, ticks: 1 })
    await vi.advanceTimersByTimeAsync(9_000)
    expect(needs.ticks).toBe(10)
    loop.stop()
  })

  test('samples at the very look that shows a shorter interval', async () => {
    const { loop, needs } = open({ interval: 60_000, watch: 25 })
    await vi.advanceTimersByTimeAsync(500)
    expect(needs.ticks).toBe(0)
    needs.interval = 25
    await vi.advanceTimersByTimeAsync(25)
    expect(needs.ticks).toBe(1)
    await vi.advanceTimersByTimeAsync(250)
    expect(needs.ticks).toBe(11)
    loop.stop()
  })

  test('looks soon after its start, and then not while nothing can change by itself', async () => {
    const { loop, needs } = open({ interval: 60_000, watch: Number.POSITIVE_INFINITY })
    await vi.advanceTimersByTimeAsync(100)
    expect(needs.looks).toBe(1)
    await vi.advanceTimersByTimeAsync(59_899)
    expect(needs.looks).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(needs.ticks).toBe(1)
    loop.stop()
  })

  test('goes by what it knew while all rest', async () => {
    const { loop, needs } = open({ interval: 1_000, watch: 100 })
    await vi.advanceTimersByTimeAsync(1_000)
    Object.assign(needs, { rests: true, interval: 60_000, watch: 25 })
    await vi.advanceTimersByTimeAsync(999)
    expect(needs).toMatchObject({ looks: 19, ticks: 1 })
    await vi.advanceTimersByTimeAsync(1)
    expect(needs.ticks).toBe(2)
    needs.interval = 1_000
    await vi.advanceTimersByTimeAsync(25)
    expect(needs.looks).toBe(21)
    needs.rests = false
    await vi.advanceTimersByTimeAsync(25)
    await vi.advanceTimersByTimeAsync(950)
    expect(needs.ticks).toBe(3)
    loop.stop()
  })

  test('goes by what is true now once it was poked, whether all rest or not', async () => {
    const { loop, needs } = open({ interval: 60_000, watch: 250 })
    await vi.advanceTimersByTimeAsync(1_000)
    Object.assign(needs, { rests: true, interval: 2_000, watch: 25 })
    loop.poke(25)
    await vi.advanceTimersByTimeAsync(25)
    const { looks } = needs
    await vi.advanceTimersByTimeAsync(100)
    expect(needs.looks).toBe(looks + 4)
    await vi.advanceTimersByTimeAsync(875)
    expect(needs.ticks).toBe(1)
    loop.stop()
  })

  test('looks within the time that it is poked with', async () => {
    const { loop, needs } = open({ interval: 60_000, watch: Number.POSITIVE_INFINITY })
    await vi.advanceTimersByTimeAsync(1_000)
    needs.watch = 25
    loop.poke(50)
    loop.poke(25)
    loop.poke(50)
    await vi.advanceTimersByTimeAsync(25)
    expect(needs.looks).toBe(2)
    loop.stop()
  })

  test('samples at once on request, and once more after a sample that was under way', async () => {
    const { loop, needs } = open({ interval: 60_000, watch: Number.POSITIVE_INFINITY })
    needs.tickTime = 10
    loop.request()
    expect(needs.ticks).toBe(1)
    for (let i = 0; i < 5; i++) loop.request()
    await vi.advanceTimersByTimeAsync(10)
    expect(needs.ticks).toBe(2)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(needs.ticks).toBe(2)
    loop.stop()
  })

  test('counts the interval from a sample that somebody else took', async () => {
    const { loop, needs } = open({ interval: 1_000, watch: 100 })
    await vi.advanceTimersByTimeAsync(900)
    loop.noteSample()
    await vi.advanceTimersByTimeAsync(900)
    expect(needs.ticks).toBe(0)
    await vi.advanceTimersByTimeAsync(100)
    expect(needs.ticks).toBe(1)
    loop.stop()
  })

  test('does nothing more once stopped, also not after a sample that was under way', async () => {
    const { loop, needs } = open({ interval: 100, watch: 25 })
    needs.tickTime = 50
    await vi.advanceTimersByTimeAsync(110)
    expect(needs.ticks).toBe(1)
    loop.stop()
    loop.poke(25)
    loop.request()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(needs.ticks).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })
})
