import { fault } from '../actions.ts'
import { names } from '../roster.ts'
import { allowedFor, anybody } from '../operations/calls.ts'
import { liveWorker } from './workers.ts'

export const crashes = [
  fault('process.exit', 3, (random) => {
    const name = random.pick(anybody)
    const code = random.pick([0, 1, 7])
    return async (world) => {
      world.culprits.mayDie(name, 'exit')
      await world.call(`exit(${code}) of ${name}`, allowedFor(name), async (token) =>
        world.victim(name).exit(token, code),
      )
    }
  }),
  fault('throw in a timer', 2, (random) => {
    const name = random.pick(anybody)
    const method = random.pick(['throwLate', 'rejectLate'] as const)
    return async (world) => {
      world.culprits.mayDie(name, 'error')
      await world.call(`${method}() of ${name}`, allowedFor(name), async (token) => world.victim(name)[method](token))
    }
  }),
  fault('out of memory', 0.3, () => async (world) => {
    const name = names.limited
    world.culprits.mayDie(name, 'out-of-memory', 'memory-limit')
    await world.call(`exhaust() of ${name}`, allowedFor(name), async (token) => world.victim(name).exhaust(token))
  }),
  fault('memory limit', 0.7, () => async (world) => {
    const name = names.limited
    world.culprits.mayDie(name, 'memory-limit')
    await world.call(`grow() of ${name}`, allowedFor(name), async (token) => world.victim(name).grow(token))
  }),
  fault('terminate from outside', 2, (random) => {
    const name = random.pick(anybody)
    return async (world) => {
      const outcome = await world.call(`run() of ${name}`, allowedFor(name), async (token) =>
        world.victim(name).run(token),
      )
      if (!outcome.ok) return
      world.culprits.mayDie(name, 'exit', 'error', 'terminated')
      await liveWorker(outcome.value.thread)?.terminate()
    }
  }),
]
