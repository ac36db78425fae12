import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { withDeadline } from '../../src/base/deadline.ts'
import type { ComponentHost } from '../../src/host/component-host.ts'
import { Generation } from '../../src/host/generation.ts'
import { ProcessHost } from '../../src/host/process/process-host.ts'
import { SpareWorkers } from '../../src/host/spare-workers.ts'
import { fixture, until } from '../support/coordinator.ts'
import { childrenOf, isRunning } from '../support/processes.ts'

function open(options: ConstructorParameters<typeof ProcessHost>[0] = {}): ProcessHost {
  const host = new ProcessHost(options)
  onTestFinished(async () => void (await host.terminate(5_000, 'stuck')))
  return host
}

test('listens soon, and is ended for good', async () => {
  const host = open()
  await host.online
  expect(host.alive).toBe(true)
  expect(isRunning(host.pid)).toBe(true)
  expect(await host.terminate(5_000)).toBe(true)
  expect(host.alive).toBe(false)
  expect(await host.ended).toEqual({ reason: 'terminated' })
  expect(await host.terminate(0)).toBe(true)
  expect(isRunning(host.pid)).toBe(false)
})

test('ends with the reason it is ended for first', async () => {
  const host = open()
  await host.terminate(5_000, 'memory-limit')
  await host.terminate(5_000, 'terminated')
  expect(await host.ended).toEqual({ reason: 'memory-limit' })
})

test('tells how it ended by itself', async () => {
  const exits = open({ execArgv: ['--import', 'data:text/javascript,process.exit(9)'] })
  const dies = open({ execArgv: ['--import', 'data:text/javascript,process.kill(process.pid,"SIGSEGV")'] })
  const refused = open({ execArgv: ['--no-such-flag'] })
  expect(await exits.ended).toEqual({ reason: 'exit', exitCode: 9 })
  expect(await dies.ended).toEqual({ reason: 'signal', signal: 'SIGSEGV' })
  expect(await refused.ended).toEqual({ reason: 'exit', exitCode: 9 })
  await Promise.all([exits.online, dies.online, refused.online])
})

test('does not wait for the debugger of this process', async () => {
  const before = process.env['NODE_OPTIONS']
  onTestFinished(() => {
    if (before === undefined) delete process.env['NODE_OPTIONS']
    else process.env['NODE_OPTIONS'] = before
  })
  process.env['NODE_OPTIONS'] = `--inspect-brk=127.0.0.1:0 ${before ?? ''} --inspect-port=0 --no-warnings`
  const host = open()
  expect(host.environmentChange()).toEqual({})
  const listening = host.online.then(() => host.alive)
  expect(await withDeadline(listening, 20_000)).toBe(true)
})

test('one that cannot be started says why, and leaves nothing', async () => {
  const host = open({ cwd: '/no/such/folder' })
  expect(await host.ended).toMatchObject({ reason: 'error', cause: { code: 'ENOENT' } })
  expect(host.alive).toBe(false)
  expect(await host.terminate(1_000)).toBe(true)
  await host.online
  expect(() => new ProcessHost({ argv: ['x'.repeat(10_000_000)] })).toThrow('E2BIG')
})

test('spares are kept, handed out, given up and closed as those of threads are', async () => {
  const spares = new SpareWorkers(1, () => new ProcessHost({}))
  const taken = spares.take()
  spares.keep()
  const [spare] = spares.hosts
  expect(spares.take()).toBe(spare)
  spares.keep()
  const [next] = spares.hosts
  await spares.giveUp(5_000)
  expect(next?.alive).toBe(false)
  await spares.close(5_000)
  await Promise.all([taken.terminate(5_000), spare?.terminate(5_000)])
})

test('a spare that was started elsewhere, or where variables that are read then were others, is nobody’s', async () => {
  const spares = new SpareWorkers(1, () => new ProcessHost({}))
  const folder = process.cwd()
  onTestFinished(async () => {
    process.chdir(folder)
    delete process.env['UV_THREADPOOL_SIZE']
    await spares.close(5_000)
  })
  const taken: ComponentHost[] = []
  const isSpareTaken = (): boolean => {
    spares.keep()
    const [spare] = spares.hosts
    const host = spares.take()
    taken.push(host)
    return host === spare
  }
  expect(isSpareTaken()).toBe(true)
  spares.keep()
  process.chdir(tmpdir())
  expect(isSpareTaken()).toBe(false)
  spares.keep()
  process.env['UV_THREADPOOL_SIZE'] = '2'
  expect(isSpareTaken()).toBe(false)
  spares.keep()
  process.env['SPILLWAY_TEST_ANY'] = '2'
  expect(isSpareTaken()).toBe(true)
  delete process.env['SPILLWAY_TEST_ANY']
  await Promise.all(taken.map(async (host) => host.terminate(5_000)))
})

