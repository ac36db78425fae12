import { describe, expect, test } from 'vitest'
import { freeMemory } from '../../src/memory/act/free-memory.ts'
import type { FreeMemoryEffects } from '../../src/memory/act/free-memory.ts'
import type { UnloadCandidate } from '../../src/memory/decide/policy.ts'
import { priorityIdle } from '../../src/memory/decide/policy-priority-idle.ts'
import { planUnload } from '../../src/memory/decide/plan.ts'
import { unloadRound } from '../../src/memory/act/unload-round.ts'
import type { RoundEffects } from '../../src/memory/act/unload-round.ts'

const candidate = (name: string, bytes: number, more: Partial<UnloadCandidate> = {}): UnloadCandidate => ({
  name,
  loaded: true,
  inUse: false,
  pinned: false,
  priority: 50,
  bytes,
  idleTime: 1_000,
  minIdleTime: 0,
  residentTime: 1_000,
  minResidency: 0,
  dependents: [],
  reloadCost: 10,
  ...more,
})

/** Components of ten bytes each; `over` bytes are too many. What is called "busy" is found in use when it is to go. */
class World implements RoundEffects, FreeMemoryEffects {
  readonly policy = priorityIdle
  readonly unloaded: string[] = []
  samples = 0
  over: number
  names: string[]

  constructor(over: number, ...names: string[]) {
    this.over = over
    this.names = names
  }
  async sample(): Promise<void> {
    this.samples++
  }
  need(): number {
    return this.over
  }
  candidates(): UnloadCandidate[] {
    return this.names.map((name) => candidate(name, 10, { minResidency: 60_000 }))
  }
  plan(need: number) {
    return planUnload(this.policy, this.candidates(), 'critical', need)
  }
  take(name: string): boolean {
    if (name.startsWith('busy')) return false
    this.names = this.names.filter((other) => other !== name)
    this.unloaded.push(name)
    this.over -= 10
    return true
  }
  async unload(name: string): Promise<never> {
    return this.result(this.take(name)) as never
  }
  result: (gone: boolean) => unknown = (gone) => gone
}

describe('a round', () => {
  test('does nothing when there is no need', async () => {
    const world = new World(0, 'a', 'b')
    expect(await unloadRound(world)).toBeUndefined()
    expect(world.samples).toBe(0)
  })

  test('unloads one by one, measures after each, and stops as soon as enough is free', async () => {
    const world = new World(25, 'a', 'b', 'c', 'd', 'e')
    const result = await unloadRound(world)
    expect(result).toMatchObject({ unloaded: ['a', 'b', 'c'], missing: 0, plan: { need: 25 } })
    expect(world.samples).toBe(3)
  })

  test('stops early when more came free than was planned', async () => {
    const world = new World(25, 'a', 'b', 'c')
    const take = world.take.bind(world)
    world.take = (name) => {
      world.over -= 20
      return take(name)
    }
    expect(await unloadRound(world)).toMatchObject({ unloaded: ['a'] })
  })

  test('goes on to the next when one got in use, and says what is missing', async () => {
    const world = new World(30, 'a', 'busy', 'c')
    expect(await unloadRound(world)).toMatchObject({ unloaded: ['a', 'c'], missing: 10 })
  })
})

test('a round whose victims all stayed takes others instead', async () => {
  const world = new World(10, 'busy', 'a', 'b')
  const take = world.take.bind(world)
  world.take = (name) => {
    // It is known by then that it cannot go.
    if (name === 'busy') world.names = ['a', 'b']
    return take(name)
  }
  expect(await unloadRound(world)).toMatchObject({ unloaded: ['a'], missing: 0 })
})

test('a round whose victims stayed, and could go all the same, takes nothing in their place', async () => {
  const world = new World(10, 'busy')
  const plan = world.plan.bind(world)
  let rounds = 0
  world.plan = (need) => {
    // Others would be chosen beside it the next time.
    if (rounds++ > 0) world.names = ['busy', 'x', 'y']
    return plan(need)
  }
  expect(await unloadRound(world)).toMatchObject({ unloaded: [], missing: 10 })
})

describe('freeing memory', () => {
  const free = (world: World, bytes: number, signal?: AbortSignal) => {
    world.result = (gone) => (gone ? { bytes: 10, reported: Promise.resolve() } : undefined)
    return freeMemory(bytes, world, signal)
  }

  test('unloads until so much is free, whatever the minimum residency', async () => {
    const world = new World(0, 'a', 'b', 'c')
    expect(await free(world, 15)).toEqual({ satisfied: true, freed: 20, shortfall: 0, unloaded: ['a', 'b'] })
  })

  test('takes another when one got in use, and says what is missing', async () => {
    const world = new World(0, 'a', 'busy', 'c')
    expect(await free(world, 15)).toMatchObject({ satisfied: true, unloaded: ['a', 'c'] })
    expect(await free(world, 15)).toEqual({ satisfied: false, freed: 0, shortfall: 15, unloaded: [] })
  })

  test('counts nothing for a worker that did not die', async () => {
    const world = new World(0, 'zombie', 'b')
    world.result = () => ({ bytes: world.unloaded.at(-1) === 'zombie' ? 0 : 10, reported: Promise.resolve() })
    expect(await freeMemory(15, world)).toEqual({
      satisfied: false,
      freed: 10,
      shortfall: 5,
      unloaded: ['b', 'zombie'],
    })
  })

  test('waits until the memory was given back', async () => {
    const world = new World(0, 'a')
    const given = Promise.withResolvers<void>()
    world.result = () => ({ bytes: 10, reported: given.promise })
    let done = false
    const freeing = freeMemory(5, world).then(() => (done = true))
    await new Promise((resolve) => setImmediate(resolve))
    expect(done).toBe(false)
    given.resolve()
    await freeing
  })

  test('stops between two unloads when aborted', async () => {
    const world = new World(0, 'a', 'b', 'c')
    const controller = new AbortController()
    const reason = new Error('enough')
    const take = world.take.bind(world)
    world.take = (name) => {
      controller.abort(reason)
      return take(name)
    }
    await expect(free(world, 25, controller.signal)).rejects.toBe(reason)
    expect(world.unloaded).toEqual(['a'])
  })
})
