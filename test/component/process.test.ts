import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { InvalidOptionsError, isComponentCrashedError, proxy, withCallOptions } from '../../src/index.ts'
import type { DefinitionOf, CrashEvent, Remote } from '../../src/index.ts'
import { fixture, quietCoordinator, rejection, sharedCoordinator, sink, stall, until } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'
import { recordingLogger, temporaryFolder } from '../support/hibernating.ts'
import { inProcessOf, isRunning } from '../support/processes.ts'
import type { InProcess } from '../support/processes.ts'
import type dependent from '../fixtures/dependent.ts'

const { logger, logged } = recordingLogger()
const coordinator = sharedCoordinator({ logger })
const crashes: CrashEvent[] = []
coordinator.on('crash', (event) => crashes.push(event))

function register(name: string, more: Partial<DefinitionOf<InProcess>> = {}): Remote<InProcess> {
  return coordinator.registerComponent<InProcess>(inProcessOf(name, more))
}

describe('a component in a process', () => {
  const remote = coordinator.registerComponent<KitchenSink>(sink('sink', { isolation: 'process' }))

  test('is called as one in a thread is, by whatever kind of method', async () => {
    expect(await remote.add(1, 2)).toBe(3)
    expect(await remote.nested.deep.hi()).toBe('deep')
    expect(
      await remote.echo({ map: new Map([[1, new Set([2n])]]), date: new Date(3), bytes: new Uint8Array([4]) }),
    ).toEqual({
      map: new Map([[1, new Set([2n])]]),
      date: new Date(3),
      bytes: new Uint8Array([4]),
    })
    expect(
      await remote.callBack(
        proxy((value) => value * 2),
        4,
      ),
    ).toBe(12)
    await expect(Reflect.get(remote, 'nothing')()).rejects.toMatchObject({ code: 'ERR_NO_SUCH_METHOD' })
  })

  test('throws errors with both stacks, their cause and their own properties', async () => {
    const error = (await rejection(remote.throwError())) as Error & { code: string; detail: unknown }
    expect(error).toMatchObject({ name: 'OrderError', message: 'no such order', code: 'E_ORDER' })
    expect(error.cause).toMatchObject({ name: 'RangeError', message: 'out of range' })
    expect(error.stack).toContain('kitchen-sink.ts')
    expect(error.stack).toContain('process.test.ts')
  })

  test('streams no further ahead than it is read, and stops with its reader', async () => {
    const read: number[] = []
    for await (const value of remote.endless()) if (read.push(value) === 5) break
    expect(read).toEqual([0, 1, 2, 3, 4])
    await until(async () => (await remote.executed()) === -1)
    for await (const value of remote.numbers(100_000)) {
      if (value < 10) continue
      expect(await remote.produced()).toBeLessThan(1_000)
      break
    }
    const all: number[] = []
    for await (const value of remote.numbers(3)) all.push(value)
    expect(all).toEqual([0, 1, 2])
  })

  test('hears of an abort with its reason, and of a deadline', async () => {
    await until(() => coordinator.info('sink').inUse === 0)
    const controller = new AbortController()
    const noted = withCallOptions(remote, { signal: controller.signal }).noteAbort()
    // It has begun once what was sent after it is answered.
    await remote.add(1, 1)
    controller.abort(new RangeError('enough'))
    await expect(noted).rejects.toThrow('enough')
    await expect(withCallOptions(remote, { timeout: 30 }).never()).rejects.toMatchObject({ code: 'ERR_CALL_TIMEOUT' })
    await until(async () => (await remote.abortReasons()).includes('RangeError: enough'))
  })

  test('is given all of its time, also when the host keeps a call from leaving', async () => {
    await remote.add(1, 1)
    const call = withCallOptions(remote, { timeout: 500 }).add(1, 2)
    await stall(800)
    expect(await call).toBe(3)
  })

  test('gets copies of what was to be transferred, which is said once', async () => {
    const { transfer } = await import('../../src/index.ts')
    const bytes = new Uint8Array(10).fill(7)
    expect(await remote.byteLength(transfer(bytes, [bytes.buffer]))).toBe(10)
    expect(await remote.byteLength(transfer(bytes, [bytes.buffer]))).toBe(10)
    expect(bytes.byteLength).toBe(10)
    expect(logged.filter(({ msg, component }) => component === 'sink' && msg.includes('copied'))).toHaveLength(1)
  })

  test.each([
    ['shared memory', () => new SharedArrayBuffer(8)],
    ['a function', () => () => {}],
    ['a blob', () => new Blob(['x'])],
  ])('is not called with %s, which cannot travel so far', async (_, make) => {
    const calls = coordinator.info('sink').calls
    await expect(remote.echo([make()])).rejects.toMatchObject({ code: 'ERR_VALUE' })
    await expect(remote.echo(make())).rejects.toMatchObject({ code: 'ERR_VALUE' })
    expect(coordinator.info('sink').calls).toBe(calls)
  })

  test('has memory of its own, which its process is measured by', async () => {
    await coordinator.memory.sample()
    const { memory, isolation, pid } = coordinator.info('sink')
    expect(isolation).toBe('process')
    expect(pid).not.toBe(process.pid)
    const anonymous = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    expect(Math.abs((memory?.total ?? 0) / 1024 / Number(anonymous) - 1)).toBeLessThan(0.1)
    const { rss, components } = coordinator.memory.ledger()
    expect(rss).toBeGreaterThan(components['sink']?.total ?? 0)
  })

  test('writes about itself, and logs, locks and trims', async () => {
    const folder = temporaryFolder()
    await coordinator.writeHeapSnapshot('sink', join(folder, 'a.heapsnapshot'))
    expect(JSON.parse(readFileSync(join(folder, 'a.heapsnapshot'), 'utf8'))).toHaveProperty('snapshot')
    const other = register('locks')
    const locked = other.locked('x', 30)
    await until(() => coordinator.locks.list().length > 0)
    using _lease = await coordinator.locks.acquire('x')
    expect(await locked).toBe('had it')
    await other.log('a line')
    await until(() => logged.some((line) => line.component === 'locks' && line.msg === 'said'))
  })
})

