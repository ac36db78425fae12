import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import type { Remote } from '../../src/contract/remote.ts'
import { ComponentCoordinator } from '../../src/coordinator.ts'
import { isComponentCrashedError, isComponentNotLoadedError, isInvalidOptionsError } from '../../src/contract/errors.ts'
import { withCallOptions } from '../../src/index.ts'
import type kitchenSink from '../fixtures/kitchen-sink.ts'

function setUp(): {
  coordinator: ComponentCoordinator
  component: Remote<typeof kitchenSink>
  ifLoaded: Remote<typeof kitchenSink>
} {
  const coordinator = new ComponentCoordinator({
    autoUnloadEnabled: false,
    spareWorkers: 0,
    logger: pino({ level: 'silent' }),
  })
  onTestFinished(async () => void (await coordinator.shutdown()))
  const component = coordinator.registerComponent<typeof kitchenSink>({
    name: 'sink',
    module: new URL('../fixtures/kitchen-sink.ts', import.meta.url),
  })
  return { coordinator, component, ifLoaded: withCallOptions(component, { ifLoaded: true }) }
}

const failure = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.fail('it was fulfilled'),
    (error: unknown) => error,
  )

test('a call with ifLoaded runs on what is loaded, and loads nothing', async () => {
  const { coordinator, component, ifLoaded } = setUp()
  const error = await failure(ifLoaded.count())
  expect(isComponentNotLoadedError(error) && error.component).toBe('sink')
  expect(coordinator.info('sink')).toMatchObject({ state: 'unloaded', loads: 0, inUse: 0 })

  const loading = component.count()
  expect(isComponentNotLoadedError(await failure(ifLoaded.count()))).toBe(true)
  expect(await loading).toBe(1)
  expect(await ifLoaded.count()).toBe(2)
  expect(await ifLoaded.nested.deep.hi()).toBe('deep')

  await coordinator.unloadComponent('sink')
  expect(isComponentNotLoadedError(await failure(ifLoaded.count()))).toBe(true)
  expect(coordinator.info('sink').loads).toBe(1)
})

test('while its worker is dying, too', async () => {
  const { coordinator, component, ifLoaded } = setUp()
  await component.count()
  const dead = failure(component.exit(0))
  const call = { settled: false }
  void dead.then(() => (call.settled = true))
  const results = []
  while (!call.settled) {
    results.push(ifLoaded.count().catch((error: unknown) => error))
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(isComponentCrashedError(await dead)).toBe(true)
  results.push(ifLoaded.count().catch((error: unknown) => error))
  const errors = (await Promise.all(results)).filter((result) => typeof result !== 'number')
  expect(errors.every((error) => isComponentNotLoadedError(error) || isComponentCrashedError(error))).toBe(true)
  expect(isComponentNotLoadedError(errors.at(-1))).toBe(true)
  expect(coordinator.info('sink').loads).toBe(1)
})

test('anything but a boolean is named', () => {
  const { component } = setUp()
  expect(() => withCallOptions(component, { ifLoaded: 1 as unknown as boolean })).toThrow(
    expect.toSatisfy((error) => isInvalidOptionsError(error) && error.option === 'ifLoaded'),
  )
})
