import { setImmediate } from 'node:timers/promises'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Measurement } from '../../../../src/memory/measure/measurement.ts'
import { Sampling } from '../../../../src/memory/measure/sampling.ts'
import { ANSWER_TIME, SHORTEST_LOOK } from '../../../../src/memory/tuning.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'hrtime'] }))

/** What was begun and what is over, each measurement when a test says so. */
function open() {
  const events: string[] = []
  const underWay: PromiseWithResolvers<void>[] = []
  const clock = { now: 1_000 }
  const begin = async (what: string): Promise<void> => {
    events.push(what)
    const work = Promise.withResolvers<void>()
    underWay.push(work)
    await work.promise
  }
  const measurement = {
    measureAll: async (patience: number) => begin(`all ${patience}`),
    update: async (patience: number) => begin(`changed ${patience}`),
    look: () => 3,
  }
  const logger = pino({ level: 'silent' })
  const error = vi.spyOn(logger, 'error')
  const sampling = new Sampling({
    measurement: measurement as unknown as Measurement,
    logger,
    now: () => clock.now,
    interval: () => 60_000,
    watch: () => 50,
    begins: () => {},
    sampled: (askedAt) => events.push(`sampled ${askedAt}`),
  })
  /** The oldest measurement under way is over, and what follows from that. */
  const finish = async (): Promise<void> => {
    underWay.shift()?.resolve()
    await vi.advanceTimersByTimeAsync(0)
    // What is told of a sample is told in a turn of its own.
    await setImmediate()
    await vi.advanceTimersByTimeAsync(0)
  }
  afterEach(() => sampling.stop())
  return { events, underWay, clock, sampling, error, finish }
}
afterEach(() => void vi.useRealTimers())

const [all, changed] = [`all ${ANSWER_TIME}`, `changed ${SHORTEST_LOOK}`]

describe('samples', () => {
  test('asked for ask all workers; those of their own accord only those that have run', async () => {
    const { events, clock, sampling, finish } = open()
    const sample = sampling.sample()
    clock.now = 1_080
    await finish()
    await sample
    // They are true as of when they were asked for, and tell how long they took.
    expect(events).toEqual([all, 'sampled 1000'])
    expect(sampling.time).toBe(80)
    sampling.request()
    await finish()
    expect(events.slice(2)).toEqual([changed, 'sampled 1080'])
  })

  test('are never two at a time: one that is under way is joined where it is as thorough', async () => {
    const { events, underWay, sampling, finish } = open()
    const both = Promise.all([sampling.sample(), sampling.sample()])
    sampling.request()
    expect(underWay).toHaveLength(1)
    await finish()
    await both
    expect(events).toEqual([all, 'sampled 1000'])
  })

  test('of all wait for one that is not as thorough', async () => {
    const { events, sampling, finish } = open()
    sampling.request()
    const sample = sampling.sample()
    expect(events).toEqual([changed])
    await finish()
    expect(events).toEqual([changed, 'sampled 1000', all])
    await finish()
    await sample
    expect(events.at(-1)).toBe('sampled 1000')
  })

  test('from now on do not join one that may have asked before', async () => {
    const { events, clock, sampling, finish } = open()
    const first = sampling.sample()
    clock.now = 1_010
    const anew = sampling.anew()
    await finish()
    await first
    await finish()
    await anew
    expect(events).toEqual([all, 'sampled 1000', changed, 'sampled 1010'])
  })

  test('that fail are logged, and others follow', async () => {
    const { events, underWay, sampling, error, finish } = open()
    sampling.request()
    const failure = new Error('no')
    underWay.shift()?.reject(failure)
    await vi.advanceTimersByTimeAsync(0)
    expect(error).toHaveBeenCalledExactlyOnceWith({ err: failure }, expect.any(String))
    sampling.request()
    await finish()
    expect(events).toEqual([changed, changed, 'sampled 1000'])
  })

  test('are taken by nobody but those who ask once it is stopped', async () => {
    const { events, sampling, finish } = open()
    sampling.stop()
    sampling.request()
    sampling.poke(25)
    await vi.advanceTimersByTimeAsync(120_000)
    expect(events).toEqual([])
    const sample = sampling.sample()
    await finish()
    await sample
    expect(events).toEqual([all, 'sampled 1000'])
  })
})