test('a watchdog of a process leaves alone what waits, and what writes its heap snapshot, and ends a loop', async () => {
  const remote = coordinator.registerComponent<KitchenSink>(sink('watched', { isolation: 'process', watchdog: 400 }))
  await remote.add(1, 1)
  const answered = Promise.withResolvers<number>()
  const call = remote.callBack(
    proxy(async () => answered.promise),
    1,
  )
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  await coordinator.writeHeapSnapshot('watched', join(temporaryFolder(), 'a.heapsnapshot'))
  answered.resolve(4)
  expect(await call).toBe(4)
  expect(coordinator.info('watched')).toMatchObject({ generation: 1, crashes: 0 })
  // Once its event loop does not turn any more.
  expect(await rejection(remote.spin())).toMatchObject({ code: 'ERR_COMPONENT_CRASHED', reason: 'stuck' })
})

describe('the end of a process', () => {
  const mortal = register('mortal', { restart: { intensity: 100 } })

  test.each(['SIGSEGV', 'SIGABRT', 'SIGKILL', 'SIGTERM'] as const)(
    'by %s is a crash, and its calls know',
    async (signal) => {
      const pid = await mortal.pid()
      expect(isRunning(pid)).toBe(true)
      const others = [mortal.never(), mortal.killAndWait(signal)]
      for (const error of await Promise.all(others.map(rejection))) {
        expect(error).toMatchObject({ code: 'ERR_COMPONENT_CRASHED', reason: 'signal', signal, outcome: 'unknown' })
        expect(isComponentCrashedError(error) && error.message).toContain(signal)
      }
      expect(crashes.at(-1)).toMatchObject({ name: 'mortal', reason: 'signal', signal })
      await until(() => !isRunning(pid))
    },
  )

  test('under the writing of a profile is told as that of a call is', async () => {
    const pid = await mortal.pid()
    const profile = rejection(coordinator.writeCpuProfile('mortal', join(temporaryFolder(), 'a.cpuprofile')))
    await until(() => coordinator.info('mortal').inUse > 0)
    process.kill(pid, 'SIGKILL')
    expect(await profile).toMatchObject({ code: 'ERR_COMPONENT_CRASHED', reason: 'signal', signal: 'SIGKILL' })
  })

  test('comes with that of its channel', async () => {
    const pid = await mortal.pid()
    expect(await rejection(mortal.cutChannel())).toMatchObject({ code: 'ERR_COMPONENT_CRASHED', reason: 'error' })
    await until(() => !isRunning(pid))
    expect(await mortal.pid()).not.toBe(pid)
  })

  test('comes when a deadline passes that it cannot hear of', async () => {
    // Its own: a call that came too late for its deadline may be the next generation's last.
    const looping = register('looping')
    await looping.pid()
    // On a busy machine a call may come too late to be begun.
    await until(async () => {
      const error = await rejection(withCallOptions(looping, { timeout: 50 }).spin())
      expect(error).toMatchObject({ code: expect.stringMatching(/ERR_CALL_TIMEOUT|ERR_COMPONENT_CRASHED/) as string })
      return crashes.some(({ name, reason }) => name === 'looping' && reason === 'stuck')
    })
  })

  test('loses nothing that was logged before it', async () => {
    logged.length = 0
    await rejection(mortal.lastWords())
    const said = logged.filter(({ component }) => component === 'mortal').map(({ msg }) => msg)
    expect(said).toEqual(['one of the last', 'component crashed'])
  })

  test('by an error that nobody has caught is told with that error', async () => {
    const remote = coordinator.component<KitchenSink>('sink')
    const never = rejection(remote.never())
    await remote.throwLate()
    expect(await never).toMatchObject({ reason: 'error', cause: { name: 'TypeError', message: 'thrown late' } })
    const exits = rejection(remote.exit(5))
    expect(await exits).toMatchObject({ reason: 'exit', exitCode: 5 })
  })

  test('takes along whatever it has started', async () => {
    const [pid, child] = [await mortal.pid(), (await mortal.child()) ?? 0]
    expect(isRunning(child)).toBe(true)
    const report = await coordinator.unloadComponent('mortal')
    expect(report).toMatchObject({ zombie: false, retained: 0 })
    expect(report.released).toBeGreaterThan(5 * 1024 ** 2)
    await until(() => !isRunning(child))
    expect(isRunning(pid)).toBe(false)
    const second = (await mortal.child()) ?? 0
    void rejection(mortal.kill('SIGSEGV'))
    await until(() => !isRunning(second))
  })

  test('cannot be put off: neither by a handler of the signal nor by a loop', async () => {
    const remote = register('stubborn', { config: { ignores: 'SIGTERM' } })
    const pid = await remote.pid()
    const spins = rejection(remote.spin())
    expect((await coordinator.unloadComponent('stubborn', { deadline: 20 })).zombie).toBe(false)
    expect(await spins).toMatchObject({ reason: 'terminated' })
    expect(isRunning(pid)).toBe(false)
  })

  test('comes when it passes its memory limit, with whatever kind of memory', async () => {
    const remote = register('greedy', { memoryLimit: '150mb' })
    for (const hold of [remote.holdNative, remote.holdShared]) {
      const pid = await remote.pid()
      await rejection(Promise.resolve(hold(200 * 1024 ** 2)).then(async () => remote.never()))
      expect(crashes.at(-1)).toMatchObject({ name: 'greedy', reason: 'memory-limit' })
      expect(isRunning(pid)).toBe(false)
    }
  })
})

