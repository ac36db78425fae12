import { collectGarbage } from '../../../src/host/collect-garbage.ts'
import { fault } from '../actions.ts'

export const mainThread = [
  fault('stall of the main thread', 1, (random) => {
    const ms = random.chance(0.8) ? random.int(20, 400) : random.int(400, 2_500)
    return () => {
      const end = performance.now() + ms
      while (performance.now() < end);
    }
  }),
  fault('garbage collection', 1, () => () => collectGarbage()),
]
