import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { monotonicNow } from '../../../src/base/monotonic.ts'
import { fencingToken } from '../../../src/channel/call-context.ts'
import { Caller } from '../../../src/channel/caller.ts'
import type { CallerOptions } from '../../../src/channel/caller-options.ts'
import { Callbacks } from '../../../src/channel/callbacks.ts'
import { MethodTable } from '../../../src/channel/method-table.ts'
import { NotBegun } from '../../../src/channel/not-begun.ts'
import { ServedConnection } from '../../../src/channel/served-connection.ts'
import { NoHostError } from '../../../src/contract/errors.ts'
import { threadChannels } from '../../../src/transport/thread.ts'

const links = new Callbacks(threadChannels, 'test', () => 1, 100)

function newCaller(options: Partial<CallerOptions> = {}): Caller {
  return new Caller({ component: 'test', links, maxQueue: 10_000, onWaiting: () => {}, ...options })
}

/** @returns the names of the methods that were called. */
function serve(caller: Caller, generation: number, api: object): void {
  const [ours, theirs] = threadChannels.pair()
  ServedConnection.open(threadChannels.join(theirs), { component: 'test', table: new MethodTable(api), links })
  caller.attach(threadChannels.join(ours), generation)
}

const refuse = (): never => {
  throw new NotBegun(new NoHostError('test', 'full'))
}

async function settle(): Promise<void> {
  for (let turns = 0; turns < 6; turns++) await turn()
}

describe('a call that was not begun where it was sent', () => {
  it('tells its caller why, when he cannot ask elsewhere', async () => {
    const caller = newCaller()
    serve(caller, 1, { m: refuse })
    await expect(caller.call('m', [], {}, {})).rejects.toMatchObject({ cause: { code: 'ERR_NO_HOST' } })
  })

  it('goes elsewhere as it was when it was made, as often as it is refused', async () => {
    const value = { deep: [1, { text: 'a' }] }
    const refused: number[] = []
    const caller = newCaller({
      onRefused: (generation, why) => {
        expect(why).toMatchObject({ code: 'ERR_NO_HOST' })
        refused.push(generation)
        caller.retire(generation)
      },
    })
    serve(caller, 1, { m: refuse })
    const argument: object = structuredClone(value)
    const calls = [1, 2, 3].map((i) => caller.call('m', [i, argument], {}, {}))
    Object.assign(argument, { deep: 'changed' })
    await settle()
    expect([refused.length, caller.waiting]).toEqual([3, 3])
    serve(caller, 2, { m: refuse })
    await settle()
    const served: unknown[] = []
    serve(caller, 3, { m: (i: number, given: unknown) => served.push(i, given) })
    expect(await Promise.all(calls)).toEqual([2, 4, 6])
    expect(served).toEqual([1, value, 2, value, 3, value])
  })

  it('keeps its deadline', async () => {
    const caller = newCaller({ onRefused: (generation) => caller.retire(generation) })
    serve(caller, 1, { m: refuse })
    const call = caller.call('m', [], { timeout: 30 }, {})
    await expect(call).rejects.toMatchObject({ code: 'ERR_CALL_TIMEOUT' })
    expect(caller.waiting).toBe(0)
  })
})

it('of a connection that broke, what has not arrived is sent elsewhere, and what may have run rejects', async () => {
  const caller = newCaller({ onRefused: () => {} })
  serve(caller, 1, { m: () => new Promise(() => {}) })
  const [first, second] = [caller.call('m', [1], {}, {}), caller.call('m', [2], {}, {})]
  await settle()
  caller.ended(1, { reason: 'host-gone', host: 'b', undelivered: new Set([2]) })
  await expect(first).rejects.toMatchObject({ reason: 'host-gone', host: 'b', outcome: 'unknown' })
  serve(caller, 2, { m: (i: number) => i })
  expect(await second).toBe(2)
})

describe('a call under a claim', () => {
  it('is begun while that lasts, and not after', async () => {
    const caller = newCaller()
    serve(caller, 1, { token: () => fencingToken() })
    const now = monotonicNow()
    expect(await caller.call('token', [], { fence: [7, now + 60_000] }, {})).toBe(7)
    expect(await caller.call('token', [], {}, {})).toBeUndefined()
    const late = caller.call('token', [], { fence: [7, now - 1] }, {})
    await expect(late).rejects.toMatchObject({ cause: { code: 'ERR_OWNER_STALE', token: 7 } })
  })
})
