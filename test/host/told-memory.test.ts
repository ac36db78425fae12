import { getHeapStatistics } from 'node:v8'
import { expect, test } from 'vitest'
import { monotonicNow } from '../../src/base/monotonic.ts'
import { HeapTeller, sharedRecordSize, ToldMemory } from '../../src/host/told-memory.ts'

const open = () => {
  const shared = new SharedArrayBuffer(sharedRecordSize)
  return { shared, teller: new HeapTeller(shared), told: new ToldMemory(shared) }
}

test('nothing is told at first', () => {
  expect(open().told.read(0)).toBeUndefined()
})

test('what is told is what V8 says of the heap, with its time, once', () => {
  const { teller, told } = open()
  const before = monotonicNow()
  teller.tell()
  const telling = told.read(0)
  const heap = getHeapStatistics()
  expect(telling?.at).toBeGreaterThanOrEqual(before)
  expect(telling?.at).toBeLessThanOrEqual(monotonicNow())
  expect(telling?.active).toBeGreaterThan(0)
  expect(telling?.active).toBeLessThanOrEqual(performance.eventLoopUtilization().active)
  for (const [name, value] of [
    ['used', heap.used_heap_size],
    ['physical', heap.total_physical_size],
    ['external', heap.external_memory],
    ['heap', heap.total_heap_size],
  ] as const) {
    expect(Math.abs((telling?.memory[name] ?? 0) - value)).toBeLessThan(8 * 1024 ** 2)
  }
  expect(told.read(telling?.number ?? 0)).toBeUndefined()
  teller.tell()
  expect(told.read(telling?.number ?? 0)?.number).toBeGreaterThan(telling?.number ?? 0)
})

test('it is told after a millisecond of work, in one call or in ten short ones', () => {
  const { teller, told } = open()
  teller.worked(1_000, 1_000.9)
  expect(told.read(0)).toBeUndefined()
  teller.worked(2_000, 2_000.2)
  expect(told.read(0)?.at).toBe(2_000.2)
  for (let call = 1; call < 10; call++) teller.worked(3_000 + call, 3_000 + call)
  expect(told.read(0)?.at).toBe(2_000.2)
  teller.worked(3_010, 3_010.15)
  expect(told.read(0)?.at).toBe(3_010.15)
})

test('what is being written just now is not read', () => {
  const { shared, teller, told } = open()
  teller.tell()
  // As it is while the figures behind it change.
  const count = new Int32Array(shared, sharedRecordSize - 8 * 8, 1)
  Atomics.add(count, 0, 1)
  expect(told.read(0)).toBeUndefined()
  Atomics.add(count, 0, 1)
  expect(told.read(0)).toBeDefined()
})
