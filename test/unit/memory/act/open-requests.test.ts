import { describe, expect, test, vi } from 'vitest'
import { OpenRequests } from '../../../../src/memory/act/open-requests.ts'
import { SMALL_COMPONENT } from '../../../../src/memory/tuning.ts'
import { bookOf, FakeComponent } from '../../../support/fake-components.ts'

const limit = 1_000

function open() {
  const component = new FakeComponent('a')
  component.definition.memoryEstimate = 100
  const { book, clock } = bookOf([component])
  const changed = vi.fn<() => void>()
  const requests = new OpenRequests(book, () => clock.now, changed)
  return { component, supervisor: component.asSupervisor, book, clock, changed, requests }
}
const never = new AbortController().signal

describe('a load', () => {
  test('is told of at once, and seen by the next decision as it is', () => {
    const { component, supervisor, changed, requests } = open()
    component.lastLoadTime = 700
    changed.mockImplementation(() => expect(requests.size).toBe(1))
    void requests.admit(supervisor, never)
    expect(changed).toHaveBeenCalledTimes(1)
    const usual = { kind: 'load', name: 'a', since: 10_000, timeout: 30_000, loadTime: 700 }
    expect(requests.snapshot(limit)).toEqual([{ ...usual, id: 1, need: 100, mayNeed: 100 }])
    expect(requests.nameOf(1)).toBe('a')
    expect(requests.nameOf(2)).toBeUndefined()
  })

  test('of unknown size may need more than it asks for', () => {
    const { component, supervisor, requests } = open()
    component.definition.memoryEstimate = 0
    void requests.admit(supervisor, never)
    const [load] = requests.snapshot(2 ** 40)
    expect(load).toMatchObject({ need: SMALL_COMPONENT, loadTime: 0 })
    expect(load).toHaveProperty('mayNeed', expect.closeTo(2 ** 40, -10))
  })

  test('that is let in counts from that moment on, until it is over', async () => {
    const { supervisor, book, requests } = open()
    const admitted = requests.admit(supervisor, never)
    expect(book.reservations.outstanding).toBe(0)
    requests.admitted(1, limit)
    expect(book.reservations.outstanding).toBe(100)
    expect(requests.size).toBe(0)
    const reservation = await admitted
    reservation[Symbol.dispose]()
  })

  test('that is refused is told what it needed, and who holds it', async () => {
    const { supervisor, requests } = open()
    const admitted = requests.admit(supervisor, never)
    const holders = [{ name: 'b', bytes: 950, why: 'in use' }]
    requests.refused(1, 960, limit, holders)
    await expect(admitted).rejects.toMatchObject({
      code: 'ERR_INSUFFICIENT_MEMORY',
      component: 'a',
      needed: 100,
      usage: 960,
      limit,
      holders,
    })
    expect(requests.size).toBe(0)
  })

  test('that is aborted is no request any more', async () => {
    const { supervisor, book, requests } = open()
    const leaving = new AbortController()
    const admitted = requests.admit(supervisor, leaving.signal)
    leaving.abort(new Error('enough'))
    await expect(admitted).rejects.toThrow('enough')
    expect(requests.size).toBe(0)
    requests.admitted(1, limit)
    expect(book.reservations.outstanding).toBe(0)
    await expect(requests.admit(supervisor, leaving.signal)).rejects.toThrow('enough')
    expect(requests.size).toBe(0)
  })

  test('that is aborted when it has been let in already is let in', async () => {
    const { supervisor, requests } = open()
    const leaving = new AbortController()
    const admitted = requests.admit(supervisor, leaving.signal)
    requests.admitted(1, limit)
    leaving.abort(new Error('too late'))
    expect((await admitted)[Symbol.dispose]).toBeTypeOf('function')
  })

  test('leaves no listener on its signal', async () => {
    const { supervisor, requests } = open()
    const { signal } = new AbortController()
    const removed = vi.spyOn(signal, 'removeEventListener')
    const admitted = requests.admit(supervisor, signal)
    requests.admitted(1, limit)
    await admitted
    expect(removed).toHaveBeenCalledTimes(1)
  })
})

describe('a request for free memory', () => {
  const gone = (bytes: number, reported: Promise<unknown> = Promise.resolve()) => ({ bytes, reported })

  test('tells what is missing still, and who was asked, whether he went or not', async () => {
    const { requests } = open()
    const freeing = requests.free(100, never)
    requests.unloaded(1, 'a', gone(60))
    requests.unloaded(1, 'b', undefined)
    expect(requests.snapshot(limit)).toEqual([{ kind: 'free', id: 1, missing: 40, asked: new Set(['a', 'b']) }])
    requests.settled(1)
    expect(await freeing).toEqual({ satisfied: false, freed: 60, shortfall: 40, unloaded: ['a'] })
  })

  test('is satisfied when so much went, or more', async () => {
    const { requests } = open()
    const freeing = requests.free(100, never)
    requests.unloaded(1, 'a', gone(60))
    requests.unloaded(1, 'b', gone(70))
    requests.settled(1)
    expect(await freeing).toEqual({ satisfied: true, freed: 130, shortfall: 0, unloaded: ['a', 'b'] })
  })

  test('is over when the memory was given back, as far as that can be done', async () => {
    const { requests } = open()
    const reported = Promise.withResolvers<void>()
    const over = vi.fn<() => void>()
    const freeing = requests.free(100, never).then(over)
    requests.unloaded(1, 'a', gone(100, reported.promise))
    requests.settled(1)
    await new Promise((resolve) => setImmediate(resolve))
    expect(over).not.toHaveBeenCalled()
    reported.resolve()
    await freeing
    expect(over).toHaveBeenCalledTimes(1)
  })

  test('that is aborted is no request any more, and what goes after that is not its', async () => {
    const { requests } = open()
    const leaving = new AbortController()
    const freeing = requests.free(100, leaving.signal)
    leaving.abort(new Error('enough'))
    await expect(freeing).rejects.toThrow('enough')
    expect(requests.size).toBe(0)
    requests.unloaded(1, 'a', gone(60))
    requests.settled(1)
  })

  test('gets what there was when nothing is unloaded any more, also one that comes then', async () => {
    const { supervisor, requests } = open()
    const freeing = requests.free(100, never)
    const admitted = requests.admit(supervisor, never)
    requests.unloaded(1, 'a', gone(60))
    requests.stop()
    expect(await freeing).toMatchObject({ satisfied: false, freed: 60 })
    // Nobody decides about loads any more, so nobody keeps them out.
    await admitted
    await requests.admit(supervisor, never)
    expect(requests.size).toBe(0)
    expect(await requests.free(100, never)).toMatchObject({ satisfied: false, freed: 0, shortfall: 100 })
  })
})

test('answers to one kind of request are none to the other', () => {
  const { supervisor, book, requests } = open()
  void requests.admit(supervisor, never)
  void requests.free(100, never)
  requests.settled(1)
  requests.unloaded(1, 'x', undefined)
  requests.admitted(2, limit)
  requests.refused(2, 0, limit, [])
  expect(requests.snapshot(limit).map(({ id, kind }) => `${id} ${kind}`)).toEqual(['1 load', '2 free'])
  expect(book.reservations.outstanding).toBe(0)
})
