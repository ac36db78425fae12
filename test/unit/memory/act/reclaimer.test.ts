import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { TrimResult } from '../../../../src/memory/act/allocator-trim.ts'
import { returnAtEndFlag } from '../../../../src/memory/act/page-pool.ts'
import type { PagePool } from '../../../../src/memory/act/page-pool.ts'
import { Reclaimer } from '../../../../src/memory/act/reclaimer.ts'
import type { ReclaimEffects } from '../../../../src/memory/act/reclaimer.ts'
import { POOL_DELAY, RETRY } from '../../../../src/memory/tuning.ts'

const much = 100 * 1024 ** 2

interface SetUp {
  readonly pool?: PagePool
  readonly trim?: TrimResult
}

function setUp({ pool = 'kept', trim = 'node:ffi' }: SetUp = {}) {
  const trimmed = vi.fn<ReclaimEffects['trim']>(async () => trim)
  const drained = vi.fn<ReclaimEffects['drainPool']>(async () => true)
  const effects = { residentSet: () => much, trim: trimmed, drainPool: drained }
  return { trimmed, drained, reclaimer: new Reclaimer(effects, pool) }
}

/** A drain that lasts until it is told that it is done. */
function lasting(drained: ReturnType<typeof setUp>['drained']) {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  drained.mockImplementationOnce(async () => promise)
  return async () => {
    resolve(true)
    await vi.advanceTimersByTimeAsync(0)
  }
}

const bytes = (drained: ReturnType<typeof setUp>['drained']): number[] => drained.mock.calls.map(([amount]) => amount)

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('after an unload', () => {
  it('trims, and says that the flag has done the rest', async () => {
    const { reclaimer, drained } = setUp({ pool: 'returned' })
    expect(await reclaimer.afterUnload(much)).toEqual([`V8 flag ${returnAtEndFlag}`, 'malloc_trim by node:ffi'])
    reclaimer.retained(much)
    expect(reclaimer.pending).toBe(0)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(drained).not.toHaveBeenCalled()
  })

  it('drains the pool of as much as the worker held, once what follows at once has taken what it needs', async () => {
    const { reclaimer, drained } = setUp()
    expect(await reclaimer.afterUnload(much)).toEqual([
      'malloc_trim by node:ffi',
      `V8's page pool is drained from ${RETRY} ms on`,
    ])
    await vi.advanceTimersByTimeAsync(RETRY - 1)
    expect(drained).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(bytes(drained)).toEqual([much])
  })

  it('tries again later where the pool could not be drained, and until then that is pending', async () => {
    const { reclaimer, drained } = setUp()
    drained.mockImplementationOnce(async () => false)
    await reclaimer.afterUnload(much)
    reclaimer.retained(much)
    await vi.advanceTimersByTimeAsync(RETRY)
    expect([bytes(drained), reclaimer.pending]).toEqual([[much], much])
    await vi.advanceTimersByTimeAsync(2 * POOL_DELAY)
    expect([bytes(drained), reclaimer.pending]).toEqual([[much, much], 0])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(drained).toHaveBeenCalledTimes(2)
  })

  it('drains once for all that are unloaded before it begins, and is not put off by them', async () => {
    const { reclaimer, drained } = setUp()
    await reclaimer.afterUnload(much)
    await vi.advanceTimersByTimeAsync(RETRY - 1)
    await reclaimer.afterUnload(2 * much)
    await vi.advanceTimersByTimeAsync(1)
    expect(bytes(drained)).toEqual([3 * much])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(drained).toHaveBeenCalledOnce()
  })

  it('drains again for those that were unloaded meanwhile, one drain at a time', async () => {
    const { reclaimer, drained } = setUp()
    const done = lasting(drained)
    await reclaimer.afterUnload(much)
    await vi.advanceTimersByTimeAsync(RETRY)
    await reclaimer.afterUnload(2 * much)
    await reclaimer.afterUnload(3 * much)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(bytes(drained)).toEqual([much])
    await done()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(bytes(drained)).toEqual([much, 5 * much])
  })

  it.each([
    ['unavailable', []],
    ['under way', ['malloc_trim is under way']],
    ['koffi', ['malloc_trim by koffi']],
  ] as const)('tells how the trim went: %s', async (trim, told) => {
    const { reclaimer } = setUp({ pool: 'returned', trim })
    expect((await reclaimer.afterUnload(much)).slice(1)).toEqual(told)
  })

  it('does nothing for a few megabytes', async () => {
    const { reclaimer, trimmed } = setUp()
    expect(await reclaimer.afterUnload(1024 ** 2)).toEqual([])
    expect(trimmed).not.toHaveBeenCalled()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('counts what is retained as pending until the drain that began after it is over', async () => {
    const { reclaimer, drained } = setUp()
    const done = lasting(drained)
    await reclaimer.afterUnload(much)
    reclaimer.retained(much)
    reclaimer.retained(much)
    expect(reclaimer.pending).toBe(2 * much)
    await vi.advanceTimersByTimeAsync(RETRY)
    await reclaimer.afterUnload(much)
    reclaimer.retained(3 * much)
    expect(reclaimer.pending).toBe(5 * much)
    await done()
    expect(reclaimer.pending).toBe(3 * much)
    await vi.advanceTimersByTimeAsync(RETRY)
    expect(reclaimer.pending).toBe(0)
    reclaimer.retained(much)
    expect(reclaimer.pending).toBe(0)
  })

  it('leaves no timer behind when it is disposed of', async () => {
    const { reclaimer, drained } = setUp()
    await reclaimer.afterUnload(much)
    await reclaimer[Symbol.asyncDispose]()
    expect(vi.getTimerCount()).toBe(0)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(drained).not.toHaveBeenCalled()
  })

  it('gives up a drain when it is disposed of, waits for its end, and begins no other', async () => {
    const { reclaimer, drained } = setUp()
    const done = lasting(drained)
    await reclaimer.afterUnload(much)
    await vi.advanceTimersByTimeAsync(RETRY)
    await reclaimer.afterUnload(much)
    const disposed = vi.fn<() => void>()
    const disposal = reclaimer[Symbol.asyncDispose]().then(disposed)
    await vi.advanceTimersByTimeAsync(500)
    expect(drained.mock.calls[0]?.[1].aborted).toBe(true)
    expect(disposed).not.toHaveBeenCalled()
    await done()
    await disposal
    expect(vi.getTimerCount()).toBe(0)
  })

  it('waits for the trim that an unload waits for, and then wants none any more', async () => {
    const { reclaimer, trimmed } = setUp()
    const trim = Promise.withResolvers<TrimResult>()
    trimmed.mockImplementation(async () => trim.promise)
    const unload = reclaimer.afterUnload(much)
    const disposed = vi.fn<() => void>()
    const disposal = reclaimer[Symbol.asyncDispose]().then(disposed)
    await vi.advanceTimersByTimeAsync(500)
    const leaving = trimmed.mock.calls[0]?.[1]
    expect(leaving?.aborted).toBe(false)
    expect(disposed).not.toHaveBeenCalled()
    trim.resolve('under way')
    await disposal
    expect(leaving?.aborted).toBe(true)
    await unload
    await reclaimer.afterUnload(much)
    expect(vi.getTimerCount()).toBe(0)
  })
})
