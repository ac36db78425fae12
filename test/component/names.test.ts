import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isInvalidOptionsError } from '../../src/contract/errors.ts'
import { fixture, quietCoordinator, sharedCoordinator, sink } from '../support/coordinator.ts'
import type hibernating from '../fixtures/hibernating.ts'
import { filesIn, registerHibernating, temporaryFolder } from '../support/hibernating.ts'

const coordinator = sharedCoordinator({ spareWorkers: 0 })

const bad = [
  '',
  ' ',
  'x'.repeat(201),
  '😀'.repeat(201),
  '\ud800',
  'a\udc00b',
  'a\nb',
  'a\0b',
  '\u007f',
  '\u0085',
  'x'.repeat(10 ** 6),
]
const good = [
  'x'.repeat(200),
  '😀'.repeat(200),
  '..',
  '../../etc/passwd',
  'a/b\\c',
  'CON',
  'nul.txt',
  '*?"<>|',
  'ß%2F',
  '.',
  'a\u2028b',
  'é',
  'e\u0301',
  '-1-',
  'a:b',
  ':',
]

const sinks = (name: string) => ({ name, module: fixture('kitchen-sink.ts') })
const invalid = (option: string) => expect.toSatisfy((error) => isInvalidOptionsError(error) && error.option === option)

describe('names and keys', () => {
  test.each(bad)('are refused where they are too long, ill-formed or have control characters: %j', (name) => {
    expect(() => coordinator.registerComponent(sink(name))).toThrow(invalid('name'))
    expect(() => coordinator.registerComponent(sink('a', { dependencies: ['b', name] }))).toThrow(
      invalid('dependencies[1]'),
    )
    expect(() => coordinator.registerFamily(sinks(name))).toThrow(invalid('name'))
    const family = quietCoordinator().registerFamily(sinks('family'))
    expect(() => family.get(name)).toThrow(invalid('key'))
    expect(family.list()).toEqual([])
  })

  test('may have whatever else in them: each keeps its own state, in files of one folder', async () => {
    const directory = join(temporaryFolder(), 'snapshots')
    const family = coordinator.registerFamily<typeof hibernating>({
      name: '😀'.repeat(200),
      module: fixture('hibernating.ts'),
      hibernate: { maxMemory: 0, directory },
    })
    for (const [index, key] of good.entries()) {
      await family.get(key).set('a', index)
      await coordinator.unloadComponent(family.componentName(key))
    }
    expect(filesIn(directory)).toHaveLength(good.length)
    for (const [index, key] of good.entries()) {
      expect(await family.get(key).get('a')).toBe(index)
      await family.release(key)
    }
    expect(filesIn(directory)).toEqual([])
  }, 60_000)

  test('that differ in case, or in what would be escaped alike, are different ones', async () => {
    const directory = join(temporaryFolder(), 'snapshots')
    const names = ['Name', 'name', 'NAME', 'a*', 'a%2A', 'n'.repeat(199) + 'a', 'n'.repeat(199) + 'b']
    for (const [index, name] of names.entries()) {
      await registerHibernating(coordinator, name, { directory }).set('a', index)
      await coordinator.unloadComponent(name)
    }
    expect(new Set(filesIn(directory).map((file) => file.toLowerCase())).size).toBe(names.length)
    for (const [index, name] of names.entries()) {
      expect(await coordinator.component<typeof hibernating>(name).get('a')).toBe(index)
    }
  })

  test('of a family’s members may be named as dependencies, however long they are', () => {
    const dependencies = [`${'f'.repeat(200)}:${'k'.repeat(200)}`]
    expect(coordinator.registerComponent(sink('dependent', { dependencies }))).toBeDefined()
  })
})
