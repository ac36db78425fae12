import { describe, expect, it } from 'vitest'
import type { CallRecord } from '../../src/index.ts'
import { quietCoordinator, rejection, sharedCoordinator, sink } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()
const one = coordinator.registerComponent<KitchenSink>(sink('one', { maxQueue: 2 }))

describe('watchCalls', () => {
  it('tells of every call that settles, with how long it took', async () => {
    const calls: CallRecord[] = []
    using _watch = coordinator.watchCalls((call) => calls.push(call))
    await one.echo(1)
    await one.sleep(50)
    expect(calls).toMatchObject([
      { component: 'one', failed: false, error: undefined },
      { component: 'one', failed: false, error: undefined },
    ])
    expect(calls[1]?.duration).toBeGreaterThanOrEqual(45)
  })

  it('tells of calls that failed, that were refused, and that were given up', async () => {
    const calls: CallRecord[] = []
    using _watch = coordinator.watchCalls((call) => calls.push(call))
    const failed = await rejection(one.throwError())
    const waiting = [one.sleep(100), one.sleep(100)]
    const refused = await rejection(one.echo(1))
    await Promise.all(waiting)
    const uncloneable = await rejection(one.echo(() => {}))
    expect(calls.map((call) => call.error)).toEqual([failed, refused, undefined, undefined, uncloneable])
    expect(calls.map((call) => call.failed)).toEqual([true, true, false, false, true])
    expect(refused).toMatchObject({ code: 'ERR_OVERLOADED' })
  })

  it('tells of a stream once it is opened', async () => {
    const calls: CallRecord[] = []
    using _watch = coordinator.watchCalls((call) => calls.push(call))
    const seen: number[] = []
    for await (const value of one.numbers(3)) seen.push(value)
    expect(seen).toEqual([0, 1, 2])
    expect(calls).toMatchObject([{ failed: false }])
  })

  it('does not take a rejection that nobody handles from the program', async () => {
    await using own = quietCoordinator({ spareWorkers: 0 })
    const remote = own.registerComponent<KitchenSink>(sink('own'))
    using _watch = own.watchCalls(() => {})
    const unhandled = Promise.withResolvers<unknown>()
    const others = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection')
    process.once('unhandledRejection', (error) => unhandled.resolve(error))
    try {
      void remote.throwError()
      expect(await unhandled.promise).toMatchObject({ message: 'no such order' })
    } finally {
      process.removeAllListeners('unhandledRejection')
      for (const other of others) process.on('unhandledRejection', other)
    }
  })

  it('survives a listener that throws, and ends when it is disposed of', async () => {
    let told = 0
    const watch = coordinator.watchCalls(() => {
      told++
      throw new Error('the listener is wrong')
    })
    expect(await one.echo(1)).toBe(1)
    watch[Symbol.dispose]()
    expect(await one.echo(2)).toBe(2)
    expect(told).toBe(1)
  })
})
