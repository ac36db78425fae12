import { describe, expect, it, vi } from 'vitest'
import { runWithin } from '../../../../src/services/timing/run-within.ts'

describe('runWithin', () => {
  const onTimeout = (): Error => new Error('late')

  it('gives the result, or the error, of work that is done in time', async () => {
    await expect(runWithin(async () => 1, { ms: 1_000, onTimeout })).resolves.toBe(1)
    await expect(runWithin(() => Promise.reject(new Error('bad')), { ms: 1_000, onTimeout })).rejects.toThrow('bad')
  })

  it('ends work that takes too long, and tells it', async () => {
    let told: unknown
    const work = (signal: AbortSignal): Promise<never> => {
      signal.addEventListener('abort', () => {
        told = signal.reason
      })
      return new Promise(() => {})
    }
    await expect(runWithin(work, { ms: 5, onTimeout })).rejects.toThrow('late')
    expect(told).toMatchObject({ message: 'late' })
  })

  it('ends work with the signal, without beginning it when that is aborted already', async () => {
    const controller = new AbortController()
    const ended = runWithin(() => new Promise(() => {}), { ms: 10_000, onTimeout, signal: controller.signal })
    controller.abort(new Error('stop'))
    await expect(ended).rejects.toThrow('stop')
    const work = vi.fn<() => Promise<void>>()
    await expect(runWithin(work, { ms: 10, onTimeout, signal: controller.signal })).rejects.toThrow('stop')
    expect(work).not.toHaveBeenCalled()
  })
})