describe('what its definition says of its process', () => {
  test('holds in it', async () => {
    const folder = temporaryFolder()
    process.env['SPILLWAY_TEST_GIVEN'] = '1'
    onTestFinished(() => void delete process.env['SPILLWAY_TEST_GIVEN'])
    const remote = register('told', {
      cwd: folder,
      // The last two are variables that are none.
      env: ['PATH', 'SPILLWAY_TEST_GIVEN', 'SPILLWAY_TEST_NONE', 'constructor', '__proto__'],
      execArgv: ['--no-warnings'],
    })
    expect(await remote.cwd()).toBe(folder)
    expect((await remote.environment()).filter((name) => name !== 'NODE_COMPILE_CACHE')).toEqual([
      'PATH',
      'SPILLWAY_TEST_GIVEN',
    ])
    expect(await remote.execArgv()).toContain('--no-warnings')
  })

  test.runIf(process.getuid?.() === 0)('makes it run as somebody else', async () => {
    const remote = register('nobody', { uid: 65_534, gid: 65_534 })
    expect(await remote.uid()).toBe(65_534)
    expect((await coordinator.memory.sample()).components['nobody']?.total).toBeGreaterThan(0)
  })

  test('denies it files, and the network, and it is called all the same', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    const remote = register('denied', { execArgv: ['--permission'] })
    expect(await remote.pid()).toBeGreaterThan(0)
    await expect(remote.read('/etc/passwd')).rejects.toMatchObject({ code: 'ERR_ACCESS_DENIED' })
    // Node 24 has no permission for the network: it knows none that could be denied.
    const dials = await remote
      .dial((server.address() as AddressInfo).port)
      .catch((error: { code: string }) => error.code)
    expect(dials).toBe(process.versions.node.startsWith('26.') ? 'ERR_ACCESS_DENIED' : 'connected')
  })

  test.each([
    ['isolation', { isolation: 'fibre' as never }],
    ['cwd', { isolation: 'thread' as const, cwd: '/' }],
    ['uid', { isolation: 'auto' as const, uid: 1 }],
    ['gid', { isolation: 'process' as const, gid: -1 }],
    ['uid', { isolation: 'process' as const, uid: 2 ** 31 }],
    ['env[0]', { isolation: 'process' as const, env: [1] as never }],
  ])('is refused when it cannot be: %s', (option, bad) => {
    const registering = (): unknown => coordinator.registerComponent({ ...inProcessOf('bad'), ...bad })
    expect(registering).toThrow(InvalidOptionsError)
    expect(registering).toThrow(option)
  })

  test('may be a user with the number negative zero, which is zero', async () => {
    const remote = register('negative zero', { uid: -0 })
    // Who is not root may not become root; either way this process lives.
    const uid = await remote.uid().catch((error: Error) => error.message)
    expect(['0', true]).toContain(typeof uid === 'number' ? String(uid) : uid?.includes('EPERM'))
  })

  test('is answered with what is wrong when it cannot be loaded', async () => {
    const missing = register('missing', { module: fixture('not-there.ts') })
    await expect(missing.pid()).rejects.toMatchObject({ code: 'ERR_COMPONENT_LOAD' })
    const nowhere = register('nowhere', { cwd: '/no/such/folder' })
    await expect(nowhere.pid()).rejects.toThrow('/no/such/folder')
    const memory = { config: { memory: new SharedArrayBuffer(8) } }
    const shared = coordinator.registerComponent<{ pid(): number }>({ ...inProcessOf('shares'), ...memory })
    await expect(shared.pid()).rejects.toMatchObject({ code: 'ERR_COMPONENT_LOAD', cause: { code: 'ERR_VALUE' } })
    const mute = register('mute', {
      timeout: 500,
      execArgv: ['--import', 'data:text/javascript,await new Promise(()=>setInterval(()=>{},1000))'],
    })
    await expect(mute.pid()).rejects.toMatchObject({ code: 'ERR_COMPONENT_LOAD_TIMEOUT' })
  })
})

