import { operation } from '../actions.ts'
import { names } from '../roster.ts'
import type { World } from '../world.ts'
import { allowedFor, anybody } from './calls.ts'

const mib = 1024 ** 2
const related: ReadonlySet<string> = new Set([names.caller, names.base, names.shy])

/** Nothing that is planned to go is in use, pinned, or needed by what stays, or more important than what goes after it, or stays for no other reason. */
function checkPlan(world: World, level: 'medium' | 'high' | 'critical'): void {
  const { coordinator } = world
  const plan = coordinator.memory.plan(level)
  // Of copies there is more to be said; of those that are the only one it is as of the component.
  const isAlone = ({ name }: { readonly name: string }): boolean =>
    coordinator.list().some((each) => each.name === name && each.instances.length === 1)
  const [victims, kept] = [plan.victims.filter(isAlone), plan.kept.filter(isAlone)]
  const gone = new Set<string>()
  for (const { name } of victims) {
    const info = coordinator.info(name)
    if (info.inUse > 0) world.problem(`${name} is planned to go while in use`)
    if (info.pinned) world.problem(`${name} is planned to go although pinned`)
    const loaded = info.dependents.filter((each) => !gone.has(each) && coordinator.info(each).state === 'ready')
    if (loaded.length > 0) world.problem(`${name} is planned to go before ${loaded.join()}`)
    gone.add(name)
  }
  // Who is needed by others has to wait for them, and those who need it go for its sake.
  const alone = ({ name }: { readonly name: string }): boolean => !related.has(name)
  const priorityOf = ({ name }: { readonly name: string }): number => coordinator.info(name).priority
  const order = victims.filter(alone).map(priorityOf)
  if (order.some((priority, i) => priority > (order[i - 1] ?? Number.POSITIVE_INFINITY)))
    world.problem(`priorities ${order.join()} are planned to go in that order`)
  const spared = kept
    .filter(({ reason }) => reason === 'enough')
    .filter(alone)
    .map(priorityOf)
  if (Math.max(...spared) > Math.min(...order))
    world.problem(`priorities ${spared.join()} are spared, and ${order.join()} are planned to go`)
}

export const memory = [
  operation('memory that is held', 5, (random) => {
    const name = random.pick(anybody)
    const megabytes = random.int(2, 25)
    const kind = random.pick(['hold', 'holdBuffer'] as const)
    return async (world) => {
      // It may be the one that passes a limit.
      world.culprits.mayDie(name, 'memory-limit', 'out-of-memory')
      await world.call(`${kind}(${megabytes}) of ${name}`, allowedFor(name), async (token) =>
        world.victim(name)[kind](token, megabytes),
      )
    }
  }),
  operation('memory that is let go', 3, (random) => {
    const name = random.pick(anybody)
    return async (world) => {
      await world.attempt(`forget() of ${name}`, allowedFor(name), async () => world.victim(name).forget())
    }
  }),
  operation('memory that is reported', 1, (random) => {
    const name = random.pick(anybody)
    const bytes = random.int(0, 20) * mib
    return async (world) => {
      world.culprits.mayDie(name, 'memory-limit')
      await world.call(`report(${bytes}) of ${name}`, allowedFor(name), async (token) =>
        world.victim(name).report(token, bytes),
      )
    }
  }),
  operation('freeMemory', 2, (random) => {
    const bytes = random.int(1, 200) * mib
    const ms = random.chance(0.5) ? random.int(0, 100) : undefined
    return async (world) => {
      const reason = new Error('enough')
      const controller = new AbortController()
      if (ms !== undefined) setTimeout(() => controller.abort(reason), ms)
      await world.attempt(`freeMemory(${bytes})`, { matches: (got) => got === reason }, async () =>
        world.coordinator.memory.freeMemory(bytes, { signal: controller.signal }),
      )
    }
  }),
  operation('sample', 2, () => async (world) => {
    await world.attempt('sample()', {}, async () => {
      const { usage, reservations } = await world.coordinator.memory.sample()
      if (!(usage > 0 && reservations >= 0)) world.problem(`usage is ${usage}, reservations are ${reservations}`)
    })
  }),
  operation('plan', 3, (random) => {
    const level = random.pick(['medium', 'high', 'critical'] as const)
    return (world) => checkPlan(world, level)
  }),
  operation('heap collected in a component', 1, (random) => {
    const name = random.pick([names.plain, names.base, names.pinned])
    return async (world) => {
      await world.attempt(`collect() of ${name}`, {}, async () => world.victim(name).collect())
    }
  }),
]
