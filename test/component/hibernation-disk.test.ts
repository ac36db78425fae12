import { execFileSync } from 'node:child_process'
import { mkdirSync, openSync, closeSync, constants, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { isInsufficientMemoryError, isSnapshotError } from '../../src/contract/errors.ts'
import type { ExhaustedEvent } from '../../src/index.ts'
import { quietCoordinator, rejection, until } from '../support/coordinator.ts'
import { hangDisk } from '../support/fs-faults.ts'
import { filesIn, recordingLogger, registerHibernating, ending, temporaryFolder } from '../support/hibernating.ts'
import { bigCoordinator, gib, loaded, registerHog } from '../support/hogs.ts'

const plain = (logger = recordingLogger().logger) => ending(quietCoordinator({ spareWorkers: 0, logger }))

describe('a disk that hangs while a state is written', () => {
  test('leaves the component loaded after its timeout, and nothing behind once it answers, whatever it was asked for', async () => {
    const directory = join(temporaryFolder(), 'snapshots')
    const { logger, logged } = recordingLogger()
    const coordinator = plain(logger)
    const component = registerHibernating(coordinator, 'a', { directory, timeout: 500 })
    await component.set('a', 1)
    for (const [index, method] of (['mkdir', 'writeFile', 'rename'] as const).entries()) {
      logged.length = 0
      const disk = hangDisk(directory, [method])
      const error = await rejection(coordinator.unloadComponent('a'))
      expect(isSnapshotError(error) && error.message).toContain(`${directory} has not answered for`)
      expect(coordinator.info('a')).toMatchObject({ state: 'ready', generation: index + 1 })
      expect(await component.get('a')).toBe(1)
      expect(logged).toMatchObject([{ component: 'a', msg: expect.stringContaining('stays loaded') }])
      disk.release()
      await until(() => filesIn(directory).length === 0)
      // It may be some moments more until what was given up is over.
      await expect
        .poll(async () =>
          coordinator.unloadComponent('a').then(
            () => 'gone',
            () => 'stays',
          ),
        )
        .toBe('gone')
      expect(await component.get('a')).toBe(1)
    }
  })

  test('holds up neither one that is unregistered nor its successor for long, whatever its timeout', async () => {
    const directory = temporaryFolder()
    const coordinator = plain()
    const hibernate = { directory, timeout: 600_000 }
    const component = registerHibernating(coordinator, 'a', hibernate)
    await component.set('a', 1)
    const disk = hangDisk(directory, ['writeFile'])
    const unloaded = coordinator.unloadComponent('a')
    await until(() => disk.begun() === 1)
    const unregistered = coordinator.unregisterComponent('a')
    expect(await registerHibernating(coordinator, 'a', hibernate).get('a')).toBeUndefined()
    expect(await unregistered).toMatchObject({ generation: 1, zombie: false })
    expect(await unloaded).toEqual(await unregistered)
    disk.release()
    await until(() => filesIn(directory).length === 0)
  })

  test('is not asked for anything more, and is in nobody else’s way', async () => {
    const root = temporaryFolder()
    const [slow, quick] = [join(root, 'slow'), join(root, 'quick')]
    const coordinator = plain()
    registerHibernating(coordinator, 'first', { directory: slow, timeout: 500 })
    registerHibernating(coordinator, 'second', { directory: slow, timeout: 600_000 })
    registerHibernating(coordinator, 'other', { directory: quick })
    await coordinator.preload(['first', 'second', 'other'])
    const disk = hangDisk(slow, ['mkdir', 'writeFile', 'rename', 'rm', 'readFile'])
    const first = rejection(coordinator.unloadComponent('first'))
    await until(() => disk.begun() === 1)
    const unloads = [first, rejection(coordinator.unloadComponent('second'))]
    await coordinator.unloadComponent('other')
    expect(filesIn(quick)).toHaveLength(1)
    // The one that waits behind it is told with it, long before its own timeout.
    for (const error of await Promise.all(unloads)) expect(isSnapshotError(error)).toBe(true)
    expect(isSnapshotError(await rejection(coordinator.unloadComponent('second')))).toBe(true)
    expect(disk.begun()).toBe(1)
  })

  test('holds few threads, however many folders are on it', async () => {
    const root = temporaryFolder()
    const coordinator = plain()
    const names = ['a', 'b', 'c', 'd']
    for (const name of names) registerHibernating(coordinator, name, { directory: join(root, name), timeout: 500 })
    await coordinator.preload(names)
    const disk = hangDisk(root, ['mkdir', 'writeFile', 'rename', 'rm'])
    const errors = await Promise.all(names.map(async (name) => rejection(coordinator.unloadComponent(name))))
    expect(errors.every((error) => isSnapshotError(error))).toBe(true)
    expect(disk.begun()).toBe(2)
    disk.release()
    await expect
      .poll(async () =>
        Promise.all(
          names.map(async (name) =>
            coordinator.unloadComponent(name).then(
              () => name,
              () => '',
            ),
          ),
        ),
      )
      .toEqual(names)
  })

  test('does not keep memory from being freed: others go instead', async () => {
    const directory = join(temporaryFolder(), 'snapshots')
    const coordinator = ending(bigCoordinator({ autoUnloadEnabled: false }))
    // The one that is to go first.
    const hangs = registerHibernating(
      coordinator,
      'hangs',
      { directory, timeout: 500 },
      { priority: 99, config: { reported: 5 * gib } },
    )
    await hangs.set('a', 1)
    await registerHog(coordinator, 'other', 5 * gib).touch()
    hangDisk(directory, ['writeFile'])
    expect(await coordinator.memory.freeMemory(gib)).toMatchObject({ satisfied: true, unloaded: ['other'] })
    expect(await coordinator.memory.freeMemory(gib)).toMatchObject({ satisfied: false, unloaded: [] })
    expect(await hangs.get('a')).toBe(1)
  })

  test('does not keep pressure from unloading others, or from telling that nothing is left', async () => {
    const directory = join(temporaryFolder(), 'snapshots')
    const coordinator = ending(bigCoordinator())
    const exhausted: ExhaustedEvent[] = []
    coordinator.on('exhausted', (event) => exhausted.push(event))
    const hangs = registerHibernating(
      coordinator,
      'hangs',
      { directory, timeout: 500 },
      { priority: 99, config: { reported: 20 * gib } },
    )
    await hangs.set('a', 1)
    const busy = registerHog(coordinator, 'busy', 20 * gib)
    await registerHog(coordinator, 'idle', 20 * gib).touch()
    hangDisk(directory, ['writeFile'])
    const call = busy.wait()
    await busy.report(58 * gib)
    await coordinator.memory.sample()
    await until(() => !loaded(coordinator).includes('idle'))
    await busy.report(78 * gib)
    await coordinator.memory.sample()
    await until(() => exhausted.length > 0)
    expect(loaded(coordinator)).toContain('hangs')
    await busy.go()
    await call
  })

  test('does not hold a load that waits for memory beyond its timeout', async () => {
    const directory = join(temporaryFolder(), 'snapshots')
    const coordinator = ending(bigCoordinator())
    const hangs = registerHibernating(
      coordinator,
      'hangs',
      { directory, timeout: 600_000 },
      { config: { reported: 60 * gib } },
    )
    await hangs.set('a', 1)
    await coordinator.memory.sample()
    const disk = hangDisk(directory, ['writeFile'])
    const waits = ['x', 'y'].map(async (name) =>
      rejection(registerHog(coordinator, name, 60 * gib, { timeout: 1_000 }).touch()),
    )
    for (const error of await Promise.all(waits)) expect(isInsufficientMemoryError(error)).toBe(true)
    expect(coordinator.info('hangs').state).toBe('draining')
    disk.release()
    await until(() => coordinator.info('hangs').state === 'unloaded')
  })

  test('does not hold a shutdown', async () => {
    const directory = join(temporaryFolder(), 'snapshots')
    const coordinator = plain()
    await registerHibernating(coordinator, 'a', { directory, timeout: 600_000 }).set('a', 1)
    await coordinator.unloadComponent('a')
    await registerHibernating(coordinator, 'b', { directory, timeout: 600_000 }).set('a', 1)
    const disk = hangDisk(directory, ['writeFile', 'rm'])
    const unload = coordinator.unloadComponent('b').catch(() => {})
    await until(() => disk.begun() === 1)
    expect(await coordinator.shutdown({ deadline: 1_000 })).toBeDefined()
    disk.release()
    await unload
    await until(() => filesIn(directory).length === 0)
  })
})

describe('a disk that hangs while a state is read', () => {
  /** Opening a FIFO for reading blocks until somebody opens it for writing. */
  function hang(path: string): { release(): void } {
    rmSync(path)
    execFileSync('mkfifo', [path])
    const release = (): void => {
      try {
        closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK))
      } catch {
        // Nobody reads any more.
      }
    }
    onTestFinished(release)
    return { release }
  }

  test('is waited for half of the load’s time at most; the component then starts without it, and says so', async () => {
    const directory = join(temporaryFolder(), 'snapshots')
    const { logger, logged } = recordingLogger()
    const coordinator = plain(logger)
    const component = registerHibernating(coordinator, 'a', { directory, timeout: 600_000 }, { timeout: 6_000 })
    const other = registerHibernating(coordinator, 'b', { directory, timeout: 600_000 })
    await component.set('a', 1)
    await other.set('b', 2)
    await coordinator.unloadComponent('a')
    const path = join(directory, filesIn(directory)[0]!)
    const disk = hang(path)
    expect(await component.wasRestored()).toBe(false)
    expect(logged).toMatchObject([{ component: 'a', file: path, msg: expect.stringContaining('starts without it') }])
    // Meanwhile nothing is begun there.
    expect(isSnapshotError(await rejection(coordinator.unloadComponent('b')))).toBe(true)
    disk.release()
    await expect
      .poll(async () =>
        coordinator.unloadComponent('b').then(
          () => 'gone',
          () => 'stays',
        ),
      )
      .toBe('gone')
    expect(await other.get('b')).toBe(2)
  })
})

test('a full disk leaves the component loaded and nothing behind', async ({ skip }) => {
  const directory = join(temporaryFolder(), 'full')
  mkdirSync(directory)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', directory], { stdio: 'ignore' })
  } catch {
    skip('mounting is not permitted here')
  }
  onTestFinished(() => void execFileSync('umount', [directory]))
  const coordinator = plain()
  const component = registerHibernating(coordinator, 'a', { directory })
  await component.fill(2_000_000, 0)
  const error = await rejection(coordinator.unloadComponent('a'))
  expect(isSnapshotError(error) && (error.cause as NodeJS.ErrnoException).code).toBe('ENOSPC')
  expect(filesIn(directory)).toEqual([])
  await component.fill(1_000, 0)
  await coordinator.unloadComponent('a')
  expect(await component.size()).toEqual([1_000, 0])
})

test('a folder that vanishes is made again', async () => {
  const directory = join(temporaryFolder(), 'snapshots')
  const coordinator = plain()
  const component = registerHibernating(coordinator, 'a', { directory })
  for (const round of [1, 2]) {
    await component.set('a', round)
    await coordinator.unloadComponent('a')
    expect(await component.get('a')).toBe(round)
    rmSync(directory, { recursive: true })
  }
})
