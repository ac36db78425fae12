import { operation } from '../actions.ts'
import { familyKeys, memberNames, names, residents } from '../roster.ts'
import { allowedFor, anybody } from './calls.ts'

const mayBeGone = { codes: ['ERR_COMPONENT_NOT_FOUND', 'ERR_SNAPSHOT'] }

export const life = [
  operation('unload by name', 4, (random) => {
    const name = random.pick(anybody)
    const deadline = random.pick([0, 20, 200, 2_000])
    return async (world) => {
      world.culprits.mayDie(name, 'terminated')
      await world.attempt(`unloadComponent(${name}, ${deadline})`, mayBeGone, async () =>
        world.coordinator.unloadComponent(name, { deadline }),
      )
    }
  }),
  operation('recycling', 2, (random) => {
    const name = random.pick(residents)
    return async (world) => {
      const allowed = { codes: [...(allowedFor(name).codes ?? []), 'ERR_SNAPSHOT'] }
      await world.attempt(`recycleComponent(${name})`, allowed, async () => world.coordinator.recycleComponent(name))
    }
  }),
  operation('load', 2, (random) => {
    const name = random.pick(residents)
    return async (world) => {
      await world.attempt(`getComponent(${name})`, allowedFor(name), async () => world.coordinator.getComponent(name))
    }
  }),
  operation('load that is given up', 1, (random) => {
    const name = random.pick(residents)
    const ms = random.int(0, 40)
    return async (world) => {
      const controller = new AbortController()
      const reason = new Error('no longer wanted')
      setTimeout(() => controller.abort(reason), ms)
      await world.attempt(`getComponent(${name}) until aborted`, { matches: (got) => got === reason }, async () =>
        world.coordinator.getComponent(name, { signal: controller.signal }),
      )
    }
  }),
  operation('preload', 1, (random) => {
    const wanted = residents.filter(() => random.chance(0.4))
    return async (world) => {
      const all = (reason: unknown): boolean => reason instanceof AggregateError
      await world.attempt(`preload(${wanted.join()})`, { matches: all }, async () => world.coordinator.preload(wanted))
    }
  }),
  operation('reset', 1, (random) => {
    const name = random.pick(residents)
    return (world) => world.coordinator.resetComponent(name)
  }),
  operation('unregister', 2, () => async (world) => {
    world.culprits.mayDie(names.passing, 'terminated')
    await world.attempt(`unregisterComponent(${names.passing})`, mayBeGone, async () =>
      world.coordinator.unregisterComponent(names.passing),
    )
  }),
  operation('unregister of a member', 1, (random) => {
    const name = random.pick(memberNames)
    return async (world) => {
      world.culprits.mayDie(name, 'terminated')
      await world.attempt(`unregisterComponent(${name})`, mayBeGone, async () =>
        world.coordinator.unregisterComponent(name),
      )
    }
  }),
  operation('release of a member', 2, (random) => {
    const key = random.pick(familyKeys)
    return async (world) => {
      world.culprits.mayDie(world.family.componentName(key), 'terminated')
      await world.attempt(`release(${key})`, mayBeGone, async () => world.family.release(key))
    }
  }),
  operation('release of the family', 1, () => async (world) => {
    for (const key of familyKeys) world.culprits.mayDie(world.family.componentName(key), 'terminated')
    await world.attempt('releaseAll()', mayBeGone, async () => world.family.releaseAll())
  }),
  operation('look', 2, (random) => {
    const name = random.pick(residents)
    return (world) => {
      const { coordinator } = world
      const { inUse, idleTime, lastAccess, since } = coordinator.info(name)
      if (inUse < 0) world.problem(`${name} is in use ${inUse} times`)
      if (!(idleTime >= 0 && idleTime < 600_000)) world.problem(`${name} has been idle for ${idleTime} ms`)
      if (lastAccess !== null && Number.isNaN(lastAccess)) world.problem(`${name} was used at ${lastAccess}`)
      if (Number.isNaN(since)) world.problem(`${name} has been so since ${since}`)
      coordinator.list()
      coordinator.advice()
    }
  }),
]
