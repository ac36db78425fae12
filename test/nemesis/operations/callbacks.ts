import { releaseProxy } from 'comlink'
import { proxy, withCallOptions } from '../../../src/index.ts'
import { operation } from '../actions.ts'
import { pause } from '../world.ts'
import { allowedFor, alsoAllowed, anybody } from './calls.ts'

const released = (reason: unknown): boolean => reason instanceof DOMException && reason.name === 'AbortError'

export const callbacks = [
  operation('callback', 4, (random) => {
    const name = random.pick(anybody)
    const times = random.int(0, 30)
    return async (world) => {
      let called = 0
      const outcome = await world.call(`callBack(${times}) of ${name}`, allowedFor(name), async (token) =>
        world.victim(name).callBack(
          token,
          proxy(() => ++called),
          times,
        ),
      )
      if (outcome.ok && called !== times)
        world.problem(`a callback of ${name} was called ${called} times, not ${times}`)
      if (called > times) world.problem(`a callback of ${name} was called ${called} times, not at most ${times}`)
    }
  }),
  operation('callback that throws', 2, (random) => {
    const name = random.pick(anybody)
    return async (world) => {
      const thrown = (reason: unknown): boolean => reason instanceof Error && reason.message === 'from the callback'
      await world.call(`callBack() of ${name} with one that throws`, alsoAllowed(name, [], thrown), async (token) => {
        const callback = proxy((): number => {
          throw new Error('from the callback')
        })
        return world
          .victim(name)
          .callBack(token, callback, 1)
          .catch((error: unknown) => {
            if (!thrown(error)) throw error
          })
      })
    }
  }),
  operation('callbacks at once', 1, (random) => {
    const name = random.pick(anybody)
    const times = random.int(100, 3_000)
    return async (world) => {
      await world.call(`callBackAtOnce(${times}) of ${name}`, allowedFor(name), async (token) =>
        world.victim(name).callBackAtOnce(
          token,
          proxy((i) => i),
          times,
        ),
      )
    }
  }),
  operation('callback after the call', 2, (random) => {
    const name = random.pick(anybody)
    const ms = random.int(0, 100)
    return async (world) => {
      await world.call(`callBackLater(${ms}) of ${name}`, allowedFor(name), async (token) =>
        world.victim(name).callBackLater(
          token,
          proxy(() => {}),
          ms,
        ),
      )
    }
  }),
  operation('proxied result', 3, (random) => {
    const name = random.pick(anybody)
    const calls = random.int(0, 5)
    const leave = random.pick(['release', 'forget'] as const)
    const wait = random.int(0, 50)
    return async (world) => {
      const outcome = await world.call(`makeCounter() of ${name}`, allowedFor(name), async (token) =>
        world.victim(name).makeCounter(token),
      )
      if (!outcome.ok) return
      const counter = outcome.value
      for (let i = 1; i <= calls; i++) {
        const step = await world.attempt(`up() of a counter of ${name}`, alsoAllowed(name, [], released), async () =>
          counter.up(1),
        )
        if (step.ok && step.value !== i) world.problem(`a counter of ${name} is at ${step.value}, not ${i}`)
        await pause(wait)
      }
      if (leave === 'release') (counter as unknown as { [releaseProxy](): void })[releaseProxy]()
    }
  }),
  operation('proxied result that comes too late', 2, (random) => {
    const name = random.pick(anybody)
    const timeout = random.int(1, 60)
    return async (world) => {
      await world.call(
        `makeCounterLate() of ${name} within ${timeout} ms`,
        alsoAllowed(name, ['ERR_CALL_TIMEOUT']),
        async (token) => withCallOptions(world.victim(name), { timeout }).makeCounterLate(token, 60),
        timeout,
      )
    }
  }),
]
