import * as Comlink from 'comlink'
import type { Whereabouts } from '../components/victim.ts'
import { operation } from '../actions.ts'
import { pause } from '../world.ts'
import type { World } from '../world.ts'
import { allowedFor, anybody } from './calls.ts'

/** What a stock comlink peer calls. */
interface Stock {
  run(token: number): Whereabouts
  sleep(token: number, ms: number): Whereabouts
  callBack(token: number, callback: (value: number) => number, times: number): number
}

/** comlink keeps the name of an error and drops its code. */
const always: ReadonlySet<string> = new Set([
  'ComponentCrashedError',
  'ComponentFailedError',
  'ComponentLoadError',
  'InsufficientMemoryError',
  'CoordinatorShutdownError',
  'CallTimeoutError',
  'OverloadedError',
  'ComponentNotFoundError',
])
const refusals = { matches: (reason: unknown) => reason instanceof Error && always.has(reason.name) }

/** A call over comlink is never answered once its port is closed: comlink does not notice. */
function overPort(world: World, port: ReturnType<World['coordinator']['createEndpoint']>) {
  const closed = Promise.withResolvers<never>()
  closed.promise.catch(() => {})
  port.once('close', () => {
    const error = new Error('The port of an endpoint was closed')
    // A shutdown closes it, and nothing else but the peer.
    if (world.coordinator.isShutdown) error.name = 'CoordinatorShutdownError'
    closed.reject(error)
  })
  return async <T>(answer: Promise<T>): Promise<T> => Promise.race([answer, closed.promise])
}

export const endpoints = [
  operation('stock comlink', 3, (random) => {
    const name = random.pick(anybody)
    const calls = random.int(0, 4)
    const times = random.int(0, 8)
    const wait = random.int(0, 40)
    const leave = random.pick(['release', 'close', 'forget'] as const)
    return async (world) => {
      const made = await world.attempt(`createEndpoint(${name})`, allowedFor(name), async () => {
        world.victim(name)
        return world.coordinator.createEndpoint(name)
      })
      if (!made.ok) return
      const port = made.value
      const answered = overPort(world, port)
      const remote = Comlink.wrap<Stock>(port)
      for (let i = 0; i < calls; i++) {
        await world.call(`sleep() of ${name} over comlink`, refusals, async (token) =>
          answered(remote.sleep(token, wait)),
        )
      }
      let called = 0
      const callback = Comlink.proxy(() => ++called)
      const outcome = await world.call(`callBack(${times}) of ${name} over comlink`, refusals, async (token) =>
        answered(remote.callBack(token, callback, times)),
      )
      if (outcome.ok && called !== times)
        world.problem(`a callback over comlink was called ${called} times, not ${times}`)
      if (leave === 'release') remote[Comlink.releaseProxy]()
      if (leave === 'close') port.close()
    }
  }),
  operation('stock comlink that hangs up', 1, (random) => {
    const name = random.pick(anybody)
    const after = random.int(0, 60)
    return async (world) => {
      const made = await world.attempt(`createEndpoint(${name})`, allowedFor(name), async () => {
        world.victim(name)
        return world.coordinator.createEndpoint(name)
      })
      if (!made.ok) return
      const token = world.executions.issue(`sleep() of ${name} over comlink, which hangs up`)
      // Never answered: nobody is there any more.
      void Comlink.wrap<Stock>(made.value)
        .sleep(token, 80)
        .catch(() => {})
      await pause(after)
      made.value.close()
    }
  }),
]
