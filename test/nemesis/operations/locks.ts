import { operation } from '../actions.ts'
import { enter, lockNames } from '../exclusion.ts'
import type { Random } from '../random.ts'
import { names } from '../roster.ts'
import { pause } from '../world.ts'
import { alsoAllowed, anybody } from './calls.ts'

const lockErrors = ['ERR_LOCK_TIMEOUT']
const someLocks = (random: Random): string[] => lockNames.filter(() => random.chance(0.6))

export const locks = [
  operation('lock of the main thread', 4, (random) => {
    const lock = random.pick(lockNames)
    const ms = random.int(0, 60)
    const timeout = random.pick([0, 50, 3_000])
    return async (world) => {
      const outcome = await world.attempt(`lock ${lock}`, { codes: lockErrors }, async () =>
        world.coordinator.locks.acquire(lock, { timeout }),
      )
      if (!outcome.ok) return
      using lease = outcome.value
      if (!lease.held) return
      using _inside = enter(world.config.exclusion, lease)
      await pause(ms)
    }
  }),
  operation('lock whose wait is aborted', 1, (random) => {
    const lock = random.pick(lockNames)
    const ms = random.int(0, 50)
    return async (world) => {
      const controller = new AbortController()
      const reason = new Error('waited long enough')
      setTimeout(() => controller.abort(reason), ms)
      const allowed = { codes: lockErrors, matches: (got: unknown) => got === reason }
      const outcome = await world.attempt(`lock ${lock} until aborted`, allowed, async () =>
        world.coordinator.locks.acquire(lock, { signal: controller.signal, timeout: 3_000 }),
      )
      if (!outcome.ok) return
      using lease = outcome.value
      using _inside = enter(world.config.exclusion, lease)
      await pause(0)
    }
  }),
  operation('locks in a session', 2, (random) => {
    const order = random.chance(0.5) ? ['k1', 'k2'] : ['k2', 'k1']
    const ms = random.int(0, 40)
    return async (world) => {
      using session = world.coordinator.locks.session('nemesis')
      for (const lock of order) {
        const outcome = await world.attempt(`lock ${lock} in a session`, { codes: lockErrors }, async () =>
          session.acquire(lock, { timeout: 3_000 }),
        )
        if (!outcome.ok) return
        using _inside = enter(world.config.exclusion, outcome.value)
        await pause(ms)
      }
    }
  }),
  operation('lock of a component', 4, (random) => {
    const name = random.pick(anybody)
    const lock = random.pick(lockNames)
    const ms = random.int(0, 60)
    return async (world) => {
      await world.call(`lock(${lock}) by ${name}`, alsoAllowed(name, lockErrors), async (token) =>
        world.victim(name).lock(token, lock, ms),
      )
    }
  }),
  operation('several locks of a component', 2, (random) => {
    const name = random.pick(anybody)
    const wanted = [random.pick(lockNames), ...someLocks(random)]
    const ms = random.int(0, 60)
    return async (world) => {
      await world.call(`lockAll(${wanted.join()}) by ${name}`, alsoAllowed(name, lockErrors), async (token) =>
        world.victim(name).lockAll(token, wanted, ms),
      )
    }
  }),
  operation('lock behind a dependency', 2, (random) => {
    const [mine, theirs] = random.chance(0.5) ? ['k1', 'k2'] : ['k2', 'k1']
    return async (world) => {
      const further = world.executions.issue(`lock(${theirs}) of ${names.base} for ${names.caller}`)
      const outcome = await world.call(`lockThrough(${mine}, ${theirs})`, { codes: lockErrors }, async (token) =>
        world.victim(names.caller).lockThrough(token, mine, names.base, theirs, further),
      )
      if (outcome.ok) world.executions.judge(further, 'ran')
    }
  }),
]
