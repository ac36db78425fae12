import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { HibernateOptions } from '../../src/contract/component-definition.ts'
import { ComponentCoordinator } from '../../src/coordinator.ts'
import type { Remote } from '../../src/contract/remote.ts'
import {
  isComponentCrashedError,
  isComponentLoadError,
  isInvalidOptionsError,
  isSnapshotError,
} from '../../src/contract/errors.ts'
import type { OrderBook, Query } from '../fixtures/snapshotting.ts'
import type { RememberingConfig } from '../fixtures/remembering.ts'
import type remembering from '../fixtures/remembering.ts'
import { silent } from '../support/coordinator.ts'

const module = new URL('../fixtures/remembering.ts', import.meta.url)

interface LogLine {
  readonly level: number
  readonly msg: string
  readonly component?: string
  readonly file?: string
}

interface Wrapped {
  readonly coordinator: ComponentCoordinator
  readonly remote: Remote<typeof OrderBook>
}

interface Setup {
  readonly coordinator: ComponentCoordinator
  readonly logged: LogLine[]
  readonly component: Remote<typeof remembering>
  /** Where large snapshots go; it does not exist at first. */
  readonly directory: string
  readonly files: () => string[]
}

function setUp(options: { hibernate?: HibernateOptions; config?: RememberingConfig; pinned?: boolean } = {}): Setup {
  const root = mkdtempSync(join(tmpdir(), 'spillway-hibernation-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const logged: LogLine[] = []
  const logger = pino({ level: 'warn' }, { write: (line: string) => void logged.push(JSON.parse(line) as LogLine) })
  const coordinator = new ComponentCoordinator({ autoUnloadEnabled: false, spareWorkers: 0, logger })
  onTestFinished(async () => void (await coordinator.shutdown()))
  const directory = options.hibernate?.directory ?? join(root, 'snapshots')
  const component = coordinator.registerComponent<typeof remembering>({
    name: 'memory/1',
    module,
    config: options.config,
    hibernate: { directory, ...options.hibernate },
  })
  return { coordinator, logged, component, directory, files: () => listed(directory) }
}

const listed = (directory: string): string[] => (existsSync(directory) ? readdirSync(directory) : [])

async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.fail('it was fulfilled'),
    (error: unknown) => error as Error,
  )
}

describe('a service that is wrapped, and has a method named snapshot', () => {
  const wrapped = (exported: string, hibernate?: HibernateOptions): Wrapped => {
    const coordinator = new ComponentCoordinator({ autoUnloadEnabled: false, spareWorkers: 0, logger: silent })
    onTestFinished(async () => void (await coordinator.shutdown()))
    const remote = coordinator.registerComponent<typeof OrderBook>({
      name: 'book',
      module: new URL('../fixtures/snapshotting.ts', import.meta.url),
      export: exported,
      ...(hibernate && { hibernate }),
    })
    return { coordinator, remote }
  }

  test('has it as a method like any other, and is unloaded without its being called', async () => {
    const { coordinator, remote } = wrapped('OrderBook')
    expect(await remote.snapshot()).toEqual({ depth: 10, changes: 0 })
    expect(await remote.snapshot(3)).toEqual({ depth: 3, changes: 0 })
    await remote.change()
    expect((await coordinator.unloadComponent('book')).reason).toBe('requested')
    await remote.change()
    expect(await remote.restored()).toBeUndefined()
  })

  test.for(['Camera', 'createBook', 'book'])('is unloaded without its being called: %s', async (name) => {
    const { coordinator, remote } = wrapped(name)
    await remote.change()
    expect((await coordinator.unloadComponent('book')).reason).toBe('requested')
  })

  test('has it as the hook where the definition has `hibernate`', async () => {
    const { coordinator, remote } = wrapped('OrderBook', {})
    await remote.change()
    await coordinator.unloadComponent('book')
    expect(await remote.restored()).toEqual({ depth: 10, changes: 1 })
  })

  test.for(['Query', 'query'])('may have a method named then, which nobody calls: %s', async (name) => {
    const { coordinator } = wrapped(name)
    expect(await coordinator.component<typeof Query>('book').rows()).toBe(3)
  })
})

