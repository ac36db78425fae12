import { describe, expect, it } from 'vitest'
import type { Remote } from '../../src/index.ts'
import type dependentModule from '../fixtures/dependent.ts'
import { fixture, rejection, sharedCoordinator, sink, until } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()
const register = (name: string, optionalDependencies: string[]): Remote<typeof dependentModule> =>
  coordinator.registerComponent<typeof dependentModule>({
    name,
    module: fixture('dependent.ts'),
    optionalDependencies,
  })

describe('an optional dependency', () => {
  it('is loaded by the first call of it, and not before', async () => {
    coordinator.registerComponent<KitchenSink>(sink('helper'))
    const component = register('helped', ['helper'])
    expect(await component.names()).toEqual(['helper'])
    expect(coordinator.info('helper')).toMatchObject({ state: 'unloaded', dependents: ['helped'] })
    expect(await component.burst('helper', 20)).toEqual(Array.from({ length: 20 }, () => 'ok'))
    expect(coordinator.info('helper')).toMatchObject({ state: 'ready', loads: 1 })
  })

  it('may be missing, come and go: only calls of it reject', async () => {
    const component = register('patient', ['late'])
    expect(await component.names()).toEqual(['late'])
    const missing = { code: 'ERR_COMPONENT_NOT_FOUND' }
    expect(await rejection(component.count('late'))).toMatchObject(missing)
    for (const _ of ['once', 'again']) {
      coordinator.registerComponent<KitchenSink>(sink('late'))
      expect(await component.count('late')).toBe(1)
      await coordinator.unregisterComponent('late')
      expect(await rejection(component.count('late'))).toMatchObject(missing)
    }
    expect(coordinator.info('patient')).toMatchObject({ loads: 1, state: 'ready' })
  })

  it('is called as its definition says, also when it was registered later, and anew', async () => {
    const component = register('early', ['later'])
    await component.names()
    coordinator.registerComponent<KitchenSink>(sink('later', { callTimeout: 1_000, maxQueue: 2 }))
    expect(await rejection(component.never('later'))).toMatchObject({ code: 'ERR_CALL_TIMEOUT', timeout: 1_000 })
    await coordinator.getComponent('later')
    const answers = await component.burst('later', 3)
    expect(answers.slice(0, 2)).toEqual(['ok', 'ok'])
    expect(answers[2]).toContain('2 calls')
    void coordinator.unregisterComponent('later')
    coordinator.registerComponent<KitchenSink>(sink('later', { maxQueue: 4 }))
    // As soon as the dependent has heard of it.
    await until(async () => (await component.burst('later', 3)).every((answer) => answer === 'ok'))
  })

  it('may fail to load: only calls of it reject', async () => {
    coordinator.registerComponent({ name: 'broken', module: fixture('nowhere.ts') })
    const component = register('robust', ['broken'])
    expect(await component.names()).toEqual(['broken'])
    expect(await rejection(component.count('broken'))).toMatchObject({ code: 'ERR_COMPONENT_LOAD' })
  })

  it('closes no circle', () => {
    register('here', ['there'])
    expect(() => register('there', ['here'])).toThrow(expect.objectContaining({ code: 'ERR_DEPENDENCY_CYCLE' }))
  })
})
