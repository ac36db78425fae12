import { operation } from '../actions.ts'
import type { Listener } from '../components/victim.ts'
import { names } from '../roster.ts'
import type { World } from '../world.ts'
import { allowedFor, anybody } from './calls.ts'

/** An object to pass by reference, which counts. */
function listener(world: World, what: string) {
  const seen = { ticks: 0, ends: 0 }
  const { value, arrived } = world.finalized.watch(what, {
    onTick: (): number => ++seen.ticks,
    nested: { onEnd: (): number => ++seen.ends },
  })
  return { seen, arrived, value: value as unknown as Listener }
}

const codesOf = (dependency: string): { readonly codes: readonly string[] } => ({
  codes: dependency === names.shy ? ['ERR_CALL_TIMEOUT', 'ERR_OVERLOADED'] : [],
})

export const handedOn = [
  operation('object by reference', 3, (random) => {
    const name = random.pick(anybody)
    const times = random.int(0, 10)
    return async (world) => {
      const { seen, arrived, value } = listener(world, `an object for ${name}`)
      const outcome = await world.call(`listen(${times}) of ${name}`, allowedFor(name), async (token) =>
        world.victim(name).listen(token, value, times),
      )
      if (!outcome.ok) return
      arrived()
      if (seen.ticks !== times || seen.ends !== 1)
        world.problem(`an object for ${name} was called ${seen.ticks} and ${seen.ends} times, not ${times} and once`)
    }
  }),
  operation('object handed on', 3, (random) => {
    const dependency = random.pick([names.base, names.shy])
    const times = random.int(0, 10)
    return async (world) => {
      const what = `an object for ${names.caller}, handed on to ${dependency}`
      const { seen, arrived, value } = listener(world, what)
      const further = world.executions.issue(`listen() of ${dependency} for ${names.caller}`)
      const outcome = await world.call(`handOn(${dependency})`, codesOf(dependency), async (token) =>
        world.victim(names.caller).handOn(token, value, dependency, further, times),
      )
      if (!outcome.ok) return
      arrived()
      world.executions.judge(further, 'ran')
      if (seen.ticks !== times || seen.ends !== 1)
        world.problem(`${what} was called ${seen.ticks} and ${seen.ends} times, not ${times} and once`)
    }
  }),
  operation('object that is kept', 2, (random) => {
    const name = random.pick(anybody)
    const ms = random.int(0, 300)
    const says = random.chance(0.5)
    return async (world) => {
      const { arrived, value } = listener(world, `an object that ${name} keeps`)
      const outcome = await world.call(`keep() of ${name}`, allowedFor(name), async (token) =>
        world.victim(name).keep(token, value, ms, says),
      )
      if (outcome.ok) arrived()
    }
  }),
]
