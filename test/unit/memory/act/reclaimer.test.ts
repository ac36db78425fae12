import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { TrimResult } from '../../../../src/memory/act/allocator-trim.ts'
import { reclaimFlag, Reclaimer } from '../../../../src/memory/act/reclaimer.ts'
import type { ReclaimEffects } from '../../../../src/memory/act/reclaimer.ts'
import { POOL_DELAY, RETRY } from '../../../../src/memory/tuning.ts'

const much = 100 * 1024 ** 2

interface SetUp {
  readonly execArgv?: readonly string[]
  readonly nodeMajor?: number
  readonly trim?: TrimResult
}

function setUp({ execArgv = [], nodeMajor = 26, trim = 'node:ffi' }: SetUp = {}) {
  const logger = pino({ level: 'silent' })
  const info = vi.spyOn(logger, 'info')
  const collectMinor = vi.fn<() => void>()
  const trimmed = vi.fn<ReclaimEffects['trim']>(async () => trim)
  const resident = { bytes: much }
  const effects = { residentSet: () => resident.bytes, trim: trimmed, collectMinor }
  return { info, collectMinor, trimmed, resident, reclaimer: new Reclaimer({ effects, logger, execArgv, nodeMajor }) }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('the line at start-up', () => {
  it('names the flag on Node 26 when it is missing', () => {
    const { info } = setUp()
    expect(info).toHaveBeenCalledOnce()
    expect(info.mock.calls[0]?.[0]).toEqual({ flag: reclaimFlag })
  })

  it.each([
    ['Node 26 has the flag', { execArgv: ['--enable-source-maps', reclaimFlag] }],
    ['it is written with underscores', { execArgv: ['--no_memory_pool_share_memory_on_teardown'] }],
    ['Node 24 does not know the flag', { nodeMajor: 24 }],
  ])('is not there when %s', (_, options) => {
    expect(setUp(options).info).not.toHaveBeenCalled()
  })
})

describe('after an unload', () => {
  it('trims, and says that the flag has done the rest', async () => {
    const { reclaimer, collectMinor } = setUp({ execArgv: [reclaimFlag] })
    expect(await reclaimer.afterUnload(much)).toEqual([`V8 flag ${reclaimFlag}`, 'malloc_trim by node:ffi'])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(collectMinor).not.toHaveBeenCalled()
  })

  it('without the flag collects when the pool may let its pages go, 8 s after the last unload, until they are back', async () => {
    const { reclaimer, collectMinor, resident } = setUp()
    resident.bytes = 2 * much
    expect(await reclaimer.afterUnload(much)).toContain(
      'minor GC of the main isolate from 8500 ms on, until it is back',
    )
    reclaimer.retained(much)
    await vi.advanceTimersByTimeAsync(5_000)
    await reclaimer.afterUnload(much)
    await vi.advanceTimersByTimeAsync(8_499)
    expect(collectMinor).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(collectMinor).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(2 * RETRY)
    expect(collectMinor).toHaveBeenCalledTimes(3)
    resident.bytes = much
    await vi.advanceTimersByTimeAsync(60_000)
    expect(collectMinor).toHaveBeenCalledTimes(3)
  })

  it('gives up after 17 s: by then V8 has done it, or other threads use the memory', async () => {
    const { reclaimer, collectMinor } = setUp()
    await reclaimer.afterUnload(much)
    reclaimer.retained(much)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(collectMinor).toHaveBeenCalledTimes(1 + Math.floor(POOL_DELAY / RETRY))
    expect(reclaimer.pending).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('does not collect when everything is back already', async () => {
    const { reclaimer, collectMinor } = setUp()
    await reclaimer.afterUnload(much)
    reclaimer.retained(1024 ** 2)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(collectMinor).not.toHaveBeenCalled()
  })

  it.each([
    ['unavailable', []],
    ['under way', ['malloc_trim is under way']],
    ['koffi', ['malloc_trim by koffi']],
  ] as const)('tells how the trim went: %s', async (trim, told) => {
    const { reclaimer } = setUp({ execArgv: [reclaimFlag], trim })
    expect((await reclaimer.afterUnload(much)).slice(1)).toEqual(told)
  })

  it('does nothing for a few megabytes', async () => {
    const { reclaimer, trimmed } = setUp()
    expect(await reclaimer.afterUnload(1024 ** 2)).toEqual([])
    expect(trimmed).not.toHaveBeenCalled()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('counts what is retained as pending until it is back', async () => {
    const { reclaimer, resident } = setUp()
    await reclaimer.afterUnload(much)
    resident.bytes = 3 * much
    reclaimer.retained(much)
    reclaimer.retained(much)
    expect(reclaimer.pending).toBe(2 * much)
    await vi.advanceTimersByTimeAsync(8_500)
    expect(reclaimer.pending).toBe(2 * much)
    resident.bytes = much
    await vi.advanceTimersByTimeAsync(RETRY)
    expect(reclaimer.pending).toBe(0)
  })

  it('leaves no timer behind when it is disposed of', async () => {
    const { reclaimer, collectMinor } = setUp()
    await reclaimer.afterUnload(much)
    await reclaimer[Symbol.asyncDispose]()
    expect(vi.getTimerCount()).toBe(0)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(collectMinor).not.toHaveBeenCalled()
  })

  it('waits for the trim that an unload waits for, and then wants none any more', async () => {
    const { reclaimer, trimmed, resident } = setUp()
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
    resident.bytes = 2 * much
    await reclaimer.afterUnload(much)
    expect(vi.getTimerCount()).toBe(0)
  })
})