describe('a component that is unloaded', () => {
  test('finds its state again, kept in memory when it is small, however it was unloaded', async () => {
    const { coordinator, component, files, logged } = setUp()
    expect(await component.wasRestored()).toBe(false)
    await component.set('a', 1)
    await coordinator.unloadComponent('memory/1')
    expect(coordinator.info('memory/1').state).toBe('unloaded')
    expect(files()).toEqual([])
    expect(await component.get('a')).toBe(1)
    expect(await component.generation()).toBe(2)
    await component.set('b', 2)
    // For want of memory.
    expect(await coordinator.memory.freeMemory(1)).toMatchObject({ satisfied: true, unloaded: ['memory/1'] })
    expect([await component.get('a'), await component.get('b')]).toEqual([1, 2])
    // Although a call was still under way at the deadline.
    const [error] = await Promise.all([
      failure(component.never()),
      coordinator.unloadComponent('memory/1', { deadline: 50 }),
    ])
    expect(isComponentCrashedError(error) && error.reason).toBe('terminated')
    expect([await component.get('a'), await component.get('b')]).toEqual([1, 2])
    // Not after a crash, whatever it was loaded with.
    expect(isComponentCrashedError(await failure(component.exit()))).toBe(true)
    expect(await component.wasRestored()).toBe(false)
    expect(logged.filter(({ msg }) => msg.includes('state is lost'))).toEqual([])
    // Nor when it was stuck.
    await component.set('a', 1)
    const [ended, report] = await Promise.all([
      failure(component.spin()),
      coordinator.unloadComponent('memory/1', { deadline: 50 }),
    ])
    expect(isComponentCrashedError(ended) && ended.reason).toBe('terminated')
    expect(report.zombie).toBe(false)
    expect(await component.wasRestored()).toBe(false)
    expect(logged.map(({ msg }) => msg)).toContainEqual(expect.stringContaining('state is lost'))
  })

  test('finds its state again, kept in a private file when it is large, which goes once it is loaded', async () => {
    const { coordinator, component, directory, files } = setUp({ hibernate: { maxMemory: 1_000 } })
    await component.fill(100_000)
    const blob = await component.blob()
    await coordinator.unloadComponent('memory/1')
    const [name, ...others] = files()
    expect(others).toEqual([])
    // The name of the component cannot lead out of the directory.
    expect(name).toMatch(new RegExp(`^memory%2F1-${process.pid}-[0-9a-f-]{36}\\.snapshot$`))
    expect(statSync(join(directory, name!)).mode & 0o777).toBe(0o600)
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    expect(await component.blob()).toEqual(blob)
    await expect.poll(files).toEqual([])
  })

  test('leaves nothing behind among the temporary files', async () => {
    const own = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith(`spillway-${process.pid}-`))
    const { coordinator } = setUp()
    const names = ['x', 'y']
    for (const name of names) {
      await coordinator.registerComponent<typeof remembering>({ name, module, hibernate: { maxMemory: 0 } }).set('a', 1)
      await coordinator.unloadComponent(name)
    }
    expect(own()).toHaveLength(1)
    await coordinator.unregisterComponent('x')
    expect(own().flatMap((name) => readdirSync(join(tmpdir(), name)))).toEqual([expect.stringMatching(/^y-/)])
    expect(await coordinator.component<typeof remembering>('y').get('a')).toBe(1)
    await coordinator.shutdown()
    expect(own()).toEqual([])
  })

  test('is loaded afresh when it offers no snapshot', async () => {
    const { coordinator } = setUp()
    const plain = coordinator.registerComponent<{ count(): number }>({
      name: 'plain',
      module: new URL('../fixtures/kitchen-sink.ts', import.meta.url),
    })
    expect(await plain.count()).toBe(1)
    await coordinator.unloadComponent('plain')
    expect(await plain.count()).toBe(1)
  })
})

