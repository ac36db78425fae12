import { describe, expect, it } from 'vitest'
import { KeepAlive } from '../../src/host/keep-alive.ts'
import { runChild } from '../support/child.ts'

const create = `const coordinator = new ComponentCoordinator({ logger: silent })
const remote = coordinator.registerComponent(sink('a'))
`

describe('a process', { timeout: 60_000 }, () => {
  const ends = async (source: string): Promise<string[]> => {
    const { stdout, ...end } = await runChild(create + source)
    expect(end).toEqual({ code: 0, signal: null, stderr: '' })
    return stdout.trim().split('\n')
  }

  it('ends by itself with components that were never loaded, are idle, were unloaded, have crashed, keep a callback, have an endpoint, or gave something by reference to a stock comlink peer', async () => {
    const told = await ends(`
      const { proxy, releaseProxy, wrap } = await import('comlink')
      for (const name of ['unloaded', 'crashed', 'called']) coordinator.registerComponent(sink(name))
      const peers = ['unloaded', 'crashed'].map((name) => wrap(coordinator.createEndpoint(name)))
      globalThis.given = await Promise.all(peers.map((peer) => peer.makeCounter()))
      console.log(await given[0].up(2), await given[1].up(3))
      await peers[1].exit(3).catch((error) => console.log(error.name))
      await coordinator.unloadComponent('unloaded')
      // The endpoints themselves live on.
      for (const peer of peers) peer[releaseProxy]()
      await coordinator.component('called').keep(proxy(() => 1))
      coordinator.createEndpoint('called'); coordinator.createEndpoint('unloaded')
      console.log('over')`)
    expect(told).toEqual(['2 3', 'ComponentCrashedError', 'over'])
  })

  it('ends by itself after a shutdown, with what a stock comlink peer got and gave by reference', async () => {
    const told = await ends(`
      const { proxy, wrap } = await import('comlink')
      { await using c = new ComponentCoordinator({ logger: silent }); await c.registerComponent(sink('b')).add(1, 1) }
      const peer = wrap(coordinator.createEndpoint('a')); globalThis.counter = await peer.makeCounter()
      console.log(await counter.up(2)); await peer.keep(proxy(() => 1))
      const { left } = await coordinator.shutdown(); console.log(left.length)`)
    expect(told).toEqual(['2', '0'])
  })

  it('stays alive for whatever is under way, one thing after the other, and then ends by itself', async () => {
    // Nothing but what is awaited keeps it: the first that did not would be the last that is told of.
    const told = await ends(`
      await coordinator.getComponent('a'); console.log('a load')
      console.log('a call that', await remote.sleep(200))
      for await (const value of remote.slowNumbers(3, 50)) console.log('a stream', value)
      const stream = await remote.endless()
      await new Promise((resolve) => setTimeout(resolve, 300).unref()); console.log('a stream that nobody reads')
      await stream.return()
      const lease = await coordinator.acquire('a')
      await new Promise((resolve) => setTimeout(resolve, 300).unref()); console.log('a lease')
      lease.release()
      console.log('a callback', await (await remote.makeCounter()).upLater(7, 200))
      console.log('a crash', await remote.exit(0).catch((error) => error.code))
      console.log('an unload', (await coordinator.unloadComponent('a')).name)
      const other = new ComponentCoordinator({ logger: silent })
      await other.registerComponent(sink('b')).add(1, 1)
      console.log('a shutdown', (await other.shutdown()).left.length)
      // A worker that throws with nothing under way ends nobody else.
      const alive = setInterval(() => {}, 1_000); const crash = new Promise((resolve) => coordinator.once('crash', resolve))
      await remote.throwLate(); await crash; clearInterval(alive)
      console.log('generation', await remote.generation())`)
    expect(told).toEqual([
      'a load',
      'a call that slept',
      'a stream 0',
      'a stream 1',
      'a stream 2',
      'a stream that nobody reads',
      'a lease',
      'a callback 7',
      'a crash ERR_COMPONENT_CRASHED',
      'an unload a',
      'a shutdown 0',
      'generation 3',
    ])
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
