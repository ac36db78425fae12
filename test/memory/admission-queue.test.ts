import { describe, expect, test } from 'vitest'
import type { AdmissionDecision } from '../../src/memory/decide/admission.ts'
import { AdmissionQueue } from '../../src/memory/act/admission-queue.ts'
import type { AdmissionEffects, LoadRequest } from '../../src/memory/act/admission-queue.ts'
import type { UnloadPlan } from '../../src/memory/decide/plan.ts'

const never = new AbortController().signal
const planOf = (...names: string[]): UnloadPlan => ({
  trigger: 'demand',
  need: 1,
  freed: 1,
  victims: names.map((name) => ({ name, bytes: 1 })),
  kept: [],
  notes: [],
})
const request = (name: string, need: number, more: Partial<LoadRequest> = {}): LoadRequest => ({
  name,
  need,
  mayNeed: need,
  timeout: 10_000,
  ...more,
})

/** Room for 100 bytes, of which `used` are taken; decides by that alone unless told otherwise. */
class Room implements AdmissionEffects {
  used = 0
  /** What loads of unknown size under way may need. */
  others = 0
  time = 0
  readonly reserved: string[] = []
  readonly unloads: string[] = []
  readonly asked: number[] = []
  answer: (need: number) => AdmissionDecision = (need) =>
    this.used + need <= 100 ? { kind: 'admit' } : { kind: 'wait', retryIn: 60_000, plan: planOf() }
  gone: (name: string) => boolean = () => true

  now(): number {
    return this.time
  }
  async refresh(): Promise<void> {
    // Two loads that ask at the same time would both see the same room here.
    await new Promise((resolve) => setImmediate(resolve))
  }
  decide(_request: LoadRequest, need: number, _waited?: number): AdmissionDecision {
    this.asked.push(need)
    return this.answer(need)
  }
  async unload(name: string): Promise<boolean> {
    await Promise.resolve()
    this.unloads.push(name)
    return this.gone(name)
  }
  reserve({ name, need }: LoadRequest): Disposable {
    this.used += need
    this.reserved.push(name)
    return { [Symbol.dispose]: () => void (this.used -= need) }
  }
  possible(): number {
    return this.others
  }
  usage(): { usage: number; limit: number } {
    return { usage: this.used, limit: 100 }
  }
  high(): number {
    return 85
  }
  /** What grows by itself meanwhile. */
  grows = 0
  growth(): number {
    return this.grows
  }
}

