import { ComponentCoordinator } from '../../../src/index.ts'
import { operation } from '../actions.ts'
import type victim from '../components/victim.ts'
import { roundLogger } from '../round-logger.ts'

const gib = 1024 ** 3

export const anotherCoordinator = [
  operation('another coordinator', 0.5, (random) => {
    const spareWorkers = random.int(0, 1)
    const calls = random.int(0, 30)
    const unload = random.chance(0.5)
    return async (world) => {
      await using other = new ComponentCoordinator({
        logger: roundLogger(),
        memory: { totalLimit: 4 * gib },
        spareWorkers,
      })
      other.on('crash', ({ reason }) =>
        world.problem(`a component of another coordinator died of '${reason}'`, 'innocent ended'),
      )
      const remote = other.registerComponent<typeof victim>({
        name: 'plain',
        module: new URL('../components/victim.ts', import.meta.url),
        config: world.config,
      })
      const run = async (): Promise<unknown> =>
        world.call('run() at another coordinator', {}, async (token) => remote.run(token))
      await Promise.all(Array.from({ length: calls }, run))
      if (unload)
        await world.attempt('unloadComponent() at another coordinator', {}, async () => other.unloadComponent('plain'))
      await run()
    }
  }),
]
