import { describe, expect, it } from 'vitest'
import { ComponentCrashedError } from '../../src/index.ts'
import type { CrashEvent, Remote } from '../../src/index.ts'
import { sharedCoordinator, sink, until } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()
const bystander = coordinator.registerComponent<KitchenSink>(sink('bystander'))
const crashes: CrashEvent[] = []
coordinator.on('crash', (event) => crashes.push(event))

interface Death {
  readonly how: string
  readonly kill: (remote: Remote<KitchenSink>, name: string) => Promise<unknown>
  readonly expected: object
  /** An unload is no crash. */
  readonly event?: false
}

const deaths: Death[] = [
  {
    how: 'process.exit(0)',
    kill: async (remote) => remote.exit(0),
    expected: { reason: 'exit', exitCode: 0, message: expect.stringContaining('exited with code 0') as string },
  },
  { how: 'process.exit(5)', kill: async (remote) => remote.exit(5), expected: { reason: 'exit', exitCode: 5 } },
  {
    how: 'an uncaught throw',
    kill: async (remote) => remote.throwLate(),
    expected: {
      reason: 'error',
      cause: expect.objectContaining({ name: 'TypeError', message: 'thrown late' }) as Error,
    },
  },
  {
    how: 'an unhandled rejection',
    kill: async (remote) => remote.rejectLate(),
    expected: { reason: 'error', cause: expect.objectContaining({ message: 'rejected late' }) as Error },
  },
  { how: 'out of memory', kill: async (remote) => remote.exhaust(), expected: { reason: 'out-of-memory' } },
  {
    how: 'an unload whose deadline passes',
    kill: async (_, name) => coordinator.unloadComponent(name, { deadline: 20 }),
    expected: { reason: 'terminated' },
    event: false,
  },
  {
    how: 'for(;;), unloaded by its deadline',
    kill: async (remote, name) => {
      void remote.spin().catch(() => {})
      return coordinator.unloadComponent(name, { deadline: 20 })
    },
    expected: { reason: 'terminated' },
    event: false,
  },
]

describe.each(deaths)('death by $how', ({ how, kill, expected, event }) => {
  it('settles everything under way, and is over with the next call', async () => {
    const name = `dies-by-${how}`
    const resourceLimits = { maxOldGenerationSizeMb: 48, maxYoungGenerationSizeMb: 4 }
    const remote = coordinator.registerComponent<KitchenSink>(sink(name, { resourceLimits, disposeTimeout: 500 }))
    await remote.add(1, 1)
    await bystander.add(1, 1)
    crashes.length = 0

    const calls = Array.from({ length: 50 }, async () => remote.never())
    const errors = Promise.all(calls.map(async (call) => call.catch((error: unknown) => error)))
    const stream = await remote.endless()
    expect(await stream.next()).toEqual({ value: 0, done: false })
    const reader = readAll(stream)
    const counter = await remote.makeCounter()
    const callback = counter.never().catch((error: unknown) => error)
    const disturbed = bystander.sleep(300)

    const killed = kill(remote, name).catch((error: unknown) => error)
    await until(() => coordinator.info(name).state !== 'ready')

    for (const error of await errors) {
      expect(error).toBeInstanceOf(ComponentCrashedError)
      expect(error).toMatchObject({ ...expected, component: name, generation: 1, outcome: 'unknown' })
    }
    expect(await reader).toMatchObject({ ...expected, component: name, code: 'ERR_COMPONENT_CRASHED' })
    expect(await callback).toMatchObject({ ...expected, component: `${name}:callback`, code: 'ERR_COMPONENT_CRASHED' })
    await killed
    expect(await remote.generation()).toBe(2)
    expect(await disturbed).toBe('slept')
    expect(await bystander.generation()).toBe(1)
    expect(crashes).toHaveLength(event === false ? 0 : 1)
    expect(coordinator.info(name)).toMatchObject({ state: 'ready', crashes: event === false ? 0 : 1, inUse: 0 })
    await coordinator.unregisterComponent(name)
  })
})

describe('after the death of a worker', () => {
  it('its calls settle within a second', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('timed'))
    await remote.add(1, 1)
    const died = Promise.withResolvers<number>()
    coordinator.once('crash', () => died.resolve(performance.now()))
    const settled = remote.never().catch(() => performance.now())
    await remote.exit(1).catch(() => {})
    expect(Math.abs((await settled) - (await died.promise))).toBeLessThan(1_000)
  })

  it('answers that had been sent count', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('last-words'))
    await remote.add(1, 1)
    const results = await Promise.allSettled([remote.add(1, 2), remote.add(3, 4), remote.throwLate(), remote.add(5, 6)])
    expect(results.map((result) => (result.status === 'fulfilled' ? result.value : result.status))).toEqual([
      3,
      7,
      undefined,
      11,
    ])
    await until(() => coordinator.info('last-words').state === 'unloaded')
  })

  it('values that a stream had delivered are read before its end', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('streamed'))
    const stream = await remote.numbers(1_000)
    expect(await stream.next()).toEqual({ value: 0, done: false })
    await until(async () => (await remote.produced()) >= 16)
    await remote.exit(0).catch(() => {})
    const values: number[] = []
    await expect(
      (async () => {
        for await (const value of stream) values.push(value)
      })(),
    ).rejects.toMatchObject({ reason: 'exit' })
    expect(values.length).toBeGreaterThanOrEqual(15)
    expect(values).toEqual(values.map((_, index) => index + 1))
  })

  it('the error tells where the call was made', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('traced'))
    await remote.add(1, 1)
    const error = await remote.exit(1).catch((error: unknown) => error as Error)
    expect((error as Error).stack).toContain('death.test.ts')
    expect((error as Error).stack).toMatch(/^ComponentCrashedError: /)
  })

  it('calls that wait while it backs off are told', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(
      sink('brittle', { restart: { intensity: 0, backoff: 20_000 } }),
    )
    await remote.add(1, 1)
    await remote.exit(1).catch(() => {})
    await expect(remote.add(1, 1)).rejects.toMatchObject({
      code: 'ERR_COMPONENT_FAILED',
      cause: { code: 'ERR_COMPONENT_CRASHED', reason: 'exit' },
    })
    coordinator.resetComponent('brittle')
    expect(await remote.generation()).toBe(2)
  })
})

async function readAll(stream: AsyncIterable<unknown>): Promise<unknown> {
  try {
    let last: unknown
    for await (const value of stream) last = value
    return last
  } catch (error) {
    return error
  }
}
