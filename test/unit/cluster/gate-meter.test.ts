import { expect, it } from 'vitest'
import { monotonicNow } from '../../../src/base/monotonic.ts'
import { GateMeter } from '../../../src/cluster/serving/gate-meter.ts'

it('what comes through a gate is in flight until it ends, and its time is counted from its beginning', () => {
  const meter = new GateMeter()
  const ago = monotonicNow() - 1_000
  meter.callStarted(ago)
  meter.callStarted(ago)
  expect(meter.inFlight).toBe(2)
  expect(meter.time).toBeGreaterThanOrEqual(2_000 * 1e6)
  meter.callEnded(false)
  meter.failed('read', new Error('no quota'))
  meter.callEnded(true)
  expect(meter).toMatchObject({ inFlight: 0, calls: 2, errors: 1, lastError: 'no quota' })
  // Nothing is under way: nothing is counted.
  expect(meter.time).toBe(meter.time)
})
