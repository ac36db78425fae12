import { Worker } from 'node:worker_threads'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { isComponentCrashedError } from '../../src/index.ts'
import type { CrashEvent } from '../../src/index.ts'
import type dependentModule from '../fixtures/dependent.ts'
import { fixture, rejection, sharedCoordinator, sink, until } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

/** ms that it takes here until a thread is gone, as it does with a heap of some gigabytes. */
const teardown = 1_500
/** Those that have ended, and those of them that are gone. */
const ended = new Set<Worker>()
const gone = new Set<Worker>()
const { emit } = Worker.prototype as { emit: (this: Worker, name: string | symbol, ...given: unknown[]) => boolean }
const spied = vi.spyOn(Worker.prototype, 'emit').mockImplementation(function (this: Worker, name, ...given) {
  const isLast = name === 'exit' || (given[0] as { code?: unknown } | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY'
  if (!isLast) return emit.call(this, name, ...given)
  ended.add(this)
  // Node takes them away right after.
  const listeners = this.rawListeners(name)
  setTimeout(() => {
    if (name === 'exit') gone.add(this)
    for (const listener of listeners) Reflect.apply(listener, this, given)
  }, teardown)
  return true
})
afterAll(() => spied.mockRestore())

const coordinator = sharedCoordinator({ spareWorkers: 0 })
const crashes: CrashEvent[] = []
coordinator.on('crash', (event) => crashes.push(event))

describe('a thread that takes long to be gone', () => {
  it.each([
    ['out of memory', 'exhaust', [], { reason: 'out-of-memory' }],
    ['an exit', 'exit', [7], { reason: 'exit', exitCode: 7 }],
    ['an error', 'throwLate', [], { reason: 'error' }],
  ] as const)('has told all of its callers why by then: %s', async (how, method, given, expected) => {
    const resourceLimits = { maxOldGenerationSizeMb: 48, maxYoungGenerationSizeMb: 4 }
    const name = `dies of ${how}`
    const remote = coordinator.registerComponent<KitchenSink>(sink(name, { resourceLimits }))
    const definition = { name: `calls ${name}`, module: fixture('dependent.ts'), dependencies: [name] }
    const caller = coordinator.registerComponent<typeof dependentModule>(definition)
    await caller.count(name)
    const waiting = [rejection(remote.never()), rejection(caller.never(name))]
    await until(() => coordinator.info(name).inUse === 2)
    const before = new Set(ended)
    const methods = remote as unknown as Record<string, (...args: readonly unknown[]) => Promise<never>>
    void methods[method]?.(...given).catch(() => {})
    const errors = await Promise.all(waiting)
    expect([...gone].filter((thread) => !before.has(thread))).toEqual([])
    for (const error of errors) {
      expect(isComponentCrashedError(error)).toBe(true)
      expect(error).toMatchObject({ ...expected, component: name, generation: 1, outcome: 'unknown' })
    }
    expect(crashes).toMatchObject([{ ...expected, name, generation: 1 }])
    crashes.length = 0
    expect(await remote.generation()).toBe(2)
  })

  it('is not judged before it has begun to serve', async () => {
    const execArgv = ['--import', 'data:text/javascript,process.exit(3)']
    const remote = coordinator.registerComponent<KitchenSink>(sink('never begins', { execArgv }))
    expect(await rejection(remote.add(1, 1))).toMatchObject({
      code: 'ERR_COMPONENT_LOAD',
      message: expect.stringContaining('exited with code 3') as string,
    })
  })
})