describe('a snapshot that fails', () => {
  test('keeps the component loaded, and says so', async () => {
    const { coordinator, component, logged } = setUp({ hibernate: { timeout: 1_000 } })
    await component.set('a', 1)
    for (const [behaviour, why] of [
      ['throw', 'no snapshot today'],
      ['uncloneable', 'could not be cloned'],
      ['blob', 'A Blob cannot be kept'],
      ['hang', 'not done within 1000 ms'],
    ] as const) {
      logged.length = 0
      await component.snapshotsGo(behaviour)
      const error = await failure(coordinator.unloadComponent('memory/1'))
      expect(isSnapshotError(error) && error.component).toBe('memory/1')
      expect(error.message).toContain(why)
      expect(coordinator.info('memory/1')).toMatchObject({ state: 'ready', generation: 1, unloads: 0 })
      expect(await component.get('a')).toBe(1)
      expect(logged).toMatchObject([{ component: 'memory/1', level: 50, msg: expect.stringContaining('stays loaded') }])
    }
    // It can be unloaded once it can be kept.
    await component.snapshotsGo('well')
    await coordinator.unloadComponent('memory/1')
    expect([await component.get('a'), await component.generation()]).toEqual([1, 2])
  })

  test('over the limit: says how large it is and what is allowed', async () => {
    const { coordinator, component, files } = setUp({ hibernate: { maxMemory: 1_000, maxSize: 10_000 } })
    await component.fill(20_000)
    const error = await failure(coordinator.unloadComponent('memory/1'))
    expect(isSnapshotError(error)).toBe(true)
    expect(error.message).toMatch(/it has 2\d{4} bytes, hibernate\.maxSize allows 10000/)
    expect(coordinator.info('memory/1').state).toBe('ready')
    expect(files()).toEqual([])
  })

  test('because it cannot be written: nothing is left behind', async () => {
    const root = mkdtempSync(join(tmpdir(), 'spillway-hibernation-'))
    onTestFinished(() => rmSync(root, { recursive: true, force: true }))
    const file = join(root, 'a-file')
    writeFileSync(file, '')
    const { coordinator, component } = setUp({ hibernate: { maxMemory: 0, directory: join(file, 'snapshots') } })
    await component.set('a', 1)
    const error = await failure(coordinator.unloadComponent('memory/1'))
    expect(isSnapshotError(error) && (error.cause as NodeJS.ErrnoException).code).toBe('ENOTDIR')
    expect(await component.get('a')).toBe(1)
    expect(readdirSync(root)).toEqual(['a-file'])
  })

  test('keeps it loaded also with a call under way at the deadline, which goes on', async () => {
    const { coordinator, component } = setUp()
    await component.snapshotsGo('throw')
    const never = failure(component.never())
    const error = await failure(coordinator.unloadComponent('memory/1', { deadline: 20 }))
    expect(isSnapshotError(error)).toBe(true)
    expect(coordinator.info('memory/1')).toMatchObject({ state: 'ready', inUse: 1 })
    await component.snapshotsGo('well')
    await coordinator.unloadComponent('memory/1', { deadline: 0 })
    expect(isComponentCrashedError(await never)).toBe(true)
  })

  test('is not asked for again at once when memory is short', async () => {
    const { coordinator, component } = setUp()
    await component.snapshotsGo('throw')
    for (let round = 0; round < 3; round++) {
      expect(await coordinator.memory.freeMemory(1)).toMatchObject({ satisfied: false, unloaded: [] })
    }
    expect(await component.snapshotsTaken()).toBe(1)
    // Whoever asks for it by name is told again.
    expect(isSnapshotError(await failure(coordinator.unloadComponent('memory/1')))).toBe(true)
    expect(await component.snapshotsTaken()).toBe(2)
  })

  test('because the worker dies over it: that is a crash, and the next generation starts afresh', async () => {
    const { coordinator, component } = setUp()
    await component.set('a', 1)
    await component.snapshotsGo('exit')
    await coordinator.unloadComponent('memory/1')
    expect(coordinator.info('memory/1')).toMatchObject({ crashes: 1, unloads: 0 })
    expect(await component.wasRestored()).toBe(false)
  })
})

describe('while an unload by name waits for a snapshot that fails', () => {
  test('a shutdown does not give up on the component', async () => {
    const { coordinator, component } = setUp({ hibernate: { timeout: 1_000 } })
    await component.snapshotsGo('hang')
    const [error, report] = await Promise.all([
      failure(coordinator.unloadComponent('memory/1')),
      coordinator.shutdown(),
    ])
    expect(isSnapshotError(error)).toBe(true)
    expect(report).toMatchObject({ left: [], unloaded: [{ name: 'memory/1', reason: 'shutdown' }] })
  })

  test('the memory manager leaves it alone', async () => {
    const { coordinator, component } = setUp({ hibernate: { timeout: 1_000 } })
    await component.snapshotsGo('hang')
    const unload = failure(coordinator.unloadComponent('memory/1'))
    await expect.poll(() => coordinator.info('memory/1').state).toBe('draining')
    expect(await coordinator.memory.freeMemory(1)).toMatchObject({ unloaded: [] })
    expect(isSnapshotError(await unload)).toBe(true)
  })
})

