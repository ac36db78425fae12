import { expect, test } from 'vitest'
import { readWorkerMemory, totalOf } from '../../../../src/memory/measure/worker-memory.ts'
import { FakeWorker } from '../../../support/fake-components.ts'

test('what counts is what is really there, and what the worker says itself; not what V8 has only reserved', async () => {
  const fake = new FakeWorker()
  Object.assign(fake, { physical: 100, external: 30 })
  const memory = { ...(await readWorkerMemory(fake.asWorker)), malloced: 7, heap: 500 }
  expect(memory).toEqual({ used: 100, physical: 100, external: 30, malloced: 7, heap: 500 })
  expect(totalOf(memory)).toBe(137)
  expect(totalOf(memory, { reported: 1_000, uncounted: 200 })).toBe(1_337)
})

test('one that is gone cannot be read', async () => {
  const fake = new FakeWorker()
  fake.isGone = true
  await expect(readWorkerMemory(fake.asWorker)).rejects.toThrow('ERR_WORKER_NOT_RUNNING')
})
