import { releaseProxy } from 'comlink'
import { MessageChannel } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { proxy, withCallOptions } from '../../src/index.ts'
import { collectGarbage } from '../../src/host/collect-garbage.ts'
import { Ported, registerHandlers, Unreceivable } from '../fixtures/deep-values.ts'
import type deepValues from '../fixtures/deep-values.ts'
import { fixture, rejection, sharedCoordinator, until } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()
const counters = new Int32Array(new SharedArrayBuffer(16))
const remote = coordinator.registerComponent<typeof deepValues>({
  name: 'abandoned',
  module: fixture('deep-values.ts'),
  config: { counters },
})
const inUse = (): number => coordinator.info('abandoned').inUse
const portsThere = (): number => counters[2] ?? 0
registerHandlers(true)

/** Nothing that was abandoned is left, at either end; without waiting for garbage to be collected. */
async function nothingLeft(): Promise<void> {
  await until(() => inUse() === 0 && portsThere() === 0)
}

describe('an answer that comes too late', () => {
  it('is given back when it is a proxy, a value with ports, or a stream', async () => {
    await remote.echo(1)
    const hasty = withCallOptions(remote, { timeout: 20 })
    const late = [hasty.lateProxy(), hasty.latePorted(), hasty.lateStream()]
    const errors = await Promise.all(late.map(rejection))
    expect(errors).toMatchObject(late.map(() => ({ code: 'ERR_CALL_TIMEOUT' })))
    await remote.tell()
    await nothingLeft()
    const abort = new AbortController()
    const aborted = rejection(withCallOptions(remote, { signal: abort.signal }).lateProxy())
    await remote.echo(1)
    abort.abort()
    await aborted
    await remote.tell()
    await nothingLeft()
    expect(await coordinator.memory.freeMemory(1)).toMatchObject({ unloaded: ['abandoned'] })
  })
})

describe('what a stream has in store when it is broken off', () => {
  it.each(['return', 'throw', 'abort'] as const)('is given back: %s', async (how) => {
    const abort = new AbortController()
    const own = withCallOptions(remote, { signal: abort.signal })
    for (const open of [() => own.proxies(40), () => own.ported(40)]) {
      const stream = await open()
      const { value } = await stream.next()
      // All that there is credit for has come.
      await remote.sleep(20)
      if (how === 'abort') abort.abort()
      else if (how === 'throw') await rejection(stream.throw(new Error('enough')))
      else await stream.return(undefined)
      // What was read is its reader's.
      if (value instanceof Ported) value.port.close()
      else (value as { [releaseProxy](): void })[releaseProxy]()
      await nothingLeft()
      expect(inUse()).toBe(0)
      if (how === 'abort') break
    }
  })

  it('is given back when it is the value at its end', async () => {
    const stream = await remote.proxyAtTheEnd()
    await stream.next()
    await remote.sleep(20)
    await stream.return(undefined as never)
    collectGarbage()
    await nothingLeft()
    expect(inUse()).toBe(0)
  })
})

describe('a call that is not run', () => {
  let open = 0
  const callback = (): object => proxy(() => 1)
  /** Something to move whose other end stays here. */
  function ported(): Ported {
    const { port1, port2 } = new MessageChannel()
    open++
    port1.once('close', () => open--)
    port1.unref()
    return new Ported(port2)
  }
  /** Its ports are closed at both ends, though nobody collects garbage. */
  async function leavesNothing(calls: () => readonly Promise<unknown>[], code: string): Promise<boolean> {
    await remote.echo(1)
    const run = counters[0]
    const rejections = calls().map(rejection)
    expect(open).toBeGreaterThan(0)
    const errors = await Promise.all(rejections)
    await until(() => open === 0)
    await nothingLeft()
    return counters[0] === run && errors.every((error) => (error as { code?: unknown }).code === code)
  }
  const times = <T>(n: number, make: () => T): T[] => Array.from({ length: n }, make)

  it('leaves nothing when there is no such method', async () => {
    const missing = remote as unknown as { missing(...args: object[]): Promise<never> }
    expect(
      await leavesNothing(() => times(50, () => missing.missing(callback(), { a: 1 }, ported())), 'ERR_NO_SUCH_METHOD'),
    ).toBe(true)
  })

  it('leaves nothing when its deadline passed before its turn came', async () => {
    await remote.echo(1)
    const hasty = withCallOptions(remote, { timeout: 30 })
    expect(
      await leavesNothing(() => {
        void remote.standStill(150)
        return times(20, () => hasty.take(callback(), ported()))
      }, 'ERR_CALL_TIMEOUT'),
    ).toBe(true)
  })

  it('leaves nothing when it is aborted while it waits for its turn, or for the component', async () => {
    const abort = new AbortController()
    const own = withCallOptions(remote, { signal: abort.signal })
    await coordinator.unloadComponent('abandoned')
    const waiting = times(5, () => rejection(own.take(callback(), ported())))
    abort.abort()
    expect(await Promise.all(waiting)).toEqual(times(5, () => abort.signal.reason as unknown))
    await until(() => open === 0)
    await remote.echo(1)
    await nothingLeft()
  })

  it('leaves nothing when another of its arguments cannot be received', async () => {
    expect(
      await leavesNothing(
        () => times(20, () => remote.take(callback(), ported(), new Unreceivable(), ported())),
        'ERR_NOT_RECEIVED',
      ),
    ).toBe(true)
  })
})
