import { Readable } from 'node:stream'
import { withCallOptions } from '../../../src/index.ts'
import { operation } from '../actions.ts'
import type { Whereabouts } from '../components/victim.ts'
import { collectGarbage } from '../../../src/host/collect-garbage.ts'
import type { World } from '../world.ts'
import { allowedFor, alsoAllowed, anybody } from './calls.ts'

type Counted = Whereabouts & { readonly i: number }

/** Reads up to `most` values, which must come in order, from one generation, that is not unloaded meanwhile. */
async function readInOrder(world: World, name: string, values: AsyncIterable<Counted>, most: number): Promise<number> {
  let seen = 0
  let generation = 0
  using holds = new DisposableStack()
  for await (const value of values) {
    if (seen === 0) {
      generation = value.generation
      holds.use(world.usage.hold(name, generation, 'a stream that is being read'))
    }
    if (value.i !== seen) world.problem(`a stream of ${name} gave ${value.i} where ${seen} was to come`)
    if (value.generation !== generation) world.problem(`a stream of ${name} changed its generation`)
    seen++
    if (seen >= most) break
  }
  return seen
}

export const streams = [
  operation('stream', 6, (random) => {
    const name = random.pick(anybody)
    const length = random.int(0, 60)
    const ms = random.pick([0, 0, 1, 5])
    const most = random.chance(0.5) ? random.int(1, 40) : Number.POSITIVE_INFINITY
    return async (world) => {
      await world.call(`count(${length}) of ${name}`, allowedFor(name), async (token) => {
        const seen = await readInOrder(world, name, world.victim(name).count(token, length, ms), most)
        if (seen !== Math.min(length, most))
          world.problem(`a stream of ${name} ended after ${seen} of ${length} values`)
      })
    }
  }),
  operation('stream that is aborted', 3, (random) => {
    const name = random.pick(anybody)
    const after = random.int(0, 150)
    return async (world) => {
      const controller = new AbortController()
      const reason = new Error('no more of it')
      setTimeout(() => controller.abort(reason), after)
      await world.call(
        `a stream of ${name} that is aborted`,
        alsoAllowed(name, [], (got) => got === reason),
        async (token) => {
          const remote = withCallOptions(world.victim(name), { signal: controller.signal })
          await readInOrder(world, name, remote.count(token, 10_000, 1), Number.POSITIVE_INFINITY)
          world.problem(`a stream of ${name} ended in silence when it was aborted`)
        },
      )
    }
  }),
  operation('stream that breaks', 2, (random) => {
    const name = random.pick(anybody)
    const after = random.int(0, 40)
    return async (world) => {
      let seen = 0
      await world.attempt(
        `a stream of ${name} that breaks`,
        alsoAllowed(name, [], (reason) => reason instanceof Error && reason.name === 'VictimError' && seen === after),
        async () => {
          const token = world.executions.issue(`breaking() of ${name}`)
          for await (const _ of world.victim(name).breaking(token, after, 'error')) seen++
          world.problem(`a stream of ${name} that broke ended well`)
        },
      )
    }
  }),
  operation('stream that is forgotten', 2, (random) => {
    const name = random.pick(anybody)
    // At least one: a generator that is never asked for a value does not run.
    const values = random.int(1, 5)
    return async (world) => {
      await world.call(`a stream of ${name} that is forgotten`, allowedFor(name), async (token) => {
        const stream = await world.victim(name).count(token, 1_000, 0)
        for (let i = 0; i < values; i++) await stream.next()
      })
    }
  }),
  operation('stream that is closed unread', 2, (random) => {
    const name = random.pick(anybody)
    const how = random.pick(['return', 'destroy', 'dispose'] as const)
    return async (world) => {
      await world.attempt(`a stream of ${name} that is closed by ${how}`, allowedFor(name), async () => {
        const token = world.executions.issue(`count() of ${name}, closed unread`)
        const stream = world.victim(name).count(token, 1_000, 0)
        if (how === 'destroy') {
          const readable = Readable.from(stream)
          readable.on('error', () => {})
          readable.destroy()
          await stream
        } else if (how === 'return') await (await stream).return(undefined)
        else await (await stream)[Symbol.asyncDispose]()
      })
    }
  }),
  operation('next() of a stream that nothing else holds', 2, (random) => {
    const name = random.pick(anybody)
    return async (world) => {
      await world.call(`next() alone of ${name}`, allowedFor(name), async (token) => {
        const step = (await world.victim(name).count(token, 3, 40)).next()
        setTimeout(collectGarbage, 5)
        const { done, value } = await step
        if (done || value.i !== 0)
          world.problem(`next() of ${name} gave ${JSON.stringify({ done, value })} instead of the first value`)
      })
    }
  }),
  operation('stream of proxies, left early', 1, (random) => {
    const name = random.pick(anybody)
    const most = random.int(1, 30)
    return async (world) => {
      await world.call(`proxies() of ${name}`, allowedFor(name), async (token) => {
        let seen = 0
        for await (const _ of world.victim(name).proxies(token, 30)) if (++seen >= most) break
      })
    }
  }),
]
