import { expect, test } from 'vitest'
import type { Forecast } from '../../../../src/memory/decide/forecast.ts'
import { Reservations } from '../../../../src/memory/account/reservations.ts'

const sized = (expected: number, ceiling: number): Forecast => ({ expected, ceiling, isGuess: false })

interface Clock {
  now: number
  /** When everybody was last measured; undefined: now. */
  measuredAt?: number
}

function open(): { reservations: Reservations<string>; held: Map<string, number>; clock: Clock } {
  const held = new Map<string, number>()
  const clock: Clock = { now: 1_000 }
  return {
    reservations: new Reservations<string>(
      () => clock.now,
      (name) => {
        const bytes = held.get(name)
        return bytes === undefined ? undefined : { bytes, at: clock.measuredAt ?? clock.now }
      },
    ),
    held,
    clock,
  }
}

test('what a component holds already is no longer reserved', () => {
  const { reservations, held } = open()
  using _a = reservations.reserve('a', sized(100, 100))
  using _b = reservations.reserve('b', sized(50, 50))
  expect(reservations.outstanding).toBe(150)
  held.set('a', 30)
  expect(reservations.outstanding).toBe(120)
  held.set('a', 130)
  expect(reservations.outstanding).toBe(50)
})

test('a load that is over may fill the rest for a second', () => {
  const { reservations, held, clock } = open()
  const reservation = reservations.reserve('a', sized(100, 100))
  held.set('a', 40)
  clock.now += 60_000
  expect(reservations.outstanding).toBe(60)
  reservation[Symbol.dispose]()
  expect(reservations.outstanding).toBe(60)
  clock.now += 999
  expect(reservations.outstanding).toBe(60)
  clock.now += 1
  expect(reservations.outstanding).toBe(0)
})

test('one that has not answered since its load keeps what was promised', () => {
  const { reservations, held, clock } = open()
  const reservation = reservations.reserve('a', sized(100, 100))
  held.set('a', 40)
  clock.measuredAt = 999
  reservation[Symbol.dispose]()
  clock.now += 60_000
  expect(reservations.outstanding).toBe(60)
  clock.measuredAt = 1_000
  expect(reservations.outstanding).toBe(0)
})

test('a load that came to no worker leaves nothing', () => {
  const { reservations } = open()
  reservations.reserve('a', sized(100, 100))[Symbol.dispose]()
  expect(reservations.outstanding).toBe(0)
})

test('the end of one load takes nothing from the next one', () => {
  const { reservations, held, clock } = open()
  const first = reservations.reserve('a', sized(100, 100))
  held.set('a', 0)
  first[Symbol.dispose]()
  reservations.drop('a')
  expect(reservations.outstanding).toBe(0)
  using _second = reservations.reserve('a', sized(70, 70))
  first[Symbol.dispose]()
  clock.now += 5_000
  expect(reservations.outstanding).toBe(70)
})

test('what one of unknown size may need beyond is possible until its load is over', () => {
  const { reservations, held } = open()
  const guess = reservations.reserve('a', { expected: 16, ceiling: 100, isGuess: true })
  using _known = reservations.reserve('b', sized(16, 100))
  held.set('a', 0)
  expect(reservations.possible).toBe(84)
  held.set('a', 60)
  expect(reservations.possible).toBe(40)
  guess[Symbol.dispose]()
  expect(reservations.possible).toBe(0)
})

test('tells what was promised to a load, until it has settled', () => {
  const { reservations, held, clock } = open()
  expect(reservations.promisedTo('a')).toBe(0)
  const reservation = reservations.reserve('a', sized(16, 100))
  held.set('a', 20)
  expect(reservations.promisedTo('a')).toBe(16)
  reservation[Symbol.dispose]()
  clock.now += 1_000
  expect(reservations.promisedTo('a')).toBe(0)
})
