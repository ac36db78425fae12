import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { NextLook } from '../../../src/component/next-look.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('looks once, at the earliest of the moments it was asked for', () => {
  const look = vi.fn<() => void>()
  const next = new NextLook(look)
  next.within(Number.POSITIVE_INFINITY)
  next.within(500)
  next.within(100)
  next.within(300)
  vi.advanceTimersByTime(101)
  expect(look).toHaveBeenCalledTimes(1)
  vi.advanceTimersByTime(10_000)
  expect(look).toHaveBeenCalledTimes(1)
})

it('looks at once where it is asked to, and later again where that asks for it', () => {
  const look = vi.fn<() => void>(() => next.within(100))
  const next: NextLook = new NextLook(look)
  next.now()
  vi.advanceTimersByTime(305)
  expect(look).toHaveBeenCalledTimes(4)
})

it('waits for more than a timer can count', () => {
  const look = vi.fn<() => void>()
  new NextLook(look).within(2 ** 32)
  vi.advanceTimersByTime(1_000)
  expect(look).not.toHaveBeenCalled()
})

it('never looks again once it was stopped', () => {
  const look = vi.fn<() => void>()
  const next = new NextLook(look)
  next.within(100)
  next.stop()
  next.within(10)
  next.now()
  vi.advanceTimersByTime(1_000)
  expect(look).not.toHaveBeenCalled()
})
