import { expect, test } from 'vitest'
import { WorkerActivity } from '../../../../src/memory/measure/worker-activity.ts'
import { FakeWorker } from '../../../support/fake-components.ts'

const memory = { used: 1, physical: 2, external: 3, malloced: 4, heap: 5 }

test('of a worker that was never measured everything is unseen', () => {
  const activity = new WorkerActivity()
  const worker = new FakeWorker()
  worker.active = 100
  expect(activity.look(worker, 50)).toEqual({
    telling: undefined,
    worked: 100,
    elapsed: Number.POSITIVE_INFINITY,
    unseen: Number.POSITIVE_INFINITY,
  })
  expect(activity.lookedAt(worker)).toBe(50)
  expect(activity.look(worker, 60).unseen).toBe(Number.POSITIVE_INFINITY)
})

test('what it has worked since it was asked is unseen, and adds up until it is asked again', () => {
  const activity = new WorkerActivity()
  const worker = new FakeWorker()
  worker.active = 100
  activity.note(worker)
  expect(activity.look(worker, 90)).toMatchObject({ worked: 0, unseen: 0 })
  worker.active = 103
  expect(activity.look(worker, 120)).toMatchObject({ worked: 3, unseen: 3 })
  worker.active = 105
  expect(activity.look(worker, 150)).toMatchObject({ worked: 2, unseen: 5 })
  activity.note(worker)
  expect(activity.look(worker, 180)).toMatchObject({ worked: 0, unseen: 0 })
})

test('what it has told covers what it had worked by then, and is handed on once', () => {
  const activity = new WorkerActivity()
  const worker = new FakeWorker()
  worker.active = 100
  const telling = { number: 2, at: 1_000, active: 98, memory }
  worker.telling = telling
  expect(activity.look(worker, 210)).toMatchObject({ telling, worked: 100, unseen: 2 })
  worker.active = 110
  expect(activity.look(worker, 240)).toEqual({ telling: undefined, worked: 10, elapsed: 30, unseen: 12 })
  activity.note(worker)
  // Told before it was asked, and seen only now: the question covers more.
  worker.telling = { ...telling, number: 4, active: 104 }
  expect(activity.look(worker, 270)).toMatchObject({ telling: { number: 4 }, unseen: 0 })
})
