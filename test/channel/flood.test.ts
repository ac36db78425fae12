import { describe, expect, it } from 'vitest'
import { proxy, withCallOptions } from '../../src/index.ts'
import type deepValues from '../fixtures/deep-values.ts'
import { fixture, sharedCoordinator } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()
const counters = new Int32Array(new SharedArrayBuffer(16))
const definition = { module: fixture('deep-values.ts'), config: { counters } }

/** Takes half a ms of its thread. */
function work(): void {
  const end = performance.now() + 0.5
  while (performance.now() < end);
}

describe('a flood of calls that nobody awaits', () => {
  it('of a callback is refused beyond the bound of its component', async () => {
    const remote = coordinator.registerComponent<typeof deepValues>({ name: 'bounded', ...definition, maxQueue: 100 })
    let called = 0
    const callback = proxy(() => called++)
    expect(await remote.flood(callback, 20_000)).toEqual({ done: 100, overloaded: 19_900 })
    expect(called).toBe(100)
    // Those that were answered made room.
    expect(await remote.flood(callback, 100)).toEqual({ done: 100, overloaded: 0 })
  })

  it('of a callback leaves its thread time for everything else', async () => {
    const remote = coordinator.registerComponent<typeof deepValues>({
      name: 'yielding',
      ...definition,
      maxQueue: 2_000,
    })
    await remote.echo(1)
    let turns = 0
    let over = false
    const turn = (): void => {
      turns++
      if (!over) setTimeout(turn)
    }
    turn()
    expect(await remote.flood(proxy(work), 2_000)).toEqual({ done: 2_000, overloaded: 0 })
    over = true
    // 1,000 ms of work, in pieces of 20.
    expect(turns).toBeGreaterThan(10)
  })

  it('of a component leaves it time to hear that some were given up, and runs the others in order', async () => {
    const remote = coordinator.registerComponent<typeof deepValues>({ name: 'flooded', ...definition })
    const abort = new AbortController()
    await remote.echo(1)
    const before = counters[0] ?? 0
    const busy = remote.spinUntilTold(100)
    const kept = [remote.take(), remote.take()]
    const dropped = Array.from({ length: 50 }, () => withCallOptions(remote, { signal: abort.signal }).take())
    const last = remote.take()
    // All are sent when it is aborted, and the component hears of that before it is told to go on.
    setImmediate(() => {
      abort.abort()
      setImmediate(() => Atomics.store(counters, 3, 1))
    })
    const settled = await Promise.allSettled(dropped)
    expect(settled.every(({ status }) => status === 'rejected')).toBe(true)
    await busy
    expect(await Promise.all([...kept, last])).toEqual([before + 1, before + 2, before + 3])
    expect(coordinator.info('flooded').inUse).toBe(0)
  })
})
