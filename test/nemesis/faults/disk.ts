import { fault } from '../actions.ts'
import { pause } from '../world.ts'

export const disk = [
  fault('slow disk', 1, (random) => {
    const delay = random.int(5, 300)
    const ms = random.int(100, 1_500)
    return async ({ disk }) => {
      disk.slow(delay)
      await pause(ms)
      disk.slow(0)
    }
  }),
  fault('disk that hangs', 0.5, (random) => {
    const ms = random.int(500, 4_000)
    return async ({ disk }) => {
      disk.hang()
      await pause(ms)
      disk.heal()
    }
  }),
]
