import { expect, test } from 'vitest'
import { activitySize, readActivity } from '../../../src/channel/activity.ts'
import { LoopProbe } from '../../../src/host/loop-probe.ts'

test('what stood still because it was asked to is silent from then on only', () => {
  const asked: number[] = []
  const probe = new LoopProbe(
    () => readActivity(new SharedArrayBuffer(activitySize)),
    (question) => asked.push(question),
  )
  probe.excuse(500)
  expect(probe.silence(1_000)).toBe(0)
  probe.ask(1_000)
  expect(probe.silence(1_400)).toBe(400)
  probe.excuse(1_400)
  expect(probe.silence(1_400)).toBe(0)
  expect(probe.silence(1_500)).toBe(100)
  probe.ask(1_500)
  expect(asked).toEqual([1])
})
