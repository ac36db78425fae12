import { describe, expect, test } from 'vitest'
import { worthAsking } from '../../../../src/memory/decide/questions.ts'
import type { Silent } from '../../../../src/memory/decide/questions.ts'
import { FASTEST_GROWTH, SAMPLES_AHEAD } from '../../../../src/memory/tuning.ts'

/** Bytes that can have been taken in a ms of work, as many times as a look is to see them coming. */
const perMs = FASTEST_GROWTH * SAMPLES_AHEAD
const far = 1_000 * perMs
const one = (unseen: number, more: Partial<Silent> = {}): Silent => ({ unseen, isRunning: false, room: far, ...more })
const ask = (silent: readonly Silent[], room = far, allowance = 0) => worthAsking(silent, room, allowance)

describe('a question is put', () => {
  test('to one that runs, which wakes nobody', () => {
    const [sleeps, runs] = [one(5), one(5, { isRunning: true })]
    expect(ask([sleeps, runs])).toEqual({ asked: [runs], spent: 0 })
  })

  test('to one that has never been measured', () => {
    const fresh = one(Number.POSITIVE_INFINITY, { room: Number.POSITIVE_INFINITY })
    expect(ask([fresh, one(5)]).asked).toEqual([fresh])
  })

  test('to one that sleeps if it can have come near a limit of its own', () => {
    const near = one(5, { room: 5 * perMs })
    expect(ask([near, one(5, { room: 5.1 * perMs })]).asked).toEqual([near])
    const past = one(1, { room: -1 })
    expect(ask([past]).asked).toEqual([past])
  })

  test('to all if together they can have come near the limit of all', () => {
    const all = [one(5), one(5), one(5)]
    expect(ask(all, 15 * perMs).asked).toEqual(all)
    expect(ask(all, 15.1 * perMs).asked).toEqual([])
    expect(ask(all, 0).asked).toEqual(all)
  })

  test('to the others in turn, as many as are allowed, who has worked longest first', () => {
    const [a, b, c] = [one(2), one(7), one(5)]
    expect(ask([a, b, c], far, 2.9)).toEqual({ asked: [b, c], spent: 2 })
    expect(ask([a, b, c], far, 0.9)).toEqual({ asked: [], spent: 0 })
    const runs = one(9, { isRunning: true })
    expect(ask([a, runs], far, 5)).toEqual({ asked: [runs, a], spent: 1 })
  })
})
