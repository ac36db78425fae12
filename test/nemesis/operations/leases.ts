import { operation } from '../actions.ts'
import { pause } from '../world.ts'
import type { Victim } from '../world.ts'
import { allowedFor, anybody } from './calls.ts'

export const leases = [
  operation('lease', 6, (random) => {
    const name = random.pick(anybody)
    const ms = random.int(10, 600)
    return async (world) => {
      const outcome = await world.attempt(`acquire(${name})`, allowedFor(name), async () => {
        world.victim(name)
        return world.coordinator.acquire(name)
      })
      if (!outcome.ok) return
      using lease = outcome.value
      const victim = lease.component as Victim
      const first = await world.call(`run() under a lease of ${name}`, allowedFor(name), async (token) =>
        victim.run(token),
      )
      if (!first.ok) return
      using _hold = world.usage.hold(name, first.value.generation, 'a lease')
      await pause(ms)
      await world.call(`run() at the end of a lease of ${name}`, allowedFor(name), async (token) => victim.run(token))
    }
  }),
]
