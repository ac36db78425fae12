import { expect, test } from 'vitest'
import { MainMeter } from '../../../../src/memory/measure/main-meter.ts'

test('has figures of this thread from the start, and new ones when it measures', () => {
  const meter = new MainMeter()
  const before = meter.memory
  expect(before.total).toBe(before.physical + before.external + before.malloced)
  expect(before.used).toBeGreaterThan(0)
  const held = Buffer.alloc(64 * 1024 ** 2)
  expect(meter.memory).toBe(before)
  meter.measure()
  expect(meter.memory.external - before.external).toBeGreaterThan(held.length / 2)
})
