import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isComponentLoadError, isComponentLoadTimeoutError } from '../../src/contract/errors.ts'
import { SnapshotFolder } from '../../src/component/snapshot-folder.ts'
import { mib } from '../support/hogs.ts'
import { fixture, quietCoordinator, rejection, stall, until } from '../support/coordinator.ts'
import { hangDisk } from '../support/fs-faults.ts'
import type contextKeeping from '../fixtures/context-keeping.ts'
import { ending, filesIn, recordingLogger, registerHibernating, temporaryFolder } from '../support/hibernating.ts'

const plain = (logger = recordingLogger().logger) => ending(quietCoordinator({ spareWorkers: 0, logger }))

describe('a component that cannot be loaded with its state', () => {
  test.each([
    ['throw', 'file'],
    ['exit', 'memory'],
    ['hang', 'file'],
  ] as const)('is loaded without it the next time, and it is set aside: %s, kept in %s', async (given, where) => {
    const directory = join(temporaryFolder(), 'snapshots')
    const { logger, logged } = recordingLogger()
    const coordinator = plain(logger)
    const maxMemory = where === 'file' ? 0 : mib
    const component = registerHibernating(
      coordinator,
      'a',
      { directory, maxMemory },
      { config: { given }, timeout: given === 'hang' ? 8_000 : 30_000 },
    )
    await component.set('a', 1)
    await coordinator.unloadComponent('a')
    const error = await rejection(component.get('a'))
    expect(given === 'hang' ? isComponentLoadTimeoutError(error) : isComponentLoadError(error)).toBe(true)
    expect(await component.wasRestored()).toBe(false)
    await expect.poll(() => filesIn(directory)).toEqual([expect.stringMatching(/\.snapshot\.rejected$/)])
    const file = join(directory, filesIn(directory)[0]!)
    await expect.poll(() => logged.filter((line) => line.file === file)).toMatchObject([{ component: 'a', level: 50 }])
    // What it keeps from now on is another state, and no more is set aside for it.
    await component.set('a', 2)
    await coordinator.unregisterComponent('a')
    expect(filesIn(directory)).toHaveLength(1)
  })

  test('is loaded without it after a reset, when it had to back off', async () => {
    const coordinator = plain()
    const restart = { intensity: 0, backoff: 60_000 }
    const component = registerHibernating(coordinator, 'a', {}, { config: { given: 'throw' }, restart })
    await component.set('a', 1)
    await coordinator.unloadComponent('a')
    expect(isComponentLoadError(await rejection(component.get('a')))).toBe(true)
    coordinator.resetComponent('a')
    expect(await component.wasRestored()).toBe(false)
  })

  test('is given it again when it cannot be loaded without it either', async () => {
    const root = temporaryFolder()
    const marker = join(root, 'broken')
    const directory = join(root, 'snapshots')
    const coordinator = plain()
    const component = registerHibernating(coordinator, 'a', { directory }, { config: { brokenWhile: marker } })
    await component.set('a', 1)
    await coordinator.unloadComponent('a')
    const kept = filesIn(directory)
    mkdirSync(marker)
    for (const _ of ['with', 'without']) expect(isComponentLoadError(await rejection(component.get('a')))).toBe(true)
    expect(filesIn(directory)).toEqual(kept)
    rmSync(marker, { recursive: true })
    expect(await component.get('a')).toBe(1)
    await expect.poll(() => filesIn(directory)).toEqual([])
  })
})

test('a load that fails before the component has looked at its state does not cost it', async () => {
  const root = temporaryFolder()
  const marker = join(root, 'broken')
  const coordinator = plain()
  const component = coordinator.registerComponent<{ set(key: string, value: number): void; get(key: string): number }>({
    name: 'a',
    module: new URL('../fixtures/remembering.ts', import.meta.url),
    config: { brokenWhile: marker },
  })
  await component.set('a', 1)
  await coordinator.unloadComponent('a')
  mkdirSync(marker)
  expect(isComponentLoadError(await rejection(component.get('a')))).toBe(true)
  rmSync(marker, { recursive: true })
  expect(await component.get('a')).toBe(1)
})

test('what is set aside is bounded in number', async () => {
  const directory = join(temporaryFolder(), 'snapshots')
  const folder = SnapshotFolder.open(directory)
  for (let i = 0; i < 14; i++) {
    await folder.reject('a', await folder.write('a', new Uint8Array(10), 5_000), 5_000)
    await folder.reject('a', new Uint8Array(10), 5_000)
  }
  expect(filesIn(directory)).toHaveLength(10)
  folder.close()
})

describe('a worker that has its state again', () => {
  test('does not keep the bytes it was made of', async () => {
    const coordinator = plain()
    const component = registerHibernating(coordinator, 'a', {})
    await component.fill(30 * mib, 10)
    const before = await component.external()
    await coordinator.unloadComponent('a')
    expect(await component.size()).toEqual([30 * mib, 10])
    await expect.poll(async () => component.external()).toBeLessThan(before + 5 * mib)
  })

  test('has typed arrays of its own, which can be moved one by one', async () => {
    const coordinator = plain()
    const component = registerHibernating(coordinator, 'a', { maxMemory: mib })
    await component.fill(10, 1_000)
    await coordinator.unloadComponent('a')
    const bytes = await component.bytes()
    expect([bytes.byteLength, bytes.buffer.byteLength]).toEqual([1_000, 1_000])
    expect(bytes).toEqual(new Uint8Array(1_000).map((_, i) => i % 251))
  })
})

describe('a state that was restored', () => {
  test.each([true, false])('is not held by the context once init is done; it was asked for: %s', async (asks) => {
    const size = 64 * mib
    const coordinator = plain()
    const component = coordinator.registerComponent<typeof contextKeeping>({
      name: 'a',
      module: fixture('context-keeping.ts'),
      config: { asks, size },
      hibernate: { maxMemory: size * 2 },
    })
    const before = await component.external()
    await coordinator.unloadComponent('a')
    expect(await component.found()).toEqual(asks ? { size, same: true } : undefined)
    expect(await component.generation()).toBe(2)
    expect(await component.restoredNow()).toBeUndefined()
    await expect.poll(async () => (await component.external()) - before).toBeLessThan(size / 2)
  })

  test('is read from its file in time, though the main thread was blocked meanwhile for longer than a load may take', async () => {
    const directory = join(temporaryFolder(), 'snapshots')
    const coordinator = plain()
    const component = registerHibernating(coordinator, 'a', { directory }, { timeout: 4_000 })
    await component.set('a', 1)
    await coordinator.unloadComponent('a')
    const disk = hangDisk(directory, ['readFile'])
    const call = component.get('a')
    await until(() => disk.begun() > 0)
    await stall(5_000)
    disk.release()
    expect(await call).toBe(1)
  })
})
