import { expect, it } from 'vitest'
import { isComponentLoadError, isCoordinatorShutdownError } from '../../src/index.ts'
import { crash } from '../../src/testing/index.ts'
import type { ComponentCoordinator } from '../../src/index.ts'
import { quietCoordinator } from '../support/coordinator.ts'

interface Failing {
  first(): void
  second(): void
}
const broken = `data:text/javascript,${encodeURIComponent("throw Object.assign(new RangeError('broken'), { code: 'E_BROKEN' })")}`

type Caller = (coordinator: ComponentCoordinator) => Promise<unknown>
const ways: readonly (readonly [string, Caller])[] = [
  ['a call', async (coordinator) => coordinator.component<Failing>('failing').first()],
  ['getComponent', async (coordinator) => coordinator.getComponent('failing')],
  ['acquire', async (coordinator) => coordinator.acquire('failing')],
  ['preload', async (coordinator) => coordinator.preload(['failing'])],
  [
    'a snapshot of its heap',
    async (coordinator) => coordinator.writeHeapSnapshot('failing', '/nowhere/spillway.heapsnapshot'),
  ],
]

it.each(ways)('what a failed load rejects with leads to %s that asked for it', async (_, ask) => {
  await using coordinator = quietCoordinator({ spareWorkers: 0 })
  coordinator.registerComponent<Failing>({ name: 'failing', module: broken })
  async function whoAsks(): Promise<unknown> {
    const result = await ask(coordinator)
    return result
  }
  const error = (await whoAsks().catch((reason: unknown) => reason)) as Error
  expect(isComponentLoadError(error)).toBe(true)
  expect(error.stack).toMatch(/^ComponentLoadError: Component "failing" could not be loaded/)
  expect(error.stack).toContain('load-stacks.test.ts')
  expect(error.cause).toMatchObject({ name: 'RangeError', code: 'E_BROKEN' })
})

it('each of several calls has an error of its own, with the same cause', async () => {
  await using coordinator = quietCoordinator({ spareWorkers: 0 })
  const remote = coordinator.registerComponent<Failing>({ name: 'failing', module: broken })
  async function firstCaller(): Promise<unknown> {
    const result = await remote.first()
    return result
  }
  async function secondCaller(): Promise<unknown> {
    const result = await remote.second()
    return result
  }
  // So many that not each of them captures its own stack.
  const callers = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? firstCaller : secondCaller))
  const errors = (await Promise.allSettled(callers.map(async (call) => call()))).map(
    (result) => (result as PromiseRejectedResult).reason as Error,
  )
  for (const [index, error] of errors.entries()) {
    expect(error.stack).toContain(index % 2 === 0 ? 'firstCaller' : 'secondCaller')
    expect(error.stack).not.toContain(index % 2 === 0 ? 'secondCaller' : 'firstCaller')
    expect(error).toBeInstanceOf(Error)
    expect(isComponentLoadError(error)).toBe(true)
    expect(error.cause).toBe(errors[0]?.cause)
  }
  expect(new Set(errors).size).toBe(errors.length)
})

it('so it is inside of a component that calls another one', async () => {
  await using coordinator = quietCoordinator({ spareWorkers: 0 })
  coordinator.registerComponent<Failing>({ name: 'failing', module: broken })
  const outer = coordinator.registerComponent<{ stack(): string }>({
    name: 'outer',
    optionalDependencies: ['failing'],
    module: `data:text/javascript,${encodeURIComponent(`
      async function insideCaller(failing) { const result = await failing.first(); return result }
      export default (config, { dependencies }) => ({
        stack: async () => insideCaller(dependencies.failing).catch((error) => error.stack),
      })`)}`,
  })
  expect(await outer.stack()).toMatch(/^ComponentLoadError: [\s\S]*insideCaller/)
})

it('calls that wait at a shutdown, and calls after it, are led to as well', async () => {
  const coordinator = quietCoordinator({ spareWorkers: 0 })
  const remote = coordinator.registerComponent<Failing>({
    name: 'slow',
    module: `data:text/javascript,${encodeURIComponent('await new Promise((resolve) => setTimeout(resolve, 60_000))')}`,
  })
  async function waitingCaller(): Promise<unknown> {
    const result = await remote.first()
    return result
  }
  async function lateCaller(): Promise<unknown> {
    const result = await remote.first()
    return result
  }
  const waiting = waitingCaller().catch((reason: unknown) => reason as Error)
  await coordinator.shutdown({ deadline: 0 })
  const late = await lateCaller().catch((reason: unknown) => reason as Error)
  expect(isCoordinatorShutdownError(late)).toBe(true)
  expect(((await waiting) as Error).stack).toContain('waitingCaller')
  expect((late as Error).stack).toContain('lateCaller')
})

it('crash() of what is not loaded says so in words of its own', async () => {
  await using coordinator = quietCoordinator({ spareWorkers: 0 })
  coordinator.registerComponent({ name: 'failing', module: broken })
  await expect(crash(coordinator, 'failing')).rejects.toThrow(
    'Component "failing" is not loaded, so it has no worker that could crash: call it first',
  )
})
