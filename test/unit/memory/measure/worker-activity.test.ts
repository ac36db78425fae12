import { expect, test } from 'vitest'
import { WorkerActivity } from '../../../../src/memory/measure/worker-activity.ts'
import { WORTH_ASKING } from '../../../../src/memory/tuning.ts'
import { FakeWorker } from '../../../support/fake-components.ts'

test('a worker has run if it was never asked, or has worked for a while since', () => {
  const activity = new WorkerActivity()
  const fake = new FakeWorker()
  const worker = fake
  expect(activity.hasRun(worker)).toBe(true)
  fake.active = 100
  activity.note(worker)
  expect(activity.hasRun(worker)).toBe(false)
  fake.active += WORTH_ASKING * 0.9
  expect(activity.hasRun(worker)).toBe(false)
  fake.active = 100 + WORTH_ASKING
  expect(activity.hasRun(worker)).toBe(true)
  expect(activity.hasRun(new FakeWorker())).toBe(true)
})
