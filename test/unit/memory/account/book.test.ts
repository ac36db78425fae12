import { describe, expect, test, vi } from 'vitest'
import type { AccountSnapshot } from '../../../../src/memory/decide/snapshot.ts'
import { RETRY, SMALL_COMPONENT } from '../../../../src/memory/tuning.ts'
import { bookOf, FakeComponent, FakeHost } from '../../../support/fake-components.ts'
import type { FakeBook } from '../../../support/fake-components.ts'

const snapshot = ({ book }: FakeBook): AccountSnapshot =>
  book.snapshot({ limit: 1_000, minIdleTime: 0, unloading: false, requests: [] })
const frame = { limit: 1_000, pending: 0, rss: 0, cgroup: null, pressureLevel: 'low' } as const

/** Two of 300 and 100 bytes. */
function open() {
  const [a, b] = [new FakeComponent('a'), new FakeComponent('b')]
  const fake = bookOf([a, b], { b: [a] })
  const base = fake.book.usage
  a.holds(fake.book, 300)
  b.holds(fake.book, 100)
  return { ...fake, a, b, base, fake }
}

describe('usage', () => {
  test('is the main thread, what workers hold, and what is reserved', () => {
    const { book, a, b, base } = open()
    expect(base).toBeGreaterThan(0)
    expect(book.usage - base).toBe(400)
    const late = new FakeComponent('c')
    late.definition.memoryEstimate = 50
    book.reserve(late.asSupervisor, 1_000)
    expect(book.usage - base).toBe(450)
    a.exits(book)
    b.exits(book)
    expect(book.usage - base).toBe(50)
  })

  test('counts spare workers, and workers whose generation is over, until they are gone', () => {
    const { book, a, spares, fake, base } = open()
    const spare = new FakeHost()
    spares.push(spare)
    for (const target of book.targets()) {
      const held = { used: 0, physical: 8, external: 0, malloced: 0, heap: 8 }
      if (target.worker === spare) target.answered(held, 0)
    }
    expect(book.usage - base).toBe(408)
    const gone = vi.fn<() => void>()
    book.workerEnded(a.asSupervisor, a.asSupervisor.generation as never, 'evicted', gone)
    expect(book.usage - base).toBe(408)
    expect(snapshot(fake).leaving).toBe(300)
    expect(book.ledger(frame).extra.map(({ name, kind, total }) => `${name} ${kind} ${total}`)).toEqual([
      'spare worker 1 spare 8',
      'a (generation 1) ending 300',
    ])
    expect(gone).not.toHaveBeenCalled()
    a.host.exit()
    expect(gone).toHaveBeenCalledTimes(1)
    expect(book.usage - base).toBe(108)
  })

  test('of one that does not die is not on its way out: a zombie stays', () => {
    const { book, a, fake } = open()
    a.zombies.set(a.host.asHost, 1)
    book.workerEnded(a.asSupervisor, a.asSupervisor.generation as never, 'evicted', () => {})
    expect(snapshot(fake).leaving).toBe(0)
    expect(book.ledger(frame).extra).toMatchObject([{ kind: 'zombie', total: 300 }])
  })

  test('that is larger for a reservation, or smaller for an unload, is no growth', () => {
    // So large that what this thread itself allocates meanwhile does not show.
    const tib = 2 ** 40
    const { book, a, b, clock } = open()
    const sample = (): void => book.sampled((clock.now += 25))
    a.holds(book, tib)
    for (let i = 0; i < 6; i++) sample()
    const late = new FakeComponent('c')
    late.definition.memoryEstimate = tib
    book.reserve(late.asSupervisor, tib)
    sample()
    expect(book.trend.peak).toBeLessThan((0.01 * tib) / 25)
    a.exits(book)
    // Growth that the loss of the other hides otherwise.
    b.holds(book, tib / 8)
    sample()
    expect(book.trend.peak / (tib / 8 / 25)).toBeCloseTo(1, 1)
    expect(book.sampledUsage).toBe(book.usage)
    expect(book.age).toBe(0)
  })
})