describe('admission', () => {
  test('never promises the same bytes to two loads', async () => {
    const room = new Room()
    const queue = new AdmissionQueue(room)
    const admitted: string[] = []
    const loads = Array.from({ length: 5 }, async (_, i) => {
      const reservation = await queue.admit(request(`${i}`, 40), never)
      admitted.push(`${i}`)
      return reservation
    })
    await Promise.race([loads[0], loads[1]])
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(room.used).toBe(80)
    expect(admitted).toEqual(['0', '1'])
    expect(queue.waiting).toBe(3)
    // As much as goes, comes.
    for (let done = 0; done < 5; done++) {
      const reservation = await loads[done]
      expect(room.used).toBeLessThanOrEqual(100)
      reservation?.[Symbol.dispose]()
      queue.changed()
    }
    expect(room.used).toBe(0)
    expect(queue.waiting).toBe(0)
  })

  test('a load that waits lets others that fit go first', async () => {
    const room = new Room()
    room.used = 50
    const queue = new AdmissionQueue(room)
    const large = queue.admit(request('large', 80), never)
    await queue.admit(request('small', 20), never)
    expect(room.reserved).toEqual(['small'])
    room.used = 0
    queue.changed()
    await large
    expect(room.reserved).toEqual(['small', 'large'])
  })

  test('asks again after every single unload, with what is known then', async () => {
    const room = new Room()
    room.used = 100
    room.answer = (need) =>
      room.used + need <= 100 ? { kind: 'admit' } : { kind: 'unload', plan: planOf('a', 'b', 'c') }
    room.gone = () => {
      room.used -= 30
      return true
    }
    await new AdmissionQueue(room).admit(request('x', 50), never)
    expect(room.unloads).toEqual(['a', 'a'])
    expect(room.used).toBe(90)
  })

  test('looks again in a moment when what was to go has got in use', async () => {
    const room = new Room()
    let tries = 0
    room.answer = () => (tries < 3 ? { kind: 'unload', plan: planOf('a') } : { kind: 'admit' })
    room.gone = () => ++tries > 100
    await new AdmissionQueue(room).admit(request('x', 50), never)
    expect(room.unloads).toEqual(['a', 'a', 'a'])
  })

  test('waits as long as it is told, and asks with the time it has waited', async () => {
    const room = new Room()
    const waited: number[] = []
    room.decide = (_request: LoadRequest, _need: number, time = 0): AdmissionDecision => {
      waited.push(time)
      return waited.length < 3 ? { kind: 'wait', retryIn: 5, plan: planOf() } : { kind: 'admit' }
    }
    const admitted = new AdmissionQueue(room).admit(request('x', 50), never)
    room.time = 7
    await admitted
    expect(waited).toEqual([7, 7, 7])
  })

  test('makes room for what a load of unknown size may need, but does not wait for it', async () => {
    const room = new Room()
    room.used = 70
    const unknown = request('x', 10, { mayNeed: 40 })
    room.answer = (need) => {
      if (room.used + need <= 100) return { kind: 'admit' }
      return room.unloads.length === 0
        ? { kind: 'unload', plan: planOf('a') }
        : { kind: 'wait', retryIn: 9, plan: planOf() }
    }
    room.gone = () => {
      room.used -= 5
      return true
    }
    await new AdmissionQueue(room).admit(unknown, never)
    expect(room.asked.map(Math.round)).toEqual([10, 40, 10, 40, 32, 26, 20])
    expect(room.used).toBe(75)
    // Where it would fit anyway nobody is asked to go.
    const empty = new Room()
    await new AdmissionQueue(empty).admit(unknown, never)
    expect(empty.asked).toEqual([10])
  })

  test('makes room for a part of that where there is none for all of it', async () => {
    const room = new Room()
    room.used = 85
    room.answer = (need) => {
      if (room.used + need <= 100) return { kind: 'admit' }
      return need <= 30 ? { kind: 'unload', plan: planOf('a') } : { kind: 'wait', retryIn: 9, plan: planOf() }
    }
    room.gone = () => {
      room.used -= 20
      return true
    }
    await new AdmissionQueue(room).admit(request('x', 10, { mayNeed: 40 }), never)
    expect(room.unloads).toEqual(['a'])
    expect(room.asked.map(Math.round)).toEqual([10, 40, 32, 26, 10, 40, 32, 26, 20])
  })

  test('of several loads of unknown size lets one after the other in when they may not fit together', async () => {
    const room = new Room()
    room.used = 60
    room.others = 20
    const queue = new AdmissionQueue(room)
    const unknown = request('x', 10, { mayNeed: 30 })
    const waiting = queue.admit(unknown, never)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(room.reserved).toEqual([])
    expect(room.asked.slice(0, 2)).toEqual([10, 50])
    room.others = 0
    queue.changed()
    await waiting
    expect(room.reserved).toEqual(['x'])
    // It does not wait for that with all the time it has.
    room.others = 30
    const late = new AdmissionQueue(Object.assign(room, { now: () => (room.time += 6_000) }))
    await late.admit(unknown, never)
  })

  test('a load of unknown size waits where it would lead into high pressure whatever it needs, but not for ever', async () => {
    const room = new Room()
    room.used = 88
    const queue = new AdmissionQueue(room)
    const waiting = queue.admit(request('x', 10, { mayNeed: 30 }), never)
    // One of known size knows that it fits.
    await queue.admit(request('y', 10), never)
    expect(room.reserved).toEqual(['y'])
    room.used = 60
    queue.changed()
    await waiting
    expect(room.reserved).toEqual(['y', 'x'])
    // Nor is it tried while something grows fast.
    room.used = 60
    room.grows = 15
    const growing = queue.admit(request('z', 10, { mayNeed: 30 }), never)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(queue.waiting).toBe(1)
    room.grows = 1
    queue.changed()
    await growing
    room.used = 88
    const late = new AdmissionQueue(Object.assign(room, { now: () => (room.time += 6_000) }))
    await late.admit(request('x', 10, { mayNeed: 30 }), never)
  })

  test('refuses with what is needed, what there is, and who holds it', async () => {
    const room = new Room()
    room.used = 90
    room.answer = () => ({ kind: 'refuse', holders: [{ name: 'a', bytes: 80, why: 'in use' }] })
    const queue = new AdmissionQueue(room)
    const refused = queue.admit(request('x', 50), never)
    await expect(refused).rejects.toMatchObject({
      code: 'ERR_INSUFFICIENT_MEMORY',
      component: 'x',
      needed: 50,
      usage: 90,
      limit: 100,
      holders: [{ name: 'a', bytes: 80, why: 'in use' }],
    })
    expect(queue.waiting).toBe(0)
    // One that was refused holds up nobody.
    room.answer = () => ({ kind: 'admit' })
    await queue.admit(request('y', 5), never)
  })

  test('gives up with the reason of an abort', async () => {
    const room = new Room()
    room.used = 100
    const queue = new AdmissionQueue(room)
    const controller = new AbortController()
    const waiting = queue.admit(request('x', 50), controller.signal)
    await new Promise((resolve) => setTimeout(resolve, 5))
    const reason = new Error('no more')
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    await expect(queue.admit(request('x', 50), controller.signal)).rejects.toBe(reason)
    expect(queue.waiting).toBe(0)
    expect(room.reserved).toEqual([])
  })
})
