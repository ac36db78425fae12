import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { SharedCallBudget } from '../../../src/channel/call-budget.ts'
import { Caller } from '../../../src/channel/caller.ts'
import type { CallerOptions } from '../../../src/channel/caller-options.ts'
import { isComponentCrashedError } from '../../../src/contract/errors.ts'
import { Callbacks } from '../../../src/channel/callbacks.ts'
import { ToCaller, ToServer } from '../../../src/channel/protocol.ts'
import { leastBusy } from '../../../src/channel/routing.ts'
import type { Transport } from '../../../src/channel/transport.ts'
import { threadChannels } from '../../../src/transport/thread.ts'
import { Random } from '../../nemesis/random.ts'

type Entry = readonly unknown[]

/** The other end of a connection: notes the calls that come, and answers those that a test says. */
interface Server {
  readonly generation: number
  readonly transport: Transport
  /** Ids, in the order in which they came. */
  readonly calls: number[]
  /** Those of them that are not answered. */
  readonly open: Set<number>
  readonly budget: SharedCallBudget | undefined
}

function newCaller(options: Partial<CallerOptions> = {}): Caller {
  const links = new Callbacks(threadChannels, 'test', () => 1, 100)
  return new Caller({ component: 'test', links, maxQueue: 10_000, onWaiting: () => {}, ...options })
}

function attach(caller: Caller, generation: number, calls?: number): Server {
  const [ours, theirs] = threadChannels.pair()
  const transport = threadChannels.join(theirs)
  const budget = calls === undefined ? undefined : SharedCallBudget.of(calls, 0, () => {})
  const server: Server = { generation, transport, calls: [], open: new Set(), budget }
  transport.receive({
    frame: (frame) => {
      for (const entry of frame as Entry[]) {
        if (entry[0] === ToServer.call) {
          server.calls.push(entry[1] as number)
          server.open.add(entry[1] as number)
        } else if (entry[0] === ToServer.abort) server.open.delete(entry[1] as number)
        else if (entry[0] === ToServer.ask) transport.post([[ToCaller.heard, entry[1]]])
      }
    },
    unreadable: () => {},
  })
  caller.attach(threadChannels.join(ours), generation, undefined, budget)
  return server
}

async function settle(): Promise<void> {
  for (let turns = 0; turns < 4; turns++) await turn()
}
const call = (caller: Caller, at?: () => number): Promise<unknown> => caller.call('m', [], { at }, {})
const send = (caller: Caller, at?: () => number): void => void call(caller, at).catch(() => {})
function answer({ transport, open }: Server, id: number): void {
  open.delete(id)
  transport.post([[ToCaller.value, id, id]])
}

describe('of several connections', () => {
  const lane = (load: number, isOpen = true) => ({ load, isOpen })

  it('the first of those with the fewest calls is taken, of those that take one more', () => {
    const [a, b, c] = [lane(1), lane(0), lane(0)]
    expect(leastBusy([a, b, c], 2)).toBe(b)
    expect(leastBusy([a, lane(0, false)], 2)).toBe(a)
    expect(leastBusy([a, lane(1)], 1)).toBeUndefined()
    expect(leastBusy([], Number.POSITIVE_INFINITY)).toBeUndefined()
  })

  it('each is sent what it takes; the rest waits, in order, for whichever is free first', async () => {
    const caller = newCaller({ concurrency: 1 })
    const [a, b] = [attach(caller, 1), attach(caller, 2)]
    for (let i = 0; i < 5; i++) send(caller)
    await settle()
    expect([a.calls, b.calls, caller.waiting]).toEqual([[1], [2], 3])
    answer(b, 2)
    await settle()
    answer(b, 3)
    await settle()
    expect([a.calls, b.calls, caller.waiting]).toEqual([[1], [2, 3, 4], 1])
  })

  it('one that ends takes its own calls along, and no others', async () => {
    const caller = newCaller()
    const [a] = [attach(caller, 1), attach(caller, 2)]
    const [first, second] = [call(caller), call(caller)]
    await settle()
    caller.ended(2, { reason: 'exit' })
    await expect(second).rejects.toMatchObject({ code: 'ERR_COMPONENT_CRASHED', generation: 2 })
    answer(a, 1)
    expect(await first).toBe(1)
  })

  it('one that is retired gets calls of its holder only', async () => {
    const caller = newCaller()
    const [a, b] = [attach(caller, 1), attach(caller, 2)]
    caller.retire(1)
    for (let i = 0; i < 3; i++) send(caller)
    send(caller, () => 1)
    // There is no such generation (any more): any will do.
    send(caller, () => 7)
    await settle()
    expect([a.calls, b.calls]).toEqual([[4], [1, 2, 3, 5]])
  })

  it('somebody is asked for another one once none takes more calls, however long it is waited for', async () => {
    let asked = 0
    const caller = newCaller({ onWaiting: () => asked++ })
    attach(caller, 1, 1)
    send(caller)
    expect(asked).toBe(0)
    send(caller)
    expect([asked, caller.waiting, caller.generations]).toEqual([1, 1, []])
    const b = attach(caller, 2, 5)
    await settle()
    expect([b.calls, asked]).toEqual([[2], 1])
    caller.fence(2, 1)
    send(caller)
    // It may be resumed.
    expect([asked, caller.waiting]).toEqual([1, 1])
  })
})

