import { expect, it } from 'vitest'
import { GuessBrake } from '../../../src/dashboard/guess-brake.ts'

/** A brake with a clock that a test turns. */
function scene(long = true): {
  brake: GuessBrake
  pass: (ms: number) => void
  delays: (address: string, guesses: number) => number[]
} {
  let now = 1_000_000
  const brake = new GuessBrake({ long, now: () => now })
  return {
    brake,
    pass: (ms) => {
      now += ms
    },
    /** Of guesses one after another, each asked when the one before has been answered. */
    delays: (address, guesses) =>
      Array.from({ length: guesses }, () => {
        const braked = brake.wrong(address)
        if (braked.kind === 'refused') return Number.NaN
        now += braked.delay
        return braked.delay
      }),
  }
}

it('holds back the answers to wrong tokens longer and longer, up to some seconds', () => {
  const { delays } = scene()
  expect(delays('a', 10)).toEqual([0, 0, 125, 250, 500, 1_000, 2_000, 4_000, 4_000, 4_000])
})

it('goes by the address, forgets one that was silent for ten minutes, and one that had the right token', () => {
  const { brake, delays, pass } = scene()
  delays('a', 5)
  expect(delays('b', 1)).toEqual([0])
  expect(delays('a', 1)).toEqual([1_000])
  brake.right('a')
  expect(delays('a', 3)).toEqual([0, 0, 125])
  pass(600_000)
  expect(delays('a', 1)).toEqual([0])
})

it('goes by the sum as well: who changes the address with each guess is slowed down too', () => {
  const { brake, pass } = scene()
  const braked = Array.from({ length: 30 }, (_, index) => {
    pass(10_000)
    return brake.wrong(`192.0.2.${index}`)
  })
  expect(braked.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => ({ kind: 'held', delay: 0 })))
  expect(braked[29]).toEqual({ kind: 'held', delay: 4_000 })
})

it('refuses at once what comes while many answers are held back, also where nobody waits for them any more', () => {
  const { brake, pass } = scene()
  const kinds = (address: string, guesses: number): string[] =>
    Array.from({ length: guesses }, () => brake.wrong(address).kind)
  const burst = kinds('a', 100)
  // Two are free, eight are held back.
  expect(burst.filter((kind) => kind === 'held')).toHaveLength(10)
  expect(burst.slice(10)).toEqual(Array.from({ length: 90 }, () => 'refused'))
  for (let each = 0; each < 20; each++) kinds(`b${each}`, 20)
  expect(kinds('c', 1)).toEqual(['refused'])
  expect(brake.retryAfter).toBe(4)
  pass(4_000)
  expect(kinds('c', 1)).toEqual(['held'])
})

it('looks at each token where it is long: nobody is locked out by the guesses of others', () => {
  const { brake } = scene()
  for (let each = 0; each < 10_000; each++) brake.wrong('a')
  expect(brake.open).toBe(true)
})

it('looks at so many a second where it may be short', () => {
  const { brake, pass } = scene(false)
  const looked = (): number => {
    let count = 0
    for (; brake.open && count < 1_000; count++) brake.wrong('a')
    return count
  }
  // Ten that are answered, and a hundred beside.
  expect(looked()).toBe(110)
  expect(brake.open).toBe(false)
  pass(1_000)
  // Four that were held back are over by then.
  expect(looked()).toBe(24)
})

it('remembers a bounded number of addresses', () => {
  const { brake, pass } = scene()
  for (let each = 0; each < 5_000; each++) brake.wrong(`a${each}`)
  expect(brake.addresses).toBe(1_000)
  pass(600_000)
  brake.wrong('new')
  expect(brake.addresses).toBe(1)
})
