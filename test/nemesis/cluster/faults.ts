/** What is done to a cluster. Parameters come from the seed alone; each heals what it did. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../random.ts'
import type { World } from './world.ts'

export interface Fault {
  readonly name: string
  /** How often it is chosen, beside the others. */
  readonly weight: number
  /** @param name of the host that it is done to: no two things are done to one at a time. */
  readonly plan: (random: Random, name: string) => (world: World) => Promise<void>
}

/** Whose connection it is: now and then that of who calls. */
const connected = (random: Random, name: string): string => (random.chance(0.25) ? 'caller' : name)

export const faults: readonly Fault[] = [
  {
    name: 'host killed',
    weight: 3,
    plan: (random, name) => {
      const away = random.int(0, 2_500)
      return async (world) => {
        await world.many.host(name).kill()
        await sleep(away)
        await world.add(name)
      }
    },
  },
  {
    name: 'host stopped and continued',
    weight: 3,
    plan: (random, name) => {
      const times = random.pick([0.2, 0.6, 0.95, 1.1, 1.6, 2.5])
      return async (world) => {
        world.many.host(name).stop()
        await sleep(times * world.claimTtl)
        world.many.host(name).continue()
      }
    },
  },
  {
    name: 'main thread blocked',
    weight: 2,
    plan: (random, name) => {
      const times = random.pick([0.2, 0.5, 0.9, 1.2, 2])
      return async (world) => {
        await world.many.host(name).ask('stall', times * world.claimTtl)
        // It answers after that.
        await world.many.host(name).ask('hosts')
      }
    },
  },
  {
    name: 'connection cut',
    weight: 4,
    plan: (random, name) => {
      const [who, times, pause] = [connected(random, name), random.int(1, 4), random.int(0, 300)]
      return async (world) => {
        for (let i = 0; i < times; i++) {
          world.proxy(who).cut()
          await sleep(pause)
        }
      }
    },
  },
  {
    name: 'server out of reach',
    weight: 2,
    plan: (random, name) => {
      const [who, times] = [connected(random, name), random.pick([0.3, 0.8, 1.2, 2])]
      return async (world) => {
        world.proxy(who).refusing = true
        await sleep(times * world.claimTtl)
        world.proxy(who).refusing = false
      }
    },
  },
  {
    name: 'server restarted',
    weight: 1,
    plan: (random) => {
      const [isKilled, away] = [random.chance(0.5), random.pick([0, 0, 500, 1_500])]
      return async (world) => {
        if (isKilled) await world.server.kill()
        await sleep(isKilled ? away : 0)
        await world.server.restart()
      }
    },
  },
  {
    name: 'high pressure',
    weight: 1,
    plan: (random, name) => {
      const lasts = random.int(500, 2_000)
      return async (world) => {
        await world.many.host(name).ask('press')
        await sleep(lasts)
        await world.many.host(name).ask('relax')
      }
    },
  },
  {
    name: 'left and joined again',
    weight: 2,
    plan: (random, name) => {
      const away = random.int(0, 1_000)
      return async (world) => {
        await world.many.host(name).ask('leave')
        await sleep(away)
        await world.many.host(name).ask('rejoin')
      }
    },
  },
]
