import { describe, expect, it } from 'vitest'
import { CallTimeoutError, OverloadedError } from '../../../src/contract/errors.ts'
import type { ComponentInfo } from '../../../src/contract/component-info.ts'
import { FailureWatch } from '../../../src/observability/failure-watch.ts'

const crash = {
  name: 'a',
  generation: 1,
  exitCode: undefined,
  signal: undefined,
  error: undefined,
  decision: null,
  why: null,
}

/** A component whose worker counts. */
function setUp() {
  let now = 0
  const watch = new FailureWatch(() => now)
  const counted = { name: 'a', calls: 0, errors: 0, state: 'ready', failure: null }
  const look = () => watch.look([counted as unknown as ComponentInfo]).get('a')
  /** So many calls, of which so many fail, each second. */
  const calls = (seconds: number, every: number, failing: number): void => {
    for (let i = 0; i < seconds; i++) {
      now += 1_000
      counted.calls += every
      counted.errors += failing
      for (let each = 0; each < failing; each++) watch.callFailed('a', new RangeError('no such order'), true)
      look()
    }
  }
  return { watch, counted, look, calls, wait: (ms: number) => void (now += ms) }
}

describe('who fails', () => {
  it('is whose calls fail, with the last error', () => {
    const { look, calls, watch } = setUp()
    calls(60, 10, 10)
    expect(look()).toMatchObject({ kind: 'calls', last: 'RangeError: no such order' })
    expect(watch.shareOf('a')).toBe(1)
  })

  it('is one of which three of three calls failed, but not one of which two did', () => {
    const { look, calls } = setUp()
    calls(1, 2, 2)
    expect(look()).toBeUndefined()
    calls(1, 1, 1)
    expect(look()).toMatchObject({ failed: 3, calls: 3 })
  })

  it('is nobody with errors of his business: one in a hundred', () => {
    const { look, calls, watch } = setUp()
    calls(120, 100, 1)
    expect(look()).toBeUndefined()
    expect(watch.shareOf('a')).toBeCloseTo(0.01)
  })

  it('is seen within a minute after years without a failure, and no longer once it works again', () => {
    const { look, calls } = setUp()
    calls(600, 100, 0)
    calls(10, 100, 100)
    expect(look()).toBeDefined()
    calls(70, 100, 0)
    expect(look()).toBeUndefined()
  })

  it('is still told of while nobody calls it, for five minutes', () => {
    const { look, calls, watch, wait } = setUp()
    calls(30, 1, 1)
    wait(100_000)
    look()
    wait(150_000)
    expect(look()).toMatchObject({ kind: 'calls', calls: 0, last: 'RangeError: no such order' })
    expect(watch.shareOf('a')).toBeNull()
    wait(60_000)
    expect(look()).toBeUndefined()
  })

  it('counts calls that never reached it, and those that were not answered once, whether its worker has heard of it or not', () => {
    const { watch, counted, look, wait } = setUp()
    counted.calls = 10
    look()
    wait(1_000)
    for (let i = 0; i < 5; i++) watch.callFailed('a', new OverloadedError('a', 1), false)
    expect(look()).toMatchObject({ failed: 5, calls: 5 + 10 })
    for (let i = 0; i < 5; i++) watch.callFailed('a', new CallTimeoutError('a', 'x', 1), false)
    counted.calls += 5
    expect(look()).toMatchObject({ failed: 10, calls: 20 })
    counted.errors += 5
    expect(look()).toMatchObject({ failed: 10, calls: 20 })
  })

  it('is what crashes or cannot be loaded again and again, or backs off', () => {
    const { watch, counted, look, wait } = setUp()
    for (let i = 0; i < 3; i++) {
      expect(look()).toBeUndefined()
      wait(10_000)
      watch.crashed({ ...crash, reason: 'out-of-memory' })
    }
    expect(look()).toEqual({ kind: 'crashes', times: 3, over: 20_000, last: 'out-of-memory' })
    wait(600_000)
    expect(look()).toBeUndefined()
    for (let i = 0; i < 3; i++) watch.loadFailed('a', new Error('no such file'))
    expect(look()).toEqual({ kind: 'loads', times: 3, last: 'Error: no such file' })
    watch.loaded('a')
    expect(look()).toBeUndefined()
    Object.assign(counted, { state: 'failed', failure: { message: 'no', retryAt: 5 } })
    expect(look()).toEqual({ kind: 'backing-off', message: 'no', retryAt: 5 })
  })
})

it('has the last error from what its worker has told, where only others call it', () => {
  let time = 0
  const watch = new FailureWatch(
    () => time,
    () => 'RangeError: no such order',
  )
  // What it looks at.
  const look = (calls: number) =>
    watch.look([{ name: 'a', calls, errors: calls, failure: null, state: 'ready' } as ComponentInfo])
  look(0)
  time = 1_000
  look(1)
  time = 2_000
  expect(look(9).get('a')).toMatchObject({ kind: 'calls', last: 'RangeError: no such order' })
})
