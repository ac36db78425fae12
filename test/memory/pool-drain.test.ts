import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { residentSet } from '../../src/base/proc-files.ts'
import { drainPool } from '../../src/memory/act/pool-drain.ts'

const stays = new AbortController().signal

/** Of a worker that has come and gone: bytes of objects it held. */
async function heldAndGone(): Promise<number> {
  const before = residentSet()
  const worker = new Worker(
    `globalThis.held = Array.from({ length: 800_000 }, (_, id) => ({ id, pair: [id, id + 1] }))
    require('node:worker_threads').parentPort.postMessage('holds')
    setInterval(() => {}, 10_000)`,
    { eval: true, resourceLimits: { maxOldGenerationSizeMb: 1_024 } },
  )
  await once(worker, 'message')
  const held = residentSet() - before
  await worker.terminate()
  return held
}

describe.runIf(process.platform === 'linux')('drainPool', () => {
  it('gives back what V8 keeps of an isolate that has ended', async () => {
    // Once around: what is needed only once is there.
    await heldAndGone()
    expect(await drainPool(500e6, stays)).toBe(true)
    const held = await heldAndGone()
    const kept = residentSet()
    expect(await drainPool(1.5 * held, stays)).toBe(true)
    expect(kept - residentSet()).toBeGreaterThan(0.8 * held)
  })

  it('is done when nothing is kept any more, however much it was asked for', async () => {
    // 125,000 steps of 8 MB would take many hours.
    expect(await drainPool(1e12, stays)).toBe(true)
  })

  it('gives up when it is wanted no longer, and leaves no thread behind', async () => {
    let running = 0
    const count = (worker: Worker): void => {
      running++
      worker.once('exit', () => running--)
    }
    process.on('worker', count)
    try {
      const leaving = new AbortController()
      const drain = drainPool(1e12, leaving.signal)
      await once(process, 'worker')
      expect(running).toBe(1)
      leaving.abort()
      expect(await drain).toBe(false)
      expect(running).toBe(0)
      expect(await drainPool(1e12, leaving.signal)).toBe(false)
    } finally {
      process.off('worker', count)
    }
  })
})
