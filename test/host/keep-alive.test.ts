import { describe, expect, it } from 'vitest'
import { KeepAlive } from '../../src/host/keep-alive.ts'
import { runChild } from '../support/child.ts'

const create = `const coordinator = new ComponentCoordinator({ logger: silent })
const remote = coordinator.registerComponent(sink('a'))
`

describe('a process', { timeout: 60_000 }, () => {
  it.concurrent.each<[string, string, string]>([
    [
      'ends by itself with a component that is loaded but idle',
      `await remote.add(1, 1); console.log('idle')`,
      'idle\n',
    ],
    [
      'ends by itself with components that were never loaded, were unloaded, have crashed, keep a callback, have an endpoint',
      `const { proxy } = await import('comlink')
       for (const name of ['unloaded', 'crashed', 'called']) coordinator.registerComponent(sink(name))
       await coordinator.component('unloaded').add(1, 1); await coordinator.unloadComponent('unloaded')
       await coordinator.component('crashed').exit(3).catch((error) => console.log(error.reason))
       await coordinator.component('called').keep(proxy(() => 1))
       coordinator.createEndpoint('called'); coordinator.createEndpoint('unloaded')`,
      'exit\n',
    ],
    [
      'ends by itself after a shutdown',
      `{ await using c = new ComponentCoordinator({ logger: silent }); await c.registerComponent(sink('b')).add(1, 1) }
       await remote.add(1, 1); const { left } = await coordinator.shutdown(); console.log(left.length)`,
      '0\n',
    ],
    [
      'ends by itself after a shutdown, with what a stock comlink peer got and gave by reference',
      `const { proxy, wrap } = await import('comlink')
       const peer = wrap(coordinator.createEndpoint('a')); globalThis.counter = await peer.makeCounter()
       console.log(await counter.up(2)); await peer.keep(proxy(() => 1)); await coordinator.shutdown()`,
      '2\n',
    ],
    [
      'ends by itself when the component has crashed, or was unloaded, that gave something by reference to a stock comlink peer',
      `const { wrap } = await import('comlink')
       const peers = ['b', 'c'].map((name) => (coordinator.registerComponent(sink(name)), wrap(coordinator.createEndpoint(name))))
       globalThis.given = await Promise.all(peers.map((peer) => peer.makeCounter()))
       console.log(await given[0].up(2), await given[1].up(3))
       await peers[0].exit(3).catch((error) => console.log(error.name)); await coordinator.unloadComponent('c')
       // The endpoints themselves live on.
       for (const peer of peers) peer[(await import('comlink')).releaseProxy]()`,
      '2 3\nComponentCrashedError\n',
    ],
    ['stays alive for a call under way', `remote.sleep(200).then(console.log)`, 'slept\n'],
    ['stays alive for a load', `coordinator.getComponent('a').then(() => console.log('loaded'))`, 'loaded\n'],
    [
      'stays alive for a stream that is read',
      `for await (const value of remote.slowNumbers(4, 50)) console.log(value)`,
      '0\n1\n2\n3\n',
    ],
    [
      'stays alive for an open stream that nobody reads',
      `globalThis.stream = await remote.endless(); setTimeout(() => { console.log('open'); stream.return() }, 300).unref()`,
      'open\n',
    ],
    [
      'stays alive for a lease',
      `const lease = await coordinator.acquire('a'); setTimeout(() => { console.log('held'); lease.release() }, 300).unref()`,
      'held\n',
    ],
    [
      'stays alive for a call of a callback that the component gave',
      `const counter = await remote.makeCounter(); counter.upLater(7, 200).then(console.log)`,
      '7\n',
    ],
    [
      'stays alive for an unload, and for a shutdown',
      `await remote.add(1, 1)
       coordinator.unloadComponent('a').then(({ name }) => {
         console.log(name)
         coordinator.shutdown().then(({ left }) => console.log(left.length))
       })`,
      'a\n0\n',
    ],
    [
      'never exits silently with calls pending when the worker exits with 0',
      `remote.exit(0).then(console.log, (error) => console.log(error.code))`,
      'ERR_COMPONENT_CRASHED\n',
    ],
    [
      'is not ended by a worker that throws with nothing under way',
      `const alive = setInterval(() => {}, 1_000); const crash = new Promise((resolve) => coordinator.once('crash', resolve))
       await remote.throwLate(); await crash; clearInterval(alive); console.log(await remote.generation())`,
      '2\n',
    ],
  ])('%s', async (_, source, stdout) => {
    const result = await runChild(create + source)
    expect(result).toEqual({ code: 0, signal: null, stdout, stderr: '' })
  })

  it('stays alive for a call that is never answered', async () => {
    const result = await runChild(`${create} remote.never()`, { deadline: 5_000 })
    expect(result).toMatchObject({ code: null, signal: 'SIGKILL', stderr: '' })
  })
})

describe('KeepAlive', () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length

  it('holds the process while there is a reason, and only then', async () => {
    const before = timers()
    using keepAlive = new KeepAlive()
    expect(timers()).toBe(before)
    keepAlive.hold()
    keepAlive.hold()
    expect(timers()).toBe(before + 1)
    keepAlive.release()
    expect(timers()).toBe(before + 1)
    keepAlive.release()
    expect(timers()).toBe(before)
    const work = Promise.withResolvers<string>()
    const during = keepAlive.during(work.promise)
    expect(timers()).toBe(before + 1)
    work.resolve('done')
    expect(await during).toBe('done')
    expect(timers()).toBe(before)
  })
})
