import { describe, expect, it } from 'vitest'
import { DuplicateComponentError, InvalidOptionsError } from '../../src/index.ts'
import type createService from '../fixtures/wrapped.ts'
import { fixture, sharedCoordinator } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()
const family = coordinator.registerFamily<KitchenSink>({
  name: 'greeter',
  module: fixture('kitchen-sink.ts'),
  priority: 20,
  config: (key) => ({ greeting: `${key} says` }),
})

describe('a family', () => {
  it('has an instance for each key, each in its own worker', async () => {
    const [a, b] = [family.get('a'), family.get('b')]
    expect(family.get('a')).toBe(a)
    expect(coordinator.info('greeter:a').state).toBe('unloaded')
    expect(await Promise.all([a.greet('hi'), b.greet('hi')])).toEqual(['a says hi', 'b says hi'])
    expect(await a.thread()).not.toBe(await b.thread())
    expect(family.list()).toEqual(['a', 'b'])
    expect(family.has('b')).toBe(true)
    expect(family.has('c')).toBe(false)
    expect(coordinator.info('greeter:b')).toMatchObject({ family: 'greeter', state: 'ready', priority: 20 })
  })

  it('releases an instance: unloaded and forgotten', async () => {
    const a = family.get('a')
    await a.add(1, 1)
    expect(await family.release('a')).toMatchObject({ name: 'greeter:a', reason: 'unregistered' })
    expect(await family.release('a')).toBeUndefined()
    await expect(a.add(1, 1)).rejects.toMatchObject({ code: 'ERR_COMPONENT_NOT_FOUND' })
    expect(await family.get('a').generation()).toBe(1)
  })

  it('no longer has an instance that was unregistered by its name', async () => {
    const old = family.get('gone')
    await old.add(1, 1)
    const unregistering = coordinator.unregisterComponent('greeter:gone')
    expect(family.has('gone')).toBe(false)
    expect(family.list()).not.toContain('gone')
    expect(await family.release('gone')).toBeUndefined()
    const fresh = family.get('gone')
    expect(fresh).not.toBe(old)
    expect(await fresh.greet('hi')).toBe('gone says hi')
    expect(await unregistering).toMatchObject({ name: 'greeter:gone', reason: 'unregistered' })
    await expect(old.add(1, 1)).rejects.toMatchObject({ code: 'ERR_COMPONENT_NOT_FOUND' })
    expect(await family.release('gone')).toMatchObject({ name: 'greeter:gone', reason: 'unregistered' })
  })

  it('no longer has an instance that was unregistered while it was loaded for the first time', async () => {
    const call = family.get('early').add(1, 1)
    const unregistering = coordinator.unregisterComponent('greeter:early')
    await expect(call).rejects.toMatchObject({ code: 'ERR_COMPONENT_NOT_FOUND' })
    await unregistering
    expect(await family.get('early').add(1, 2)).toBe(3)
    await family.release('early')
  })

  it('does not take over what was registered under the name of an instance', async () => {
    coordinator.registerComponent({ name: 'greeter:alien', module: fixture('kitchen-sink.ts') })
    expect(() => family.get('alien')).toThrow(DuplicateComponentError)
    expect(family.has('alien')).toBe(false)
    expect(await family.release('alien')).toBeUndefined()
    expect(coordinator.info('greeter:alien').state).toBe('unloaded')
    await coordinator.unregisterComponent('greeter:alien')
    expect(await family.get('alien').greet('hi')).toBe('alien says hi')
    await family.release('alien')
  })

  it('has the rest of a name as the key, whatever is in it', async () => {
    const outer = coordinator.registerFamily<KitchenSink>({ name: 'greeter:inner', module: fixture('kitchen-sink.ts') })
    expect(await outer.get('x:y').add(1, 1)).toBe(2)
    await coordinator.unregisterComponent('greeter:inner:x:y')
    expect(outer.list()).toEqual([])
    expect(await outer.get('x:y').add(1, 2)).toBe(3)
    await outer.releaseAll()
  })

  it('releases all', async () => {
    family.get('c')
    const reports = await family.releaseAll()
    expect(reports.map(({ name }) => name).sort()).toEqual(['greeter:a', 'greeter:b', 'greeter:c'])
    expect(family.list()).toEqual([])
    expect(coordinator.list()).toEqual([])
  })

  it('may have a module for each key', async () => {
    const mixed = coordinator.registerFamily<typeof createService>({
      name: 'mixed',
      module: (key) => fixture(key === 'quotes' ? 'wrapped.ts' : 'nowhere.ts'),
      config: (key) => ({ prefix: key }),
    })
    expect(await mixed.get('quotes').quote('X')).toBe('mixed:quotes/quotes:X')
    await expect(mixed.get('other').quote('X')).rejects.toMatchObject({ code: 'ERR_COMPONENT_LOAD' })
  })

  it('refuses a bad key and a taken name', () => {
    for (const key of ['', ' ', 5 as unknown as string]) expect(() => family.get(key)).toThrow(InvalidOptionsError)
    const definition = { name: 'greeter', module: fixture('kitchen-sink.ts') }
    expect(() => coordinator.registerFamily(definition)).toThrow(DuplicateComponentError)
    expect(() => coordinator.registerFamily({ ...definition, name: '' })).toThrow(InvalidOptionsError)
    const several = { ...definition, instances: 2 }
    expect(() => coordinator.registerFamily(several)).toThrow(expect.objectContaining({ option: 'instances' }))
  })

  it('refuses an option that is bad for any key when it is registered', () => {
    const definition = { name: 'mistaken', module: fixture('kitchen-sink.ts') }
    const mistaken = { ...definition, prioritty: 5 }
    expect(() => coordinator.registerFamily(mistaken)).toThrow(expect.objectContaining({ option: 'prioritty' }))
    expect(() => coordinator.registerFamily({ ...definition, priority: 101 })).toThrow(
      expect.objectContaining({ option: 'priority' }),
    )
  })

  it('that is unregistered has no instances any more, and its name is free', async () => {
    const definition = { name: 'passing', module: fixture('kitchen-sink.ts') }
    const passing = coordinator.registerFamily<KitchenSink>(definition)
    const instance = passing.get('x')
    await instance.add(1, 1)
    const unregistered = Promise.all([passing.unregister(), passing.unregister()])
    const successor = coordinator.registerFamily<KitchenSink>(definition).get('x')
    const reports = await unregistered
    expect(reports[0]).toMatchObject([{ name: 'passing:x', reason: 'unregistered' }])
    expect(reports[1]).toBe(reports[0])
    expect(() => passing.get('x')).toThrow(expect.objectContaining({ code: 'ERR_COMPONENT_NOT_FOUND' }))
    await expect(instance.add(1, 1)).rejects.toMatchObject({ code: 'ERR_COMPONENT_NOT_FOUND' })
    expect(await successor.add(1, 1)).toBe(2)
  })

  it('says which instance has a bad definition, and forgets it', () => {
    const picky = coordinator.registerFamily({
      name: 'picky',
      module: fixture('kitchen-sink.ts'),
      config: () => () => 'not cloneable',
    })
    expect(() => picky.get('x')).toThrow(expect.objectContaining({ option: 'config' }))
    expect(picky.list()).toEqual([])
  })
})