describe('a dependency between', () => {
  coordinator.registerComponent(sink('thread'))
  const ofThread = coordinator.registerComponent<typeof dependent>({
    name: 'thread user',
    module: fixture('dependent.ts'),
    dependencies: ['sink'],
  })
  const ofProcess = coordinator.registerComponent<typeof dependent>({
    name: 'process user',
    module: fixture('dependent.ts'),
    dependencies: ['sink', 'thread'],
    isolation: 'process',
  })

  describe.each([
    ['thread', 'process', ofThread, 'sink'],
    ['process', 'thread', ofProcess, 'thread'],
    ['process', 'process', ofProcess, 'sink'],
  ] as const)('a %s and a %s that it needs', (_, __, remote, below) => {
    test('has calls, streams, callbacks and errors', async () => {
      expect(await remote.echo(below, { deep: [1, new Map([[2, 3]])] })).toEqual({ deep: [1, new Map([[2, 3]])] })
      expect(await remote.sum(below, 1_000)).toBe(499_500)
      expect(await remote.callBack(below, 3)).toBe(6)
      const error = (await rejection(remote.throwError(below))) as Error
      expect(error).toMatchObject({ name: 'OrderError', cause: { name: 'RangeError' } })
      expect(error.stack).toContain('kitchen-sink.ts')
      expect(error.stack).toContain('dependent.ts')
      expect(await remote.burst(below, 200)).toEqual(Array.from({ length: 200 }, () => 'ok'))
    })

    test('is told of a crash, and finds it again', async () => {
      const { calls } = coordinator.info(below)
      const never = rejection(remote.never(below))
      await until(() => coordinator.info(below).calls > calls)
      void rejection(coordinator.component<KitchenSink>(below).exit(7))
      expect(await never).toMatchObject({ code: 'ERR_COMPONENT_CRASHED', component: below, exitCode: 7 })
      expect(await remote.count(below)).toBe(1)
    })
  })
})

test('a process that hibernates finds its state again', async () => {
  const { default: hibernating } = await import('../fixtures/hibernating.ts')
  const remote = coordinator.registerComponent<typeof hibernating>({
    name: 'hibernates',
    module: fixture('hibernating.ts'),
    isolation: 'process',
    hibernate: { maxMemory: 0, directory: join(temporaryFolder(), 'states') },
  })
  await remote.set('a', 7)
  await coordinator.unloadComponent('hibernates')
  expect(await remote.get('a')).toBe(7)
  // That its state was copied is not said: nobody has asked for a transfer.
  expect(logged.filter(({ component }) => component === 'hibernates')).toEqual([])
  await coordinator.unregisterComponent('hibernates')
})

test('a shutdown leaves no process behind', async () => {
  const own = quietCoordinator({ spareWorkers: 1 })
  const remotes = ['a', 'b'].map((name) => own.registerComponent<InProcess>(inProcessOf(name)))
  const pids = await Promise.all(remotes.map(async (remote) => remote.pid()))
  void rejection(remotes[0]?.spin() ?? Promise.resolve())
  expect((await own.shutdown({ deadline: 3_000 })).left).toEqual([])
  expect(pids.map((pid) => isRunning(pid))).toEqual([false, false])
})