describe('an answer', () => {
  test('is true as of when it was asked for', () => {
    const { book, a, clock, fake } = open()
    clock.now = 10_400
    a.holds(book, 350, 10_150)
    expect(snapshot(fake).components[0]).toMatchObject({ name: 'a', bytes: 350, age: 250 })
  })

  test('that comes after the generation is over says nothing about the next one', () => {
    const { book, a } = open()
    const target = book.targetOf(a.asSupervisor)
    a.exits(book)
    Object.assign(a, { generation: { number: 2, host: new FakeHost(), activity: a.activity } })
    book.workerStarted(a.asSupervisor)
    target?.answered({ used: 900, physical: 900, external: 0, malloced: 0, heap: 900 }, 10_000)
    expect(book.memoryOf(a.asSupervisor)).toBeNull()
  })

  test('of one beyond its own limit is told at once', () => {
    const { book, a, overruns } = open()
    a.definition.memoryLimit = 400
    a.holds(book, 400)
    expect(overruns).toEqual([])
    a.holds(book, 401)
    expect(overruns).toEqual(['a'])
  })

  test('may be that it did nothing, or did not answer: its figures stand, at a later time or as they were', () => {
    const { book, a, clock, fake } = open()
    clock.now = 10_500
    a.activity.reported = 5
    book.targetOf(a.asSupervisor)?.unchanged()
    expect(snapshot(fake).components[0]).toMatchObject({ bytes: 305, age: 0 })
    clock.now = 10_900
    book.targetOf(a.asSupervisor)?.late()
    expect(snapshot(fake).components[0]).toMatchObject({ bytes: 305, age: 400 })
    expect(book.memoryOf(a.asSupervisor)?.stale).toBe(true)
  })
})

describe('a forecast', () => {
  test('is by what the component was seen to hold, before that by what is said of it', () => {
    const { book, a } = open()
    const next = new FakeComponent('next')
    next.definition.memoryEstimate = 70
    expect(book.forecast(next.asSupervisor, 1_000)).toMatchObject({ expected: 70, isGuess: false })
    a.exits(book)
    expect(book.forecast(a.asSupervisor, 2 ** 40)).toMatchObject({ expected: 300, ceiling: 450, isGuess: false })
  })

  test('of what is unknown is by the largest that is known, loaded or not', () => {
    const { book, a } = open()
    a.holds(book, 2 * SMALL_COMPONENT)
    const unknown = new FakeComponent('unknown')
    const guess = { expected: SMALL_COMPONENT, ceiling: 3 * SMALL_COMPONENT, isGuess: true }
    expect(book.forecast(unknown.asSupervisor, 2 ** 30)).toEqual(guess)
    a.exits(book)
    expect(book.forecast(unknown.asSupervisor, 2 ** 30)).toEqual(guess)
  })
})

describe('figures', () => {
  test('are from before the last change until they are taken again', () => {
    const { book, a, clock, fake } = open()
    const after = (change: () => void): boolean => {
      clock.now += 100
      book.sampled(clock.now)
      clock.now += 1
      change()
      const { changedAt, sampledAt } = snapshot(fake)
      return changedAt > sampledAt
    }
    expect(after(() => {})).toBe(false)
    expect(after(() => book.called(a.asSupervisor))).toBe(false)
    expect(after(() => book.loaded(a.asSupervisor))).toBe(true)
    expect(after(() => book.changed())).toBe(true)
    expect(after(() => a.exits(book))).toBe(true)
  })

  test('of a request to trim are old when it is over, even if it fails', async () => {
    const { book, clock, fake } = open()
    const trim = Promise.withResolvers<void>()
    const during = book.during(trim.promise)
    expect(snapshot(fake).trimming).toBe(1)
    clock.now = 20_000
    trim.reject(new Error('no'))
    await expect(during).rejects.toThrow('no')
    expect(snapshot(fake)).toMatchObject({ trimming: 0, changedAt: 20_000 })
  })
})

