import { withCallOptions } from '../../../src/index.ts'
import type { CallOptions } from '../../../src/index.ts'
import { operation } from '../actions.ts'
import type { Allowed } from '../expected-errors.ts'
import type { Random } from '../random.ts'
import { memberNames, names, residents } from '../roster.ts'
import type { Victim, World } from '../world.ts'
import { pause } from '../world.ts'

export const anybody: readonly string[] = [...residents, ...memberNames, names.passing]

/** What any call of that component may be refused with: a deadline or a short queue of its own, or that it is being unregistered. */
export function allowedFor(name: string): Allowed {
  if (name === names.shy) return { codes: ['ERR_CALL_TIMEOUT', 'ERR_OVERLOADED'] }
  if (name === names.passing || memberNames.includes(name)) {
    return { codes: ['ERR_COMPONENT_NOT_FOUND'] }
  }
  return {}
}

export function alsoAllowed(name: string, codes: readonly string[], matches?: (reason: unknown) => boolean): Allowed {
  return { codes: [...(allowedFor(name).codes ?? []), ...codes], ...(matches && { matches }) }
}

type Limit =
  | { readonly by: 'nothing' }
  | { readonly by: 'timeout'; readonly ms: number }
  | { readonly by: 'abort'; readonly ms: number }
  | { readonly by: 'long signal' }
  | { readonly by: 'being loaded' }

function chooseLimit(random: Random): Limit {
  return random.pick<() => Limit>([
    () => ({ by: 'nothing' }),
    () => ({ by: 'timeout', ms: random.int(1, 200) }),
    () => ({ by: 'abort', ms: random.int(0, 100) }),
    () => ({ by: 'long signal' }),
    () => ({ by: 'being loaded' }),
  ])()
}

/** The options of a call, and what it may then reject with. */
function limited(world: World, name: string, limit: Limit): { options: CallOptions; allowed: Allowed; bound?: number } {
  switch (limit.by) {
    case 'nothing':
      return { options: {}, allowed: allowedFor(name) }
    case 'timeout':
      return { options: { timeout: limit.ms }, allowed: alsoAllowed(name, ['ERR_CALL_TIMEOUT']), bound: limit.ms }
    case 'abort': {
      const reason = new Error('given up')
      const controller = new AbortController()
      setTimeout(() => controller.abort(reason), limit.ms)
      return {
        options: { signal: controller.signal },
        allowed: alsoAllowed(name, [], (got) => got === reason),
        bound: limit.ms,
      }
    }
    case 'long signal':
      return { options: { signal: world.longSignal }, allowed: allowedFor(name) }
    case 'being loaded':
      return { options: { ifLoaded: true }, allowed: alsoAllowed(name, ['ERR_COMPONENT_NOT_LOADED']) }
  }
}

/** Calls it with the limit, if it can be had. */
async function callWith<T>(
  world: World,
  name: string,
  limit: Limit,
  what: string,
  body: (victim: Victim, token: number) => Promise<T>,
): Promise<void> {
  const { options, allowed, bound } = limited(world, name, limit)
  await world.call(
    `${what} of ${name} limited by ${limit.by}`,
    allowed,
    async (token) => body(withCallOptions(world.victim(name), options), token),
    bound,
  )
}

export const calls = [
  operation('call', 12, (random) => {
    const name = random.pick(anybody)
    const limit = chooseLimit(random)
    const ms = random.chance(0.5) ? 0 : random.int(1, 80)
    return async (world) => {
      await callWith(world, name, limit, ms === 0 ? 'run()' : `sleep(${ms})`, async (victim, token) =>
        ms === 0 ? victim.nested.run(token) : victim.sleep(token, ms),
      )
    }
  }),
  operation('calls in one turn', 4, (random) => {
    const name = random.pick(anybody)
    const count = random.int(5, 60)
    return async (world) => {
      const each = async (): Promise<unknown> =>
        world.call(`one of ${count} run() of ${name}`, allowedFor(name), async (token) => world.victim(name).run(token))
      await Promise.all(Array.from({ length: count }, each))
    }
  }),
  operation('call that is given up', 3, (random) => {
    const name = random.pick(anybody)
    const method = random.pick(['stubborn', 'untilAborted'] as const)
    const limit: Limit = random.chance(0.5)
      ? { by: 'timeout', ms: random.int(1, 300) }
      : { by: 'abort', ms: random.int(0, 300) }
    return async (world) => {
      await callWith(world, name, limit, method, async (victim, token): Promise<unknown> => victim[method](token))
    }
  }),
  operation('call that keeps its thread', 2, (random) => {
    const name = random.pick(anybody)
    const ms = random.int(5, 150)
    return async (world) => {
      await world.call(`busy(${ms}) of ${name}`, allowedFor(name), async (token) => world.victim(name).busy(token, ms))
    }
  }),
  operation('call through a dependency', 5, (random) => {
    const dependency = random.pick([names.base, names.shy])
    return async (world) => {
      const further = world.executions.issue(`run() of ${dependency} for ${names.caller}`)
      const allowed = { codes: dependency === names.shy ? ['ERR_CALL_TIMEOUT', 'ERR_OVERLOADED'] : [] }
      const outcome = await world.call(`through(${dependency})`, allowed, async (token) =>
        world.victim(names.caller).through(token, dependency, further),
      )
      if (outcome.ok) world.executions.judge(further, 'ran')
    }
  }),
  operation('state that is kept', 4, (random) => {
    const name = random.pick([names.sleeper, names.filer])
    return async (world) => {
      const outcome = await world.call(`bump() of ${name}`, {}, async (token) => world.victim(name).bump(token))
      if (outcome.ok) world.keptState.bumped(name, outcome.value)
    }
  }),
  operation('log lines', 1, (random) => {
    const name = random.pick(anybody)
    const lines = random.int(1, 200)
    return async (world) => {
      await world.call(`log(${lines}) of ${name}`, allowedFor(name), async (token) =>
        world.victim(name).log(token, lines),
      )
    }
  }),
  operation('wait', 2, (random) => {
    const ms = random.int(50, 400)
    return async () => pause(ms)
  }),
]
