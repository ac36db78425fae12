import { fault } from '../actions.ts'
import { allowedFor, anybody } from '../operations/calls.ts'
import { jumpClock, rightClock } from './clock.ts'

const hour = 3_600_000

export const clocks = [
  fault('clock jump', 1, (random) => {
    const by = random.pick([-hour, hour])
    return () => jumpClock(by)
  }),
  fault('clock set right', 0.5, () => rightClock),
  fault('clock jump in a component', 1, (random) => {
    const name = random.pick(anybody)
    const by = random.pick([-hour, hour])
    return async (world) => {
      await world.call(`jumpClock(${by}) of ${name}`, allowedFor(name), async (token) =>
        world.victim(name).jumpClock(token, by),
      )
    }
  }),
]
