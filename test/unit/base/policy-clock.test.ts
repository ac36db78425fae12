import { expect, it } from 'vitest'
import { monotonicNow, wallTime } from '../../../src/base/monotonic.ts'
import { policyClock, realClock } from '../../../src/base/policy-clock.ts'

const neverFails = (error: unknown): void => expect.unreachable(String(error))

function fakeClock() {
  const timers: (() => void)[] = []
  const state = { time: 100, unrefs: 0 }
  const clock = policyClock(
    {
      now: () => state.time,
      setTimeout: (callback) => {
        timers.push(callback)
        return { unref: () => state.unrefs++ }
      },
      clearTimeout: () => void timers.splice(0),
    },
    neverFails,
  )
  return { state, timers, clock }
}

it('without one, it is the real clock', () => {
  expect(policyClock(undefined, neverFails)).toBe(realClock)
  const now = monotonicNow()
  expect(realClock.at(now)).toBe(now)
  expect(realClock.wallTime(now)).toBe(wallTime(now))
})

it('tells what it showed at a moment, as it was read', () => {
  const { state, clock } = fakeClock()
  const first = monotonicNow()
  state.time = 500
  expect(clock.now()).toBe(500)
  const second = monotonicNow()
  state.time = 900
  expect(clock.now()).toBe(900)
  expect(clock.at(0)).toBe(100)
  expect(clock.at(first)).toBe(100)
  expect(clock.at(second)).toBe(500)
  expect(clock.at(monotonicNow())).toBe(900)
})

it('calls back in a turn of its own, unless that is taken back, and keeps nothing alive', async () => {
  const { state, timers, clock } = fakeClock()
  let passed = 0
  const cancel = clock.after(10, () => passed++)
  expect(state.unrefs).toBe(1)
  timers[0]?.()
  expect(passed).toBe(0)
  cancel()
  await new Promise((resolve) => setImmediate(resolve))
  expect(passed).toBe(0)
  clock.after(10, () => passed++)
  timers.at(-1)?.()
  await new Promise((resolve) => setImmediate(resolve))
  expect(passed).toBe(1)
})

it('has times of the wall clock by how far away they are', () => {
  const { clock } = fakeClock()
  expect(Math.abs(clock.wallTime(100 + 60_000) - (Date.now() + 60_000))).toBeLessThan(1_000)
  expect(clock.wallTimeToWaitFor(100 + 60_000)).toBeGreaterThanOrEqual(Date.now() + 59_000)
})