test('what it is doing can be read while it is stuck, and when it is gone', async () => {
  const host = open()
  const generation = new Generation(1, host, () => {})
  const loaded = await generation.load(
    {
      name: 'hosted',
      module: fixture('in-process.ts').href,
      export: 'default',
      config: undefined,
      dependencies: [],
      maxQueue: 100,
      instance: 'test',
      idempotent: new Set(),
      refusesAddons: false,
      snapshot: undefined,
      hibernates: false,
      environment: {},
      logLevel: 'silent',
      dependencyOptions: {},
    },
    20_000,
  )
  expect(loaded).toEqual({ type: 'ready' })
  const caller = generation.connect()
  caller.receive({ frame: () => {}, unreadable: () => {} })
  const deadline = performance.timeOrigin
  caller.post([[0, 1, 'spin', [], deadline * 1_000]])
  await until(() => generation.activity.active === 1)
  expect(generation.activity).toMatchObject({ calls: 1, active: 1, deadline: deadline * 1_000 })
  const before = host.activeTime()
  await until(() => host.activeTime() > before)
  expect((await host.memory()).physical).toBeGreaterThan(10 * 1024 ** 2)
  await host.terminate(5_000)
  expect(generation.activity).toMatchObject({ calls: 1, active: 1 })
  await expect(host.memory()).rejects.toThrow('gone')
})

/** A program with two components in processes, one of which does not listen; its lines are their ids. */
function program(): ChildProcess & { readonly stdout: NonNullable<ChildProcess['stdout']> } {
  const source = `
    const { ComponentCoordinator } = await import(${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)})
    const coordinator = new ComponentCoordinator()
    const module = new URL(${JSON.stringify(fixture('in-process.ts').href)})
    for (const name of ['spins', 'listens']) {
      const component = coordinator.registerComponent({ name, module, isolation: 'process' })
      console.log(await component.pid())
      console.log(await component.child())
      if (name === 'spins') void component.spin()
    }
    setInterval(() => {}, 1000)
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, SPILLWAY_LOG_LEVEL: 'error' },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

async function pidsOf(child: ReturnType<typeof program>): Promise<number[]> {
  const pids: number[] = []
  for await (const line of createInterface(child.stdout)) if (pids.push(Number(line)) === 4) break
  return pids
}

test.runIf(process.platform === 'linux')('a host that is killed leaves no orphans, whatever they do', async () => {
  const child = program()
  const pids = await pidsOf(child)
  expect(pids.map((pid) => isRunning(pid))).toEqual([true, true, true, true])
  child.kill('SIGKILL')
  await until(() => !pids.some((pid) => isRunning(pid)))
})

test.runIf(process.platform === 'linux')('nor one whose watcher somebody has ended before', async () => {
  const child = program()
  const pids = await pidsOf(child)
  const watcher = (): number | undefined => childrenOf(child.pid).find(({ name }) => name === 'sh')?.pid
  const first = watcher()
  expect(first).toBeDefined()
  process.kill(first ?? 0, 'SIGKILL')
  await until(() => ![undefined, first].includes(watcher()))
  child.kill('SIGKILL')
  await until(() => !pids.some((pid) => isRunning(pid)))
})

test.runIf(process.platform === 'linux')(
  'nor one whose watcher is killed with it: what listens ends its own children',
  async () => {
    const child = program()
    const pids = await pidsOf(child)
    const watcher = childrenOf(child.pid).find(({ name }) => name === 'sh')?.pid ?? 0
    child.kill('SIGSTOP')
    process.kill(watcher, 'SIGKILL')
    child.kill('SIGKILL')
    const [spins = 0, , listens = 0, itsChild = 0] = pids
    await until(() => !isRunning(listens) && !isRunning(itsChild))
    expect(isRunning(spins)).toBe(true)
    // Nobody is left to end this one.
    process.kill(-spins, 'SIGKILL')
  },
)

test('a program that ends by itself takes its components along', async () => {
  const source = `
    const { ComponentCoordinator } = await import(${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)})
    const coordinator = new ComponentCoordinator()
    const component = coordinator.registerComponent({ name: 'a', module: ${JSON.stringify(fileURLToPath(fixture('in-process.ts')))}, isolation: 'process' })
    console.log(await component.pid())
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, SPILLWAY_LOG_LEVEL: 'error' },
  })
  let output = ''
  child.stdout.on('data', (text: Buffer) => {
    output += String(text)
  })
  // Nothing in it keeps its event loop alive: no timer, no socket, no process.
  const [code] = (await once(child, 'close')) as [number]
  expect(code).toBe(0)
  await until(() => !isRunning(Number(output)))
})
