import { expect, test } from 'vitest'
import { totalOf } from '../../../../src/memory/measure/worker-memory.ts'
import { FakeWorker } from '../../../support/fake-components.ts'

test('what counts is what is really there, and what the worker says itself; not what V8 has only reserved', async () => {
  const fake = new FakeWorker()
  Object.assign(fake, { physical: 100, external: 30 })
  const memory = { ...(await fake.memory()), malloced: 7, heap: 500 }
  expect(memory).toEqual({ used: 100, physical: 100, external: 30, malloced: 7, heap: 500 })
  expect(totalOf(memory)).toBe(137)
  expect(totalOf(memory, { reported: 1_000, uncounted: 200 })).toBe(1_337)
})

test('of a process nothing is missing, so what it says itself is in what was measured', () => {
  const memory = { used: 100, physical: 100, external: 0, malloced: 0, heap: 100, isAll: true }
  expect(totalOf(memory, { reported: 1_000, uncounted: 200 })).toBe(100)
})
