import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { WorkerSampler } from '../../../../src/memory/measure/worker-sampler.ts'
import type { SampleTarget } from '../../../../src/memory/measure/worker-sampler.ts'
import { ANSWER_TIME } from '../../../../src/memory/tuning.ts'
import { FakeWorker } from '../../../support/fake-components.ts'

/** Notes what it is told, as `name physical (when it was asked)`. */
class Target implements SampleTarget {
  readonly fake = new FakeWorker()
  readonly worker = this.fake
  readonly told: string[] = []

  answered({ physical }: { readonly physical: number }, asked: number): void {
    this.told.push(`${physical} (${asked})`)
  }
  late(): void {
    this.told.push('late')
  }
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'hrtime'] }))
afterEach(() => void vi.useRealTimers())

function open() {
  const [a, b] = [new Target(), new Target()]
  a.fake.physical = 10
  b.fake.physical = 20
  const clock = { now: 1_000 }
  const asked: string[] = []
  const sampler = new WorkerSampler(
    () => clock.now,
    (worker) => asked.push(worker === a.worker ? 'a' : 'b'),
  )
  /** So many ms pass, and what has come is taken in. */
  const pass = async (ms: number): Promise<void> => {
    clock.now += ms
    await vi.advanceTimersByTimeAsync(ms)
    // Two turns of the event loop.
    for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve))
  }
  return { a, b, clock, asked, sampler, pass }
}

describe('a sample', () => {
  test('asks all side by side, and is over when all have answered', async () => {
    const { a, b, asked, sampler } = open()
    await sampler.sample([a, b], 50)
    expect(asked).toEqual(['a', 'b'])
    expect([a.told, b.told]).toEqual([['10 (1000)'], ['20 (1000)']])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('waits for one that does not answer as long as it was told to, and for nobody that was late before', async () => {
    const { a, b, sampler, pass } = open()
    a.fake.isBlocked = true
    const over = vi.fn<() => void>()
    void sampler.sample([a, b], 50).then(over)
    await pass(0)
    await pass(48)
    expect(over).not.toHaveBeenCalled()
    await pass(2)
    expect(over).toHaveBeenCalledTimes(1)
    // Not yet: it has more time to answer than this sample had.
    expect(a.told).toEqual([])
    await sampler.sample([a, b], 50)
    expect(a.told).toEqual(['late'])
    expect(b.told).toEqual(['20 (1000)', '20 (1050)'])
    // It has been asked once.
    expect(a.fake.questions).toBe(1)
  })

  test('has the answer of a late one when it comes, with what was true when it was asked', async () => {
    const { a, sampler, pass } = open()
    a.fake.isBlocked = true
    sampler.ask(a)
    expect(sampler.isAsked(a.worker)).toBe(true)
    a.fake.physical = 99
    await pass(2_000)
    a.fake.answer()
    await pass(0)
    expect(a.told).toEqual(['10 (1000)'])
    expect(sampler.isAsked(a.worker)).toBe(false)
    await sampler.sample([a], 50)
    expect(a.told.at(-1)).toBe('99 (3000)')
  })

  test('calls nobody late whose answer came while this thread was blocked', async () => {
    const { a, clock, sampler } = open()
    a.fake.isBlocked = true
    sampler.ask(a)
    clock.now += 5_000
    // It is there, and has not been read.
    a.fake.answer()
    await sampler.sample([a], 50)
    expect(a.told).toEqual(['10 (1000)', '10 (6000)'])
  })

  test('of a worker that is gone, or only starting, is over at once', async () => {
    const { a, sampler } = open()
    a.fake.isGone = true
    await sampler.sample([a], 60_000)
    expect(a.told).toEqual([])
    expect(sampler.isAsked(a.worker)).toBe(false)
  })
})

describe('a question', () => {
  test('waits for nobody; who has not answered it for a while is late', async () => {
    const { a, sampler, pass } = open()
    a.fake.isBlocked = true
    sampler.ask(a)
    await pass(ANSWER_TIME - 1)
    sampler.ask(a)
    await pass(0)
    expect(a.told).toEqual([])
    await pass(1)
    sampler.ask(a)
    await pass(0)
    expect(a.told).toEqual(['late'])
    expect(a.fake.questions).toBe(1)
  })

  test('whose answer came while this thread was blocked is not late', async () => {
    const { a, clock, sampler, pass } = open()
    a.fake.isBlocked = true
    sampler.ask(a)
    clock.now += 5_000
    sampler.ask(a)
    // It is there, and has not been read.
    a.fake.answer()
    await pass(0)
    expect(a.told).toEqual(['10 (1000)'])
  })
})

describe('a sample from now on', () => {
  test('does not take the answer to an older question for its own', async () => {
    const { a, sampler, pass } = open()
    a.fake.isBlocked = true
    sampler.ask(a)
    a.fake.physical = 99
    const sample = sampler.sampleAnew([a], 50)
    await pass(10)
    a.fake.answer()
    await pass(0)
    await sample
    expect(a.told).toEqual(['10 (1000)', '99 (1010)'])
  })

  test('waits for the older answer no longer than it was told to either', async () => {
    const { a, b, sampler, pass } = open()
    a.fake.isBlocked = true
    sampler.ask(a)
    await pass(60)
    // Overdue already.
    const sample = sampler.sampleAnew([a, b], 50)
    await pass(0)
    await sample
    expect(a.told).toEqual(['late'])
    expect(b.told).toEqual(['20 (1060)'])
  })
})
