import type { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { trimAllocator } from '../../src/memory/act/allocator-trim.ts'

const major = Number.parseInt(process.versions.node, 10)

async function threadsStartedBy(run: () => Promise<void>): Promise<Worker[]> {
  const threads: Worker[] = []
  const note = (worker: Worker): void => void threads.push(worker)
  process.on('worker', note)
  try {
    await run()
  } finally {
    process.off('worker', note)
  }
  return threads
}

describe.runIf(process.platform === 'linux')('trimAllocator', () => {
  it('reaches the C library by what this version of Node offers', async () => {
    expect(await trimAllocator(10_000)).toBe(major >= 26 ? 'node:ffi' : 'koffi')
  })

  it('does not wait longer than it was told to, and goes on', async () => {
    // Without a helper to start it may well be done by then.
    expect(await trimAllocator(0)).toBeOneOf(major >= 26 ? ['under way'] : ['under way', 'koffi'])
    expect(await trimAllocator(10_000)).not.toBe('under way')
  })

  it('loads no addon in a thread of its own, which might be ended while it does', async () => {
    const threads = await threadsStartedBy(async () => {
      const leaving = new AbortController()
      const left = trimAllocator(10_000, leaving.signal)
      const stayed = trimAllocator(10_000)
      leaving.abort()
      await Promise.all([left, stayed])
    })
    expect(threads.length > 0).toBe(major >= 26)
  })

  it.runIf(major >= 26)('starts one helper for all who ask while another one runs', async () => {
    const helpers = await threadsStartedBy(async () => {
      await Promise.all([trimAllocator(10_000), trimAllocator(10_000), trimAllocator(10_000)])
    })
    expect(helpers).toHaveLength(2)
  })

  it.runIf(major >= 26)(
    'ends the helper that nobody wants any more, and starts none for those that wait and leave',
    async () => {
      let started = 0
      let gone = 0
      const count = (worker: Worker): void => {
        started++
        worker.once('exit', () => gone++)
      }
      process.on('worker', count)
      try {
        const leaving = new AbortController()
        const asked = [trimAllocator(10_000, leaving.signal), trimAllocator(10_000, leaving.signal)]
        leaving.abort()
        expect(await Promise.all(asked)).toEqual(['under way', 'under way'])
        expect(await trimAllocator(10_000, leaving.signal)).toBe('unavailable')
        await expect.poll(() => gone, { timeout: 10_000 }).toBe(1)
        await new Promise((resolve) => setImmediate(resolve))
        expect(started).toBe(1)
        expect(await trimAllocator(10_000)).not.toBe('under way')
      } finally {
        process.off('worker', count)
      }
    },
  )

  it('goes on for those that stay when others leave', async () => {
    const leaving = new AbortController()
    const left = [trimAllocator(10_000, leaving.signal), trimAllocator(10_000, leaving.signal)]
    const stayed = trimAllocator(10_000)
    leaving.abort()
    expect(await Promise.all(left)).toEqual(['under way', 'under way'])
    expect(await stayed).toBe(major >= 26 ? 'node:ffi' : 'koffi')
  })
})