describe('a snapshot in a file', () => {
  test('that is corrupt is set aside and reported, and the component starts without it; so it does without a truncated one, and one that is gone', async () => {
    const { coordinator, component, directory, files, logged } = setUp({ hibernate: { maxMemory: 0 } })
    await component.set('a', 1)
    await coordinator.unloadComponent('memory/1')
    const path = join(directory, files()[0]!)
    const bytes = readFileSync(path)
    bytes[bytes.length >> 1]! ^= 1
    writeFileSync(path, bytes)
    expect(await component.wasRestored()).toBe(false)
    expect(readFileSync(`${path}.corrupt`)).toEqual(bytes)
    expect(files()).toHaveLength(1)
    expect(logged).toMatchObject([{ component: 'memory/1', file: `${path}.corrupt`, level: 50 }])
    // The next ones are other files; of a truncated one, and of one that is gone, it is the same.
    for (const how of ['truncated', 'gone']) {
      logged.length = 0
      await component.set('b', 2)
      await coordinator.unloadComponent('memory/1')
      const next = join(
        directory,
        files().find((name) => name.endsWith('.snapshot'))!,
      )
      expect(next).not.toBe(path)
      if (how === 'gone') rmSync(next)
      else writeFileSync(next, readFileSync(next).subarray(0, 10))
      expect(await component.wasRestored()).toBe(false)
      expect(logged).toMatchObject([{ component: 'memory/1', file: expect.stringContaining(next), level: 50 }])
    }
    await component.set('b', 2)
    await coordinator.unloadComponent('memory/1')
    expect(await component.get('b')).toBe(2)
  })

  test('is not used up by a load that fails', async () => {
    const marker = join(mkdtempSync(join(tmpdir(), 'spillway-hibernation-')), 'broken')
    onTestFinished(() => rmSync(join(marker, '..'), { recursive: true, force: true }))
    const { coordinator, component, files } = setUp({
      hibernate: { maxMemory: 0 },
      config: { brokenWhile: marker },
    })
    await component.set('a', 1)
    await coordinator.unloadComponent('memory/1')
    const kept = files()
    mkdirSync(marker)
    expect(isComponentLoadError(await failure(component.get('a')))).toBe(true)
    expect(isComponentLoadError(await failure(component.get('a')))).toBe(true)
    expect(files()).toEqual(kept)
    rmSync(marker, { recursive: true })
    expect(await component.get('a')).toBe(1)
  })

  test.each(['unregistered', 'shut down'])('goes when the component is %s while it sleeps', async (how) => {
    const { coordinator, component, files } = setUp({ hibernate: { maxMemory: 0 } })
    await component.set('a', 1)
    await coordinator.unloadComponent('memory/1')
    expect(files()).toHaveLength(1)
    if (how === 'unregistered') await coordinator.unregisterComponent('memory/1')
    else await coordinator.shutdown()
    expect(files()).toEqual([])
  })

  test.each(['unregistered', 'shut down'])(
    'is not written when the component is %s while it is loaded',
    async (how) => {
      const { coordinator, component, files } = setUp({ hibernate: { maxMemory: 0 } })
      await component.snapshotsGo('throw')
      const report =
        how === 'unregistered'
          ? await coordinator.unregisterComponent('memory/1')
          : (await coordinator.shutdown()).unloaded[0]
      expect(report).toMatchObject({ name: 'memory/1', zombie: false })
      expect(files()).toEqual([])
    },
  )
})

test('the members of a family each find their own state; a released one is forgotten with its state', async () => {
  const { coordinator, directory, files } = setUp()
  const family = coordinator.registerFamily<typeof remembering>({
    name: 'family',
    module,
    hibernate: { directory, maxMemory: 0 },
  })
  await Promise.all([family.get('x').set('a', 1), family.get('y').set('a', 2)])
  await Promise.all(['family:x', 'family:y'].map(async (name) => coordinator.unloadComponent(name)))
  expect(files()).toHaveLength(2)
  expect(await Promise.all([family.get('x').get('a'), family.get('y').get('a')])).toEqual([1, 2])
  await coordinator.unloadComponent('family:x')
  await family.release('x')
  expect(await family.get('x').wasRestored()).toBe(false)
  expect(await family.get('y').get('a')).toBe(2)
})

test('bad options are named', () => {
  for (const [option, hibernate] of [
    ['hibernate.maxMemory', { maxMemory: -1 }],
    ['hibernate.maxSize', { maxSize: Number.NaN }],
    ['hibernate.directory', { directory: '' }],
    ['hibernate.timeout', { timeout: 0 }],
  ] as const) {
    expect(() => setUp({ hibernate })).toThrow(
      expect.toSatisfy((error) => isInvalidOptionsError(error) && error.option === option),
    )
  }
})