/** Whatever happens, in whatever order. */
describe('calls, generations that come and go, budgets', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'nothing is lost, sent twice, or sent to one that had enough (seed %i)',
    async (seed) => {
      const random = new Random(seed)
      const below = (n: number): number => random.int(0, n - 1)
      const concurrency = [1, 2, Number.POSITIVE_INFINITY][below(3)] ?? 1
      const most = 1 + below(4)
      const caller = newCaller({ concurrency })
      const live: Server[] = []
      const all: Server[] = []
      const settled = new Map<number, number>()
      const aborted = new Set<number>()
      /** Of these nobody knows whether they arrived. */
      const crashed = new Set<number>()
      const controllers = new Map<number, AbortController>()
      let made = 0
      const noteSettled = (id: number): void => void settled.set(id, (settled.get(id) ?? 0) + 1)
      const steps: (() => void)[] = [
        () => {
          const id = ++made
          const controller = new AbortController()
          controllers.set(id, controller)
          caller.call('m', [], { signal: controller.signal }, {}).then(
            () => noteSettled(id),
            (error: unknown) => {
              noteSettled(id)
              if (isComponentCrashedError(error)) crashed.add(id)
            },
          )
        },
        () => {
          if (live.length >= 4) return
          const server = attach(caller, all.length + 1, below(2) === 0 ? most : undefined)
          live.push(server)
          all.push(server)
        },
        () => {
          const server = live[below(live.length)]
          const [id] = server ? [...server.open] : []
          if (server && id !== undefined) answer(server, id)
        },
        () => {
          const [server] = live.splice(below(live.length), below(3) === 0 ? 1 : 0)
          if (!server) return
          caller.ended(server.generation, { reason: 'exit' })
          server.transport.close()
        },
        () => {
          const server = live[below(live.length)]
          if (server && below(3) === 0) caller.retire(server.generation)
        },
        () => {
          const server = live[below(live.length)]
          if (!server) return
          caller.fence(server.generation, 100 + all.length)
          if (below(2) === 0) caller.resume(server.generation, 100 + all.length)
        },
        () => {
          const id = 1 + below(Math.max(1, made))
          if (below(3) > 0) return
          aborted.add(id)
          controllers.get(id)?.abort(new Error('enough'))
        },
      ]
      for (let step = 0; step < 600; step++) {
        steps[below(steps.length)]?.()
        if (below(3) === 0) await turn()
        for (const { generation } of live) expect(caller.underWayAt(generation)).toBeLessThanOrEqual(concurrency)
      }
      // All that is left is answered by a last one.
      for (const { generation, transport } of live) {
        caller.ended(generation, { reason: 'exit' })
        transport.close()
      }
      const last = attach(caller, all.length + 1)
      while (caller.waiting + caller.underWay > 0) {
        await turn()
        for (const id of last.open) answer(last, id)
      }
      await settle()
      const sent = [...all, last].flatMap(({ calls }) => calls)
      expect(new Set(sent).size).toBe(sent.length)
      expect([...settled.keys()].toSorted((a, b) => a - b)).toEqual(Array.from({ length: made }, (_, i) => i + 1))
      expect([...settled.values()].every((times) => times === 1)).toBe(true)
      const never = Array.from({ length: made }, (_, i) => i + 1).filter((id) => !sent.includes(id))
      expect(never.filter((id) => !aborted.has(id) && !crashed.has(id))).toEqual([])
      for (const { calls, budget } of all) {
        expect(calls.length).toBeLessThanOrEqual(budget ? most : made)
        // First come, first served.
        expect(calls).toEqual(calls.toSorted((a, b) => a - b))
      }
    },
  )
})
