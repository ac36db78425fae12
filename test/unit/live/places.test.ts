import { describe, expect, it } from 'vitest'
import { Places } from '../../../src/live/places.ts'
import type { Place } from '../../../src/live/places.ts'

const never = new AbortController().signal

/** All places taken, by holders who answer, or do not; `left` has those that had to go. */
async function taken(places: Places, answering: readonly boolean[]): Promise<{ left: number[]; held: Place[] }> {
  const left: number[] = []
  const held: Place[] = []
  for (const [index, answers] of answering.entries()) {
    const place = await places.take(never)
    if (!place) throw new Error('there is none')
    place.holder = { ask: () => answers && queueMicrotask(() => places.heard(place.id)), leave: () => left.push(index) }
    held.push(place)
  }
  return { left, held }
}

const asked = { fresh: 0, answerWithin: 20 }

describe('places', () => {
  it('are given until there are none, and again when one is given back', async () => {
    using places = new Places({ most: 2, fresh: 60_000 })
    const { held } = await taken(places, [true, true])
    expect(await places.take(never)).toBeUndefined()
    held[0]?.[Symbol.dispose]()
    expect(await places.take(never)).toMatchObject({ id: expect.any(String) as string })
    expect(await places.take(never)).toBeUndefined()
    // Given back twice it counts once.
    held[0]?.[Symbol.dispose]()
    expect(await places.take(never)).toBeUndefined()
  })

  it('are taken from as many as are needed of those who do not answer, the one that was silent for longest first', async () => {
    using places = new Places({ most: 4, ...asked })
    const { left } = await taken(places, [true, false, true, false])
    expect(await places.take(never)).toBeDefined()
    expect(left).toEqual([1])
    expect(await Promise.all([places.take(never), places.take(never)])).toMatchObject([{}, {}])
    expect(left).toEqual([1, 3])
  })

  it('are taken from nobody who answers, and whoever wants in is told at once', async () => {
    using places = new Places({ most: 50, fresh: 0, answerWithin: 60_000 })
    const { left } = await taken(
      places,
      Array.from({ length: 50 }, () => true),
    )
    expect(await places.take(never)).toBeUndefined()
    expect(left).toEqual([])
  })

  it('go to who has waited for longest when one is given back meanwhile', async () => {
    using places = new Places({ most: 1, fresh: 0, answerWithin: 60_000 })
    const { held, left } = await taken(places, [false])
    const waiting = [places.take(never), places.take(never)]
    held[0]?.[Symbol.dispose]()
    const first = await waiting[0]
    expect(first).toBeDefined()
    first?.[Symbol.dispose]()
    expect(await waiting[1]).toBeDefined()
    expect(left).toEqual([])
  })

  it('are not given to who has gone, and nobody waits when it is over', async () => {
    const places = new Places({ most: 1, fresh: 0, answerWithin: 60_000 })
    const { left } = await taken(places, [false])
    const gone = new AbortController()
    const waiting = [places.take(gone.signal), places.take(never)]
    gone.abort()
    expect(await waiting[0]).toBeUndefined()
    expect(await places.take(gone.signal)).toBeUndefined()
    places[Symbol.dispose]()
    expect(await waiting[1]).toBeUndefined()
    expect(left).toEqual([])
  })

  it('are not waited for by more than some', async () => {
    using places = new Places({ most: 1, fresh: 0, answerWithin: 60_000 })
    await taken(places, [false])
    const waiting = Array.from({ length: 64 }, async () => places.take(never))
    expect(await places.take(never)).toBeUndefined()
    places[Symbol.dispose]()
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => undefined))
  })

  it('are not known by any other id', () => {
    using places = new Places({ most: 1 })
    expect(places.heard('nobody')).toBe(false)
  })
})