describe('a snapshot', () => {
  test('tells when something last became idle', () => {
    const { book, a, clock, fake } = open()
    clock.now = 12_345
    book.idle(a.asSupervisor)
    expect(snapshot(fake).idleAt).toBe(12_345)
  })

  test('shows who is leaving, by its state or because it was condemned, and how much that will free', () => {
    const { book, a, b, fake } = open()
    a.state = { status: 'draining', since: 0 }
    book.condemned(b.asSupervisor)
    expect(snapshot(fake).components.map(({ phase }) => phase)).toEqual(['leaving', 'leaving'])
    expect(snapshot(fake).leaving).toBe(400)
  })

  test('sums the growth of what works, and not of what loads', () => {
    const { book, a, b, clock, fake } = open()
    for (let i = 1; i <= 6; i++) {
      clock.now += 25
      a.holds(book, 300 + 25 * i, clock.now)
      b.holds(book, 100 + 50 * i, clock.now)
    }
    expect(snapshot(fake).workGrowth).toBeCloseTo(3)
    b.state = { status: 'loading', since: 0 }
    expect(snapshot(fake).workGrowth).toBeCloseTo(1)
  })

  test('takes only dependents that are loaded', () => {
    const { book, a, fake } = open()
    expect(snapshot(fake).components[1]?.candidate.dependents).toEqual(['a'])
    a.exits(book)
    expect(snapshot(fake).components[0]?.candidate.dependents).toEqual([])
  })

  test('knows what was promised to a load, until that is over, has been measured since, and a second has passed', () => {
    const { book, a, clock, fake } = open()
    a.definition.memoryEstimate = 200
    const promised = (): number | undefined => snapshot(fake).components[0]?.promised
    const load = book.reserve(a.asSupervisor, 1_000)
    expect(promised()).toBe(200)
    load[Symbol.dispose]()
    clock.now += RETRY
    expect(promised()).toBe(200)
    a.holds(book, 250, clock.now)
    expect(promised()).toBe(0)
  })
})

test('growth is told of those that run, without what they report', () => {
  const { book, a, b, fake } = open()
  b.definition.memoryLimit = 200
  b.activity.reported = 30
  b.holds(book, 100)
  fake.still.add(a.host)
  const ofB = book.headroom.growths(1_000)
  expect(ofB).toMatchObject([{ total: 100, memoryLimit: 200 }])
  fake.still.clear()
  expect(book.headroom.growths(1_000)[0]).toMatchObject({ total: 300, memoryLimit: 1_000 })
})

test('the least room is that of those who are at work, or were of late', () => {
  const { book, a, b, fake } = open()
  fake.still.add(a.host)
  fake.still.add(b.host)
  expect(book.headroom.least).toBeUndefined()
  a.inUse = 1
  expect(book.headroom.least).toBe(Number.POSITIVE_INFINITY)
  a.definition.memoryLimit = 1_000
  expect(book.headroom.least).toBe(700)
  b.definition.memoryLimit = 150
  expect(book.headroom.least).toBe(700)
  fake.still.delete(b.host)
  expect(book.headroom.least).toBe(50)
  a.inUse = 0
  b.state = { status: 'loading', since: 0 }
  fake.still.add(b.host)
  expect(book.headroom.least).toBe(50)
})

test('members of a limited family share what is left of it', () => {
  const { book, a, b } = open()
  const family = { name: 'f', limits: { name: 'f', maxMemory: 450, maxLoaded: undefined } }
  // What members hold is added up when all are looked at.
  const room = (): number => [...book.targets()].find(({ worker }) => worker === a.host)?.room ?? Number.NaN
  Object.assign(a.definition, { family })
  expect(room()).toBe(150)
  Object.assign(b.definition, { family })
  expect(room()).toBe(50)
  a.definition.memoryLimit = 320
  expect(room()).toBe(20)
})
