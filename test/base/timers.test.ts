import timers from 'node:timers'
import { afterEach, describe, expect, it, vi } from 'vitest'

afterEach(() => {
  vi.useRealTimers()
  vi.resetModules()
})

/** But for nextTick, which vitest fakes in threads only. */
const everything = [
  ...(['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate'] as const),
  ...(['Date', 'performance', 'hrtime', 'queueMicrotask'] as const),
]

describe('timers', () => {
  it('are those of Node, also where fake ones were on when they were imported', async () => {
    const real = { hrtime: process.hrtime, queueMicrotask, now: Date.now }
    vi.resetModules()
    vi.useFakeTimers({ toFake: [...everything] })
    expect(setTimeout).not.toBe(timers.setTimeout)
    const ours = await import('../../src/base/timers.ts')
    expect(ours.setTimeout).toBe(timers.setTimeout)
    expect(ours.clearImmediate).toBe(timers.clearImmediate)
    expect(ours.hrtime).toBe(real.hrtime)
    expect(ours.queueMicrotask).toBe(real.queueMicrotask)
    expect(ours.systemTime).toBe(real.now)
    await ours.sleep(1)
    await ours.nextTurn()
  })

  it('are real ones of Node that were made behind mocks', async () => {
    const { timersBehindMocks } = await import('../../src/base/timers-behind-mocks.ts')
    const made = timersBehindMocks()
    const timer = made.setTimeout(() => {}, 1)
    expect(timer).toBeInstanceOf(timers.setTimeout(() => {}, 0).constructor)
    made.clearTimeout(timer)
    const happened: unknown[] = []
    made.clearImmediate(made.setImmediate(() => happened.push('dropped')))
    made.clearTimeout(made.setTimeout(() => happened.push('cleared'), 1))
    await new Promise<void>((resolve) => made.setImmediate((...args) => (happened.push(...args), resolve()), 'turn'))
    let ticks = 0
    await new Promise<void>((resolve) => {
      const interval = made.setInterval(() => {
        if (++ticks < 2) return
        made.clearInterval(interval)
        resolve()
      }, 1)
    })
    await new Promise<void>((resolve) => made.setTimeout(resolve, 5))
    expect(happened).toEqual(['turn'])
    expect(ticks).toBe(2)
  })
})
