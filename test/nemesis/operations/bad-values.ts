import { proxy, withCallOptions } from '../../../src/index.ts'
import { badInput } from '../actions.ts'
import { hostileValue, hostileValues } from '../hostile-values.ts'
import { allowedFor, alsoAllowed, anybody } from './calls.ts'

/** What cannot travel is refused, as what V8 says or as what Spillway says; what can arrives. */
const refused = (reason: unknown): boolean =>
  reason instanceof Error &&
  (reason.name === 'DataCloneError' || reason.name === 'TypeError' || reason.name === 'RangeError')

const refusedMethods = ['noSuchMethod', 'constructor', '__proto__', 'nested', 'hasOwnProperty', 'a.b', ''] as const

export const badValues = [
  badInput('hostile argument', 4, (random) => {
    const name = random.pick(anybody)
    const kind = random.pick(hostileValues)
    return async (world) => {
      await world.call(
        `take(${kind}) of ${name}`,
        alsoAllowed(
          name,
          ['ERR_VALUE', 'ERR_INVALID_OPTIONS'],
          (reason) =>
            refused(reason) || (reason instanceof Error && /^from the (?:getter|handler)/.test(reason.message)),
        ),
        async (token) => world.victim(name).take(token, hostileValue(kind), 2),
      )
    }
  }),
  badInput('hostile result', 4, (random) => {
    const name = random.pick(anybody)
    const kind = random.pick(hostileValues)
    return async (world) => {
      // Whether it could be given back or not: it ran, once. Anything but silence is right.
      await world.attempt(
        `give(${kind}) of ${name}`,
        alsoAllowed(name, [], (reason) => reason instanceof Error),
        async () => world.victim(name).give(world.executions.issue(`give(${kind}) of ${name}`), kind),
      )
    }
  }),
  badInput('hostile error', 4, (random) => {
    const name = random.pick(anybody)
    const kind = random.pick(hostileValues)
    return async (world) => {
      await world.attempt(
        `fail(${kind}) of ${name}`,
        alsoAllowed(name, [], () => true),
        async () => world.victim(name).fail(world.executions.issue(`fail(${kind}) of ${name}`), kind),
      )
    }
  }),
  badInput('hostile error of a callback', 2, (random) => {
    const name = random.pick(anybody)
    const kind = random.pick(hostileValues)
    return async (world) => {
      const callback = proxy((): number => {
        throw hostileValue(kind)
      })
      await world.attempt(
        `a callback for ${name} that throws ${kind}`,
        alsoAllowed(name, [], () => true),
        async () => world.victim(name).callBack(world.executions.issue(`callBack(${kind})`), callback, 1),
      )
    }
  }),
  badInput('hostile value in a stream', 3, (random) => {
    const name = random.pick(anybody)
    const kind = random.pick(hostileValues)
    return async (world) => {
      let seen = 0
      const outcome = await world.attempt(
        `odd(${kind}) of ${name}`,
        alsoAllowed(name, [], (reason) => reason instanceof Error),
        async () => {
          for await (const _ of world.victim(name).odd(world.executions.issue(`odd(${kind}) of ${name}`), kind)) seen++
        },
      )
      if (outcome.ok && seen !== 3)
        world.problem(`a stream of ${name} with ${kind} in it gave ${seen} of 3 values and ended well`)
    }
  }),
  badInput('hostile abort reason', 2, (random) => {
    const name = random.pick(anybody)
    const kind = random.pick(hostileValues)
    const ms = random.int(0, 30)
    return async (world) => {
      const controller = new AbortController()
      setTimeout(() => controller.abort(hostileValue(kind)), ms)
      await world.call(
        `a call of ${name} aborted with ${kind}`,
        alsoAllowed(name, [], () => controller.signal.aborted),
        async (token) => withCallOptions(world.victim(name), { signal: controller.signal }).untilAborted(token),
        ms,
      )
    }
  }),
  badInput('refused method', 3, (random) => {
    const name = random.pick(anybody)
    const method = random.chance(0.7) ? random.pick(refusedMethods) : `computed${random.int(0, 1e9)}`
    return async (world) => {
      await world
        .call(`${method}() of ${name}`, alsoAllowed(name, ['ERR_NO_SUCH_METHOD']), async (token) => {
          const remote = world.victim(name) as unknown as Record<string, (...args: unknown[]) => Promise<never>>
          await remote[method]?.(
            token,
            proxy(() => {}),
          )
          world.problem(`${name} has a method ${method}`)
        })
        .then((outcome) => outcome)
    }
  }),
  badInput('bad option', 2, (random) => {
    const name = random.pick(anybody)
    const value = random.pick([-1, Number.NaN, 'soon', null, {}, 1e12])
    const what = random.pick(['deadline', 'timeout', 'bytes', 'definition', 'lock', 'key'] as const)
    return async (world) => {
      const { coordinator, family } = world
      const bad = value as number
      await world.attempt(
        `${what} ${JSON.stringify(value)}`,
        { ...allowedFor(name), codes: ['ERR_INVALID_OPTIONS', 'ERR_COMPONENT_NOT_FOUND', 'ERR_COMPONENT_DUPLICATE'] },
        async () => {
          switch (what) {
            case 'deadline':
              return coordinator.unloadComponent(name, { deadline: typeof value === 'number' ? -1 : bad })
            case 'timeout':
              return withCallOptions(world.victim(name), { timeout: bad })
            case 'bytes':
              return coordinator.memory.freeMemory(value === 1e12 ? -5 : bad)
            case 'definition':
              return coordinator.registerComponent({ name: 'never', module: 'x', timeout: bad })
            case 'lock':
              return coordinator.locks.acquire('k1', { timeout: Number.NaN })
            case 'key':
              return family.get('')
          }
        },
      )
    }
  }),
]
