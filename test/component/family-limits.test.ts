import { describe, expect, it } from 'vitest'
import type { ComponentCoordinator, ComponentFamily, FamilyDefinitionOf } from '../../src/index.ts'
import type hog from '../fixtures/hog.ts'
import { fixture, quietCoordinator, rejection, sharedCoordinator, until } from '../support/coordinator.ts'
import { crashesOf, gib, loaded, mib } from '../support/hogs.ts'

/** Nothing is short but what the family may have: whatever is unloaded here goes for that. */
const coordinator = sharedCoordinator({ spareWorkers: 0, memory: { totalLimit: 1_000 * gib } })
const unloads: string[] = []
coordinator.on('unload', ({ name, reason }) => unloads.push(`${name}: ${reason}`))

function hogs(
  of: ComponentCoordinator,
  name: string,
  sizes: Readonly<Record<string, number>>,
  more: Partial<FamilyDefinitionOf<typeof hog>>,
): ComponentFamily<typeof hog> {
  return of.registerFamily<typeof hog>({
    name,
    module: fixture('hog.ts'),
    config: (key) => ({ reported: (sizes[key] ?? 0) * gib }),
    ...more,
  })
}

/** Loads it, and has it idle. */
async function touch(family: ComponentFamily<typeof hog>, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    await family.get(key).touch()
    await until(() => coordinator.info(family.componentName(key)).idleTime >= 5)
  }
}

const loadedOf = (family: ComponentFamily<typeof hog>): string[] =>
  loaded(coordinator).filter((name) => name.startsWith(`${family.name}:`))

describe('maxLoaded', () => {
  it('has the longest idle instance of the family unloaded for one more, and nobody else', async () => {
    const family = hogs(coordinator, 'places', {}, { maxLoaded: 2 })
    const outsider = hogs(coordinator, 'outsider', {}, {})
    await touch(outsider, 'x')
    await touch(family, 'a', 'b')
    await family.get('a').touch()
    await until(() => coordinator.info('places:a').idleTime >= 5)
    await family.get('c').touch()
    expect(loadedOf(family)).toEqual(['places:a', 'places:c'])
    expect(loadedOf(outsider)).toEqual(['outsider:x'])
    await until(() => unloads.includes('places:b: family'))
  })

  it('lets no more in at a time, however many come at once', async () => {
    const family = hogs(coordinator, 'crowd', {}, { maxLoaded: 2 })
    let most = 0
    const watch = (): void => {
      const up = coordinator.list().filter(({ name, state }) => name.startsWith('crowd:') && state !== 'unloaded')
      most = Math.max(most, up.filter(({ memory }) => memory !== null).length)
    }
    coordinator.on('sample', watch)
    const keys = ['a', 'b', 'c', 'd']
    await Promise.all(keys.map(async (key) => family.get(key).touch()))
    coordinator.off('sample', watch)
    expect(most).toBeLessThanOrEqual(2)
    expect(loadedOf(family).length).toBeLessThanOrEqual(2)
  })

  it('waits for one that is in use, and says at last who has what', async () => {
    const family = hogs(coordinator, 'taken', {}, { maxLoaded: 1, timeout: 5_000 })
    const holder = family.get('holder')
    const using = holder.wait()
    await until(() => coordinator.info('taken:holder').state === 'ready')
    expect(await rejection(family.get('late').touch())).toMatchObject({
      code: 'ERR_INSUFFICIENT_MEMORY',
      component: 'taken:late',
      family: 'taken',
      holders: [{ name: 'taken:holder', why: 'in use' }],
      message: expect.stringContaining('maxLoaded: 1') as string,
    })
    const waiting = family.get('patient').touch()
    await until(() => coordinator.info('taken:patient').state === 'loading')
    await Promise.all([holder.go(), using])
    expect(await waiting).toBeGreaterThan(0)
  })
})

