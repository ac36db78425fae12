import { describe, expect, test } from 'vitest'
import { Measurement } from '../../../../src/memory/measure/measurement.ts'
import type { MeasuredTarget } from '../../../../src/memory/measure/measurement.ts'
import { PACE, LONGEST_LOOK, MEDIUM_DWELL, WORTH_ASKING, WORTHWHILE } from '../../../../src/memory/tuning.ts'
import { FakeWorker } from '../../../support/fake-components.ts'

class Target implements MeasuredTarget {
  readonly fake = new FakeWorker()
  readonly worker = this.fake
  #events: string[] = []

  readonly room = Number.POSITIVE_INFINITY
  told(): void {
    this.#events.push('told')
  }
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
  const process = { room: 0, allRest: false, rss: 0 }
  const measurement = new Measurement({
    targets: () => [busy, rests],
    now: () => clock.now,
    room: () => process.room,
    allRest: () => process.allRest,
    residentSet: () => process.rss,
  })
  await measurement.measureAll(50)
  expect([busy.take(), rests.take()]).toEqual([['answered'], ['answered']])
  busy.fake.active += worked
  return { busy, rests, clock, measurement, process }
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

const memory = { used: 0, physical: 1, external: 0, malloced: 0, heap: 1 }
const answers = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('one that has told what it holds is not asked, by a look or an update', async () => {
  const { busy, measurement } = await open(WORTH_ASKING * 10)
  busy.fake.telling = { number: 2, at: 1_000, active: busy.fake.active, memory }
  expect(measurement.look()).toBe(1)
  await measurement.update(50)
  await answers()
  expect(busy.take()).toEqual(['told', 'unchanged', 'unchanged'])
  expect(measurement.isRunning(busy)).toBe(true)
})

test('one that has worked on since it told is asked, and what it told counts', async () => {
  const { busy, measurement } = await open(WORTH_ASKING * 10)
  busy.fake.telling = { number: 2, at: 1_000, active: busy.fake.active - WORTH_ASKING, memory }
  measurement.look()
  await answers()
  expect(busy.take()).toEqual(['told', 'answered'])
})

/** So many that have been measured, and are far from all limits. */
async function openMany(count: number) {
  const targets = Array.from({ length: count }, () => new Target())
  const clock = { now: 1_000 }
  const measurement = new Measurement({
    targets: () => targets,
    now: () => clock.now,
    room: () => Number.MAX_SAFE_INTEGER,
    allRest: () => false,
    residentSet: () => 0,
  })
  await measurement.measureAll(50)
  measurement.look()
  for (const each of targets) each.take()
  return { targets, clock, measurement }
}

test('far from all limits, those that sleep are woken one after the other, and never many at a time', async () => {
  const { targets, clock, measurement } = await openMany(20)
  let asked = 0
  for (const end = clock.now + 100 * PACE.question; clock.now < end; clock.now += 25) {
    for (const { fake } of targets) fake.active += WORTH_ASKING
    measurement.look()
    await answers()
    for (const each of targets) asked += each.take().filter((event) => event === 'answered').length
  }
  expect(asked).toBeGreaterThan(85)
  expect(asked).toBeLessThanOrEqual(110)
})

test('one that runs all the time is asked at every look, however far from its limits', async () => {
  const { busy, clock, measurement, process } = await open(0)
  process.room = Number.MAX_SAFE_INTEGER
  measurement.look()
  for (let i = 0; i < 3; i++) {
    busy.take()
    clock.now += LONGEST_LOOK
    busy.fake.active += LONGEST_LOOK - 1
    measurement.look()
    await answers()
    expect(busy.take()).toEqual(['answered'])
  }
})

describe('while all rest', () => {
  async function atRest() {
    const opened = await open(0)
    opened.process.allRest = true
    expect(opened.measurement.look()).toBe(0)
    opened.busy.take()
    opened.rests.take()
    return opened
  }

  test('nobody is looked at for some seconds', async () => {
    const { busy, clock, measurement } = await atRest()
    busy.fake.active += WORTH_ASKING
    clock.now += MEDIUM_DWELL - 1
    expect(measurement.look()).toBeUndefined()
    clock.now += 1
    expect(measurement.look()).toBe(1)
  })

  test('they are looked at once the process has grown', async () => {
    const { busy, measurement, process } = await atRest()
    busy.fake.active += WORTH_ASKING
    process.rss += WORTHWHILE - 1
    expect(measurement.look()).toBeUndefined()
    process.rss += 1
    expect(measurement.look()).toBe(1)
  })

  test('they are looked at once something has begun, even if that is over', async () => {
    const { busy, measurement } = await atRest()
    busy.fake.active += WORTH_ASKING
    measurement.stir()
    expect(measurement.look()).toBe(1)
  })
})

test('of many that are far from all limits, each is looked at in its turn, and one that is near at every look', async () => {
  const { targets, clock, measurement } = await openMany(1_000)
  const [near] = targets
  Object.assign(near ?? {}, { room: 0 })
  const seen = (): number => targets.filter((each) => each.take().includes('unchanged')).length
  clock.now += LONGEST_LOOK
  measurement.look()
  expect(near?.take()).toEqual(['unchanged'])
  expect(seen()).toBe(0)
  clock.now += 1_000 * PACE.look - LONGEST_LOOK
  measurement.look()
  expect(seen()).toBe(1_000)
})
