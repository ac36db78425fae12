import { expect, test } from 'vitest'
import { Measurement } from '../../../../src/memory/measure/measurement.ts'
import type { MeasuredTarget } from '../../../../src/memory/measure/measurement.ts'
import { LONGEST_LOOK, WORTH_ASKING } from '../../../../src/memory/tuning.ts'
import { FakeWorker } from '../../../support/fake-components.ts'

class Target implements MeasuredTarget {
  readonly fake = new FakeWorker()
  readonly worker = this.fake
  #events: string[] = []

  answered(): void {
    this.#events.push('answered')
  }
  late(): void {
    this.#events.push('late')
  }
  unchanged(): void {
    this.#events.push('unchanged')
  }
  take(): string[] {
    const events = this.#events
    this.#events = []
    return events
  }
}

/** Both have been measured, and `busy` has worked for so many ms since. */
async function open(worked: number) {
  const [busy, rests] = [new Target(), new Target()]
  const clock = { now: 1_000 }
  const measurement = new Measurement(
    () => [busy, rests],
    () => clock.now,
  )
  await measurement.measureAll(50)
  expect([busy.take(), rests.take()]).toEqual([['answered'], ['answered']])
  busy.fake.active += worked
  return { busy, rests, clock, measurement }
}

test('an update asks those that have worked, and nobody else', async () => {
  const { busy, rests, measurement } = await open(WORTH_ASKING)
  await measurement.update(50)
  expect([busy.take(), rests.take()]).toEqual([['answered'], ['unchanged']])
  await measurement.update(50)
  expect([busy.take(), rests.take()]).toEqual([['unchanged'], ['unchanged']])
})

test('less work than a heap can have grown in is none, and it adds up', async () => {
  const { busy, measurement } = await open(WORTH_ASKING * 0.6)
  await measurement.update(50)
  expect(busy.take()).toEqual(['unchanged'])
  busy.fake.active += WORTH_ASKING * 0.6
  await measurement.update(50)
  expect(busy.take()).toEqual(['answered'])
})

test('a look asks the same, waits for nobody, and says how many there were', async () => {
  const { busy, rests, measurement } = await open(WORTH_ASKING)
  expect(measurement.look()).toBe(1)
  expect([busy.take(), rests.take()]).toEqual([[], ['unchanged']])
  await new Promise((resolve) => setImmediate(resolve))
  expect(busy.take()).toEqual(['answered'])
  expect(measurement.look()).toBe(0)
})

test('one that was asked and has not answered counts: its answer may be older than what it did last', async () => {
  const { busy, measurement } = await open(WORTH_ASKING)
  busy.fake.isBlocked = true
  expect(measurement.look()).toBe(1)
  expect(measurement.look()).toBe(1)
  busy.fake.answer()
  await new Promise((resolve) => setImmediate(resolve))
  expect(busy.take()).toEqual(['answered'])
  expect(measurement.look()).toBe(0)
})

test('one alone can be measured, whether it has worked or not', async () => {
  const { busy, rests, measurement } = await open(0)
  await measurement.measureOne(rests, 50)
  expect([busy.take(), rests.take()]).toEqual([[], ['answered']])
})

test('one is running for a while after it was seen to', async () => {
  const { busy, rests, clock, measurement } = await open(WORTH_ASKING)
  expect(measurement.isRunning(busy)).toBe(false)
  measurement.look()
  clock.now += LONGEST_LOOK - 1
  expect([measurement.isRunning(busy), measurement.isRunning(rests)]).toEqual([true, false])
  clock.now += 1
  expect(measurement.isRunning(busy)).toBe(false)
})
