import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { newSnapshotPath } from '../../src/component/snapshot-files.ts'
import { isInvalidOptionsError } from '../../src/contract/errors.ts'
import { fixture, quietCoordinator, sharedCoordinator, sink } from '../support/coordinator.ts'
import type hibernating from '../fixtures/hibernating.ts'
import { filesIn, temporaryFolder } from '../support/hibernating.ts'

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
  const family = quietCoordinator().registerFamily(sinks('family'))

  test.each(bad)('are refused where they are too long, ill-formed or have control characters: %j', (name) => {
    expect(() => coordinator.registerComponent(sink(name))).toThrow(invalid('name'))
    expect(() => coordinator.registerComponent(sink('a', { dependencies: ['b', name] }))).toThrow(
      invalid('dependencies[1]'),
    )
    expect(() => coordinator.registerFamily(sinks(name))).toThrow(invalid('name'))
    expect(() => family.get(name)).toThrow(invalid('key'))
    expect(family.list()).toEqual([])
  })

  test('may have whatever else in them: each has a file of its own, on any file system', () => {
    const directory = temporaryFolder()
    const names = [...good, 'Name', 'name', 'a*', 'a%2A', 'n'.repeat(199) + 'a', 'n'.repeat(199) + 'b']
    for (const name of names) writeFileSync(newSnapshotPath(directory, name), '')
    const files = filesIn(directory)
    expect(new Set(files.map((file) => file.toLowerCase())).size).toBe(names.length)
    for (const file of files) expect(file).toMatch(/^[\w.%!~'()-]+$/)
  })

  test('keep a state each, in files of one folder', async () => {
    const directory = join(temporaryFolder(), 'snapshots')
    const family = coordinator.registerFamily<typeof hibernating>({
      name: '😀'.repeat(200),
      module: fixture('hibernating.ts'),
      hibernate: { maxMemory: 0, directory },
    })
    const keys = ['../../etc/passwd', '😀'.repeat(200), 'a*', 'A*', 'a%2A']
    for (const [index, key] of keys.entries()) {
      await family.get(key).set('a', index)
      await coordinator.unloadComponent(family.componentName(key))
    }
    expect(filesIn(directory)).toHaveLength(keys.length)
    for (const [index, key] of keys.entries()) {
      expect(await family.get(key).get('a')).toBe(index)
      await family.release(key)
    }
    expect(filesIn(directory)).toEqual([])
  })

  test('of a family’s members may be named as dependencies, however long they are', () => {
    const dependencies = [`${'f'.repeat(200)}:${'k'.repeat(200)}`]
    expect(coordinator.registerComponent(sink('dependent', { dependencies }))).toBeDefined()
  })
})
