import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Generation } from '../../src/host/generation.ts'
import { SpareWorkers } from '../../src/host/spare-workers.ts'
import { WorkerHost } from '../../src/host/worker-host.ts'
import { fixture, quietCoordinator, until } from '../support/coordinator.ts'

const init = (module: URL, config?: unknown): Parameters<Generation['load']>[0] => ({
  instance: 'test',
  name: 'hosted',
  module: module.href,
  export: 'default',
  config,
  dependencies: [],
  maxQueue: 100,
  snapshot: undefined,
  idempotent: new Set(),
  refusesAddons: false,
  hibernates: false,
  environment: {},
  logLevel: 'silent',
  dependencyOptions: {},
})

describe('a worker', () => {
  it('listens soon, and is ended for good', async () => {
    const host = new WorkerHost({})
    await host.online
    expect(host.alive).toBe(true)
    expect(await host.terminate(5_000)).toBe(true)
    expect(host.alive).toBe(false)
    expect(await host.ended).toEqual({ reason: 'terminated' })
    expect(await host.terminate(0)).toBe(true)
  })

  it('ends with the reason it is ended for', async () => {
    const host = new WorkerHost({})
    await host.terminate(5_000, 'memory-limit')
    await host.terminate(5_000, 'terminated')
    expect(await host.ended).toEqual({ reason: 'memory-limit' })
  })

  it('may be ended before it has started', async () => {
    const hosts = Array.from({ length: 3 }, () => new WorkerHost({}))
    expect(await Promise.all(hosts.map(async (host) => host.terminate(5_000)))).toEqual([true, true, true])
    for (const host of hosts) expect(await host.ended).toEqual({ reason: 'terminated' })
  })

  it('that dies before it takes its task is told as well', async () => {
    const host = new WorkerHost({ execArgv: ['--import', 'data:text/javascript,process.exit(9)'] })
    expect(await host.ended).toEqual({ reason: 'exit', exitCode: 9 })
    const throwing = new WorkerHost({ execArgv: ['--import', 'data:text/javascript,throw new RangeError("early")'] })
    expect(await throwing.ended).toMatchObject({ reason: 'error', cause: { message: 'early' } })
    await throwing.online
  })

  it('starts whatever a preload hears of its parent, and leaves that to it', async () => {
    const preload = `data:text/javascript,
      import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
      receiveMessageOnPort(parentPort);
      parentPort.on('message', () => {});
      await new Promise((resolve) => setTimeout(resolve, 50));
      receiveMessageOnPort(parentPort)`
    await using coordinator = quietCoordinator({ spareWorkers: 0 })
    const remote = coordinator.registerComponent<{ given(): string[] }>({
      name: 'given',
      module: `data:text/javascript,
        import { receiveMessageOnPort, parentPort, workerData } from 'node:worker_threads';
        export default { given: () => [typeof workerData, typeof receiveMessageOnPort(parentPort)] }`,
      execArgv: ['--import', preload],
    })
    expect(await remote.given()).toEqual(['undefined', 'undefined'])
  })

  it('that cannot be started throws', () => {
    expect(() => new WorkerHost({ execArgv: ['--no-such-flag'] })).toThrow('--no-such-flag')
  })

  it('tells when it is gone, however late', async () => {
    const host = new WorkerHost({})
    const { promise, resolve } = Promise.withResolvers<string>()
    host.onExit(() => resolve('gone'))
    await host.terminate(0)
    expect(await promise).toBe('gone')
  })
})

describe('a generation', () => {
  it('is drained, called off, drained again and disposed of', async () => {
    const counters = new Int32Array(new SharedArrayBuffer(16))
    const host = new WorkerHost({})
    const generation = new Generation(3, host, () => {})
    expect(await generation.load(init(fixture('kitchen-sink.ts'), { counters }), 10_000)).toEqual({ type: 'ready' })
    const hurry = new AbortController().signal
    const epochs: number[] = []
    const fence = (epoch: number): void => void epochs.push(epoch)
    expect(await generation.drain(true, 5_000, fence, hurry)).toBe('drained')
    generation.resume(fence)
    expect(await generation.drain(false, 5_000, fence, hurry)).toBe('drained')
    expect(epochs).toEqual([1, 1, 2])
    expect(await generation.trim('medium', 5_000)).toBe(true)
    expect(await generation.dispose(5_000, 5_000)).toEqual({})
    expect(counters[1]).toBe(1)
    expect(await host.terminate(5_000)).toBe(true)
    expect(generation.ended).toBe(true)
    expect(await generation.drain(false, 5_000, fence, hurry)).toBe('ended')
    expect(await generation.dispose(5_000, 5_000)).toBe('ended')
    expect(await generation.trim('low', 5_000)).toBe(false)
  })

  it('is not drained while a caller has not agreed, and busy ones are left alone', async () => {
    const host = new WorkerHost({})
    const generation = new Generation(1, host, () => {})
    await generation.load(init(fixture('kitchen-sink.ts')), 10_000)
    const caller = generation.connect()
    const hurry = new AbortController()
    expect(await generation.drain(true, 50, () => {}, hurry.signal)).toBe('late')
    caller.receive({ frame: () => {}, unreadable: () => {} })
    caller.post([[0, 1, 'never', [], 0]])
    await until(() => generation.activity.active === 1)
    expect(await generation.drain(true, 5_000, () => {}, hurry.signal)).toBe('busy')
    const draining = generation.drain(false, 60_000, () => {}, hurry.signal)
    await turn()
    hurry.abort()
    expect(await draining).toBe('late')
    caller.close()
    await host.terminate(5_000)
  })
})

describe('spare workers', () => {
  it('are kept from the first load on, given up, restored and closed', async () => {
    const spares = new SpareWorkers(2, () => new WorkerHost({}))
    expect(spares.hosts).toEqual([])
    const taken = spares.take()
    spares.keep()
    expect(spares.hosts).toHaveLength(2)
    const [first] = spares.hosts
    expect(spares.take()).toBe(first)
    expect(spares.hosts).toHaveLength(1)
    spares.keep()
    expect(spares.hosts).toHaveLength(2)
    const given = spares.hosts
    await spares.giveUp(5_000)
    expect(given.map(({ alive }) => alive)).toEqual([false, false])
    spares.keep()
    expect(spares.hosts).toEqual([])
    spares.restore()
    expect(spares.hosts).toHaveLength(2)
    await spares.close(5_000)
    spares.restore()
    spares.keep()
    expect(spares.hosts).toEqual([])
    await Promise.all([taken.terminate(5_000), first?.terminate(5_000)])
  })

  it('that die are not handed out', async () => {
    const spares = new SpareWorkers(1, () => new WorkerHost({}))
    spares.keep()
    const [spare] = spares.hosts
    await spare?.terminate(5_000)
    expect(spares.hosts).toEqual([])
    const fresh = spares.take()
    expect(fresh).not.toBe(spare)
    await fresh.terminate(5_000)
    await spares.close(5_000)
  })

  it('that cannot be started are done without', async () => {
    const spares = new SpareWorkers(1, () => new WorkerHost({ execArgv: ['--no-such-flag'] }))
    spares.keep()
    expect(spares.hosts).toEqual([])
    await spares.close(0)
  })
})
