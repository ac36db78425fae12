import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Hibernation, resolveHibernateOptions } from '../../src/component/hibernation.ts'
import { newSnapshotPath } from '../../src/component/snapshot-files.ts'
import { SnapshotFolder } from '../../src/component/snapshot-folder.ts'
import type { Generation } from '../../src/host/generation.ts'
import { quietCoordinator } from '../support/coordinator.ts'
import { ending, filesIn, recordingLogger, registerHibernating, temporaryFolder } from '../support/hibernating.ts'

const plain = () => ending(quietCoordinator({ spareWorkers: 0 }))
const sources = new URL('../../src/', import.meta.url).href
const fixtures = new URL('../fixtures/', import.meta.url).href

/** A process that has put the state of one component into a file; `say()` makes it load the component again, and tells what it found. */
async function sleeper(name: string, directory: string | undefined, temporary: string) {
  const source = `
    import { pino } from 'pino'
    import { ComponentCoordinator } from '${sources}index.ts'
    const coordinator = new ComponentCoordinator({ logger: pino({ level: 'silent' }), autoUnloadEnabled: false, spareWorkers: 0 })
    const component = coordinator.registerComponent({
      name: '${name}',
      module: new URL('hibernating.ts', '${fixtures}'),
      hibernate: { maxMemory: 0, directory: ${JSON.stringify(directory)} },
    })
    await component.set('a', process.pid)
    await coordinator.unloadComponent('${name}')
    process.send('asleep')
    process.on('message', async () => process.send(await component.get('a')))`
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '-e', source], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    cwd: new URL('../..', import.meta.url),
    env: { ...process.env, TMPDIR: temporary },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  expect((await once(child, 'message'))[0]).toBe('asleep')
  return {
    pid: child.pid,
    kill: async () => killed(child),
    say: async () => {
      child.send('say')
      const [found] = (await once(child, 'message')) as [unknown]
      return found
    },
  }
}

async function killed(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

describe('files of a process that was killed', () => {
  test('go when another begins to use the folder; those of living processes stay', async () => {
    const root = temporaryFolder()
    const directory = join(root, 'snapshots')
    const [dead, living] = await Promise.all([sleeper('a', directory, root), sleeper('b', directory, root)])
    await dead.kill()
    expect(filesIn(directory)).toHaveLength(2)
    writeFileSync(join(directory, 'somebody-else.snapshot'), '')
    registerHibernating(plain(), 'c', { directory })
    await expect.poll(() => filesIn(directory)).toEqual([expect.stringMatching(/^b-/), 'somebody-else.snapshot'])
    expect(await living.say()).toBe(living.pid)
  })

  test('go with its folder among the temporary files', async () => {
    const root = temporaryFolder()
    const folders = () => readdirSync(root).filter((name) => name.startsWith('spillway-'))
    const dead = await sleeper('a', undefined, root)
    await dead.kill()
    expect(folders()).toHaveLength(1)
    const living = await sleeper('b', undefined, root)
    await expect.poll(folders).toEqual([expect.stringContaining(`spillway-${living.pid}-`)])
    expect(await living.say()).toBe(living.pid)
  })

  test('are told from those of another process with the same id, and from those that cannot be asked about', async () => {
    const directory = temporaryFolder()
    const mine = newSnapshotPath(directory, 'mine')
    const [, machine, started] = /-([0-9a-f]{12})-([0-9a-f]{8})-[0-9a-f]{14}\.snapshot$/.exec(mine) ?? []
    const another = (digits: string | undefined): string =>
      digits!.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))
    const reused = mine.replace(`-${started}-`, `-${another(started)}-`)
    const elsewhere = mine.replace(`-${machine}-`, `-${another(machine)}-`)
    const forgotten = elsewhere.replace(/mine/, 'forgotten')
    for (const path of [mine, reused, `${reused}.partial`, elsewhere, forgotten]) writeFileSync(path, '')
    const longAgo = new Date(Date.now() - 8 * 24 * 3_600_000)
    utimesSync(forgotten, longAgo, longAgo)
    utimesSync(mine, longAgo, longAgo)
    const folder = SnapshotFolder.open(directory)
    const stay = [mine, elsewhere]
    await expect.poll(() => filesIn(directory).map((name) => join(directory, name))).toEqual(stay.sort())
    folder.close()
  })
})

describe('a folder that several use', () => {
  test('is there for those who write while others leave it', async () => {
    const coordinators = [plain(), plain()] as const
    const [first, second] = coordinators.map((coordinator) => registerHibernating(coordinator, 'a', {}))
    await Promise.all([first!.set('a', 0), second!.set('a', 0)])
    for (let round = 1; round <= 3; round++) {
      await first!.set('a', round)
      const leave = async (): Promise<void> => {
        const name = `passing-${round}`
        await registerHibernating(coordinators[1], name, {}).set('a', 1)
        await coordinators[1].unloadComponent(name)
        await coordinators[1].unregisterComponent(name)
      }
      await Promise.all([coordinators[0].unloadComponent('a'), leave()])
      expect(await first!.get('a')).toBe(round)
    }
  }, 60_000)

  test('is not removed from under one that writes by one that is done with it', async () => {
    const options = resolveHibernateOptions({ maxMemory: 0 })
    const open = (name: string) => new Hibernation(name, options, recordingLogger().logger, () => 0)
    // All that is asked of it here.
    const generation = { takeSnapshot: async () => ({ value: new Uint8Array(10) }) } as unknown as Generation
    const [first, second] = [open('first'), open('second')]
    for (let round = 0; round < 80; round++) {
      const passing = open('passing')
      const takes = [first, second].map(async (hibernation) =>
        hibernation.take(generation, 'requested', new AbortController().signal),
      )
      await Promise.all([...takes, passing.discard()])
      for (const hibernation of [first, second]) {
        expect((await hibernation.restore(5_000))?.byteLength).toBe(10)
        await hibernation.restored()
      }
    }
    await Promise.all([first.discard(), second.discard()])
  }, 60_000)

  test('never loses what is written to it, by whatever process', async () => {
    const root = temporaryFolder()
    const directory = join(root, 'snapshots')
    const source = `
      import { SnapshotFolder } from '${sources}component/snapshot-folder.ts'
      for (let i = 0; i < 150; i++) {
        const folder = SnapshotFolder.open(${JSON.stringify(directory)})
        const file = await folder.write('a', new Uint8Array(10).fill(i), 10_000)
        const read = await folder.read(file, 10_000)
        if (read.status !== 'whole' || read.bytes[0] !== i % 256) throw new Error('lost')
        await folder.remove(file.path, 10_000)
        folder.close()
      }`
    const children = Array.from({ length: 2 }, () =>
      spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '-e', source], {
        stdio: ['ignore', 'ignore', 'inherit'],
      }),
    )
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as number))
    expect(codes).toEqual([0, 0])
    expect(filesIn(directory)).toEqual([])
  })
})