describe('maxMemory', () => {
  it('makes room by measured sizes, with what an instance has come to hold', async () => {
    const family = hogs(coordinator, 'room', { a: 4, b: 4, c: 4 }, { maxMemory: '10gb', memoryEstimate: '4gb' })
    await touch(family, 'a', 'b', 'c')
    expect(loadedOf(family)).toEqual(['room:b', 'room:c'])
    expect(await rejection(hogs(coordinator, 'small', {}, { maxMemory: '15mb' }).get('x').touch())).toMatchObject({
      code: 'ERR_INSUFFICIENT_MEMORY',
      family: 'small',
      limit: 15 * mib,
      needed: 16 * mib,
    })
  })

  it('does not have one tenant unload those that keep to their share', async () => {
    const family = hogs(coordinator, 'tenants', {}, { maxMemory: '10gb', timeout: 20_000 })
    await touch(family, 'a', 'b', 'greedy')
    for (const key of ['a', 'b']) await family.get(key).report('3gb')
    // It is measured to hold 8 of 10: those that are idle between two calls stay while it is at work, and then it goes, not who has been idle for longer.
    const greeding = family.get('greedy').wait()
    await family.get('greedy').report('8gb')
    await coordinator.memory.sample()
    expect(coordinator.info('tenants:greedy').memory?.total).toBeGreaterThan(8 * gib)
    await Promise.all([family.get('greedy').go(), greeding])
    await until(() => coordinator.info('tenants:greedy').state === 'unloaded')
    expect(loadedOf(family)).toEqual(['tenants:a', 'tenants:b'])
    expect(coordinator.info('tenants:greedy').learnedPeak).toBeGreaterThan(8 * gib)

    // While others were used just now its share is a third, and the 8 GiB that it is known for are more: they stay, and it waits.
    const loading = family.get('greedy').touch()
    await until(() => coordinator.info('tenants:greedy').state === 'loading')
    await coordinator.memory.sample()
    expect(loadedOf(family)).toEqual(['tenants:a', 'tenants:b'])
    // Alone it may have all of it.
    for (const key of ['a', 'b']) await coordinator.unloadComponent(family.componentName(key))
    expect(await loading).toBe(2)
    expect(loadedOf(family)).toEqual(['tenants:greedy'])
    expect(unloads.filter((each) => each.startsWith('tenants:'))).toEqual([
      'tenants:greedy: family',
      'tenants:a: requested',
      'tenants:b: requested',
    ])
  })

  it('ends the one at work that takes it all, and not the others', async () => {
    await using real = quietCoordinator({ spareWorkers: 0 })
    const crashes = crashesOf(real)
    const family = hogs(real, 'grown', {}, { maxMemory: '100mb' })
    const [quiet, busy] = [family.get('quiet'), family.get('busy')]
    await quiet.touch()
    const working = busy.wait()
    await family.get('greedy').touch()
    expect(await rejection(family.get('greedy').grow(200 * 1024 ** 2, gib))).toMatchObject({
      code: 'ERR_COMPONENT_CRASHED',
      reason: 'memory-limit',
    })
    expect(crashes).toEqual(['grown:greedy: memory-limit'])
    expect([real.info('grown:quiet').state, real.info('grown:busy').state]).toEqual(['ready', 'ready'])
    await Promise.all([busy.go(), working])
  })
})

it('takes no option that it does not know, and names those that it has', () => {
  const refusal = (options: object): string => {
    try {
      coordinator.registerFamily({ name: 'typo', module: fixture('hog.ts'), ...options })
    } catch (error) {
      return String(error)
    }
    return 'none'
  }
  expect(refusal({ maxmemory: '1gb' })).toMatch(
    /"maxmemory": expected one of name, .*\bmemoryLimit\b.*, maxMemory, maxLoaded \(did you mean "maxMemory"\?\), got/,
  )
  expect(refusal({ maxmemory: '1gb' })).not.toContain('instances')
  expect(refusal({ instances: 2 })).toContain(
    'expected no such option in a family, where each key has one worker, got 2',
  )
  expect(refusal({ maxMemory: '1gb', memoryEstimate: '2gb' })).toContain(
    '"memoryEstimate": expected no more than the family\'s maxMemory of 1gb: no instance could ever be loaded, got "2gb"',
  )
  expect(refusal({ maxMemory: '1gb', memoryEstimate: '1gb' })).toBe('none')
})

it.each([
  [{ maxLoaded: 0 }, 'maxLoaded'],
  [{ maxLoaded: 1.5 }, 'maxLoaded'],
  [{ maxLoaded: Number.NaN }, 'maxLoaded'],
  [{ maxLoaded: Number.POSITIVE_INFINITY }, 'maxLoaded'],
  [{ maxLoaded: '2' as unknown as number }, 'maxLoaded'],
  [{ maxMemory: 0 }, 'maxMemory'],
  [{ maxMemory: 1_024 }, 'maxMemory'],
  [{ maxMemory: '512' }, 'maxMemory'],
  [{ maxMemory: Number.NaN }, 'maxMemory'],
])('%j is refused', (options, option) => {
  const register = (): unknown => hogs(coordinator, 'refused', {}, options)
  expect(register).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTIONS', option }))
  expect(() => coordinator.registerComponent({ name: 'x', module: 'node:fs', ...options })).toThrow(
    expect.objectContaining({ option }),
  )
})
