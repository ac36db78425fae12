import { expect, test } from 'vitest'
import { WorkerActivity } from '../../../../src/memory/measure/worker-activity.ts'
import { FakeWorker } from '../../../support/fake-components.ts'

const memory = { used: 1, physical: 2, external: 3, malloced: 4, heap: 5 }

test('of a worker that was never measured everything is unseen', () => {
  const activity = new WorkerActivity()
  const worker = new FakeWorker()
  worker.active = 100
  expect(activity.look(worker)).toEqual({ telling: undefined, worked: 100, unseen: Number.POSITIVE_INFINITY })
  expect(activity.look(worker).unseen).toBe(Number.POSITIVE_INFINITY)
})

test('what it has worked since it was asked is unseen, and adds up until it is asked again', () => {
  const activity = new WorkerActivity()
  const worker = new FakeWorker()
  worker.active = 100
  activity.note(worker)
  expect(activity.look(worker)).toMatchObject({ worked: 0, unseen: 0 })
  worker.active = 103
  expect(activity.look(worker)).toMatchObject({ worked: 3, unseen: 3 })
  worker.active = 105
  expect(activity.look(worker)).toMatchObject({ worked: 2, unseen: 5 })
  activity.note(worker)
  expect(activity.look(worker)).toMatchObject({ worked: 0, unseen: 0 })
})

test('what it has told covers what it had worked by then, and is handed on once', () => {
  const activity = new WorkerActivity()
  const worker = new FakeWorker()
  worker.active = 100
  const telling = { number: 2, at: 1_000, active: 98, memory }
  worker.telling = telling
  expect(activity.look(worker)).toEqual({ telling, worked: 100, unseen: 2 })
  worker.active = 110
  expect(activity.look(worker)).toEqual({ telling: undefined, worked: 10, unseen: 12 })
  activity.note(worker)
  // Told before it was asked, and seen only now: the question covers more.
  worker.telling = { ...telling, number: 4, active: 104 }
  expect(activity.look(worker)).toMatchObject({ telling: { number: 4 }, unseen: 0 })
})
