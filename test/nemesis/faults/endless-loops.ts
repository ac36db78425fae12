import { withCallOptions } from '../../../src/index.ts'
import { fault } from '../actions.ts'
import { allowedFor, alsoAllowed, anybody } from '../operations/calls.ts'
import { names } from '../roster.ts'
import { pause } from '../world.ts'

export const endlessLoops = [
  fault('endless loop within a deadline', 1, (random) => {
    const name = random.pick(anybody)
    const timeout = random.int(50, 300)
    return async (world) => {
      world.culprits.mayDie(name, 'stuck', 'terminated')
      await world.call(
        `spin() of ${name} within ${timeout} ms`,
        alsoAllowed(name, ['ERR_CALL_TIMEOUT']),
        async (token) => withCallOptions(world.victim(name), { timeout }).spin(token),
        timeout,
      )
    }
  }),
  fault('endless loop under a watchdog', 0.5, () => async (world) => {
    const name = names.plain
    world.culprits.mayDie(name, 'stuck', 'terminated')
    await world.call(`spin() of ${name}`, allowedFor(name), async (token) => world.victim(name).spin(token))
  }),
  fault('endless loop that is unloaded', 0.7, (random) => {
    const name = random.pick(anybody)
    const deadline = random.pick([0, 20, 100, 300])
    return async (world) => {
      world.culprits.mayDie(name, 'stuck', 'terminated')
      let began = (): boolean => false
      const state = { over: false }
      const spinning = world.call(`spin() of ${name}, to be unloaded`, allowedFor(name), async (token) => {
        began = () => Atomics.load(world.executions.counts, token) > 0
        return world.victim(name).spin(token)
      })
      const settled = spinning.then(() => void (state.over = true))
      while (!began() && !state.over) await pause(10)
      const late = world.deadline(`a call of ${name} that is unloaded within ${deadline} ms`, deadline)
      const gone = { codes: ['ERR_COMPONENT_NOT_FOUND'] }
      const unloaded = state.over
        ? undefined
        : world.attempt(`unloadComponent(${name}, ${deadline}) while it loops`, gone, async () =>
            world.coordinator.unloadComponent(name, { deadline }),
          )
      await settled
      late()
      await unloaded
    }
  }),
]
