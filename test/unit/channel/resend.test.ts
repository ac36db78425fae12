import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { Caller } from '../../../src/channel/caller.ts'
import { Callbacks } from '../../../src/channel/callbacks.ts'
import { ToCaller, ToServer } from '../../../src/channel/protocol.ts'
import type { CallOptions } from '../../../src/channel/pending-call.ts'
import type { ChannelEnd, Transport } from '../../../src/channel/transport.ts'
import { unseal } from '../../../src/channel/unsent-call.ts'
import { rejection } from '../../support/coordinator.ts'
import { media } from '../../support/media.ts'

type Entry = readonly unknown[]
const crashed = { reason: 'exit' } as const
/** Too large to be copied by hand. */
const large = Array.from({ length: 100 }, (_, index) => index)

describe.each(media)('calls that are sent again, over %s', (_, { channels, connect }) => {
  const open: Transport[] = []
  afterEach(() => {
    for (const transport of open.splice(0)) transport.close()
  })

  function newCaller(through = channels): Caller {
    const links = new Callbacks(through, 'test', () => 1, 100)
    return new Caller({
      component: 'test',
      links,
      maxQueue: 100,
      onWaiting: () => {},
      idempotent: new Set(['get', 'deep.get']),
    })
  }

  /** Joins the caller with a component that answers nothing: what has arrived there, unsealed. */
  function attach(caller: Caller, generation: number): { readonly entries: Entry[]; readonly transport: Transport } {
    const [ours, transport] = connect()
    open.push(transport)
    const entries: Entry[] = []
    transport.receive({
      frame: (frame) => {
        for (const entry of frame as Entry[]) {
          const isSealed = entry[0] === ToServer.sealed
          entries.push(isSealed ? (unseal(entry[2] as never, channels) as Entry) : entry)
        }
      },
      unreadable: () => {},
    })
    caller.attach(ours, generation)
    return { entries, transport }
  }

  const call = (caller: Caller, arg: unknown, options: CallOptions = {}, method = 'get'): Promise<unknown> =>
    caller.call(method, [arg], options, {})
  async function settle(): Promise<void> {
    for (let turns = 0; turns < 5; turns++) await turn()
  }
  const calls = (entries: readonly Entry[]): Entry[] => entries.filter(([op]) => op === ToServer.call)

  it.each([
    ['small', { a: 1 }],
    ['large', large],
  ])('carry what they carried, and their deadline: %s', async (_size, arg) => {
    const caller = newCaller()
    const first = attach(caller, 1)
    const outcome = rejection(call(caller, arg, { timeout: 60_000 }))
    await settle()
    caller.ended(1, crashed)
    expect(caller.waiting).toBe(1)
    const second = attach(caller, 2)
    await settle()
    expect(calls(first.entries)).toHaveLength(1)
    expect(calls(second.entries)).toEqual(calls(first.entries))
    caller.ended(2, crashed)
    expect(await outcome).toMatchObject({ code: 'ERR_COMPONENT_CRASHED', generation: 2 })
    expect(caller.waiting).toBe(0)
  })

  it('go before those that waited already, and not to the generation that crashed', async () => {
    const caller = newCaller()
    attach(caller, 1)
    const outcome = call(caller, 1)
    await settle()
    caller.fence(1, 1)
    const later = call(caller, 2)
    caller.ended(1, crashed)
    const same = attach(caller, 1)
    await settle()
    expect(calls(same.entries).map(([, id]) => id)).toEqual([2])
    caller.ended(1, crashed)
    const { entries, transport } = attach(caller, 2)
    await settle()
    expect(calls(entries).map(([, id]) => id)).toEqual([2, 1])
    transport.post([
      [ToCaller.value, 1, 'one'],
      [ToCaller.value, 2, 'two'],
    ])
    expect(await Promise.all([outcome, later])).toEqual(['one', 'two'])
  })

  it('end with their deadline, or abort, while they wait', async () => {
    const caller = newCaller()
    attach(caller, 1)
    const controller = new AbortController()
    const late = rejection(call(caller, large, { timeout: 50 }))
    const aborted = rejection(call(caller, 1, { signal: controller.signal }))
    await settle()
    caller.ended(1, crashed)
    expect(caller.waiting).toBe(2)
    controller.abort(new Error('enough'))
    expect(await aborted).toMatchObject({ message: 'enough' })
    expect(await late).toMatchObject({ code: 'ERR_CALL_TIMEOUT' })
    const { entries } = attach(caller, 2)
    await settle()
    expect(entries).toEqual([])
  })

  it.each(['memory-limit', 'out-of-memory', 'stuck', 'error'] as const)(
    'are those of any crash: %s',
    async (reason) => {
      const caller = newCaller()
      attach(caller, 1)
      void call(caller, 1).catch(() => {})
      void caller.call(['deep', 'get'], [], {}, {}).catch(() => {})
      void caller.call(['get', 'call'], [undefined], {}, {}).catch(() => {})
      await settle()
      caller.ended(1, { reason })
      expect(caller.waiting).toBe(3)
      caller.close(new Error('over'))
    },
  )

  it('are none after an unload, nor once the caller was stopped, nor of other methods', async () => {
    const unloaded = newCaller()
    attach(unloaded, 1)
    const first = rejection(call(unloaded, 1))
    await settle()
    unloaded.ended(1, { reason: 'terminated' })
    expect(await first).toMatchObject({ reason: 'terminated' })

    const stopped = newCaller()
    attach(stopped, 1)
    const second = rejection(call(stopped, 1))
    await settle()
    stopped.stop(new Error('stopped'))
    stopped.ended(1, crashed)
    expect(await second).toMatchObject({ code: 'ERR_COMPONENT_CRASHED', generation: 1 })

    const another = newCaller()
    attach(another, 1)
    const third = rejection(call(another, 1, {}, 'put'))
    await settle()
    another.ended(1, crashed)
    expect(await third).toMatchObject({ code: 'ERR_COMPONENT_CRASHED', generation: 1 })
    expect(another.waiting).toBe(0)
  })

  it('keep nothing open once they are settled', async () => {
    let opened = 0
    let closed = 0
    const join = (end: ChannelEnd): Transport => {
      const transport = channels.join(end)
      opened++
      transport.onClose(() => closed++)
      return transport
    }
    const caller = newCaller({ ...channels, join })
    const { transport } = attach(caller, 1)
    const answered = call(caller, large)
    transport.post([[ToCaller.value, 1, 'one']])
    expect(await answered).toBe('one')
    const aborted = rejection(call(caller, large, { signal: AbortSignal.abort(new Error('never')) }))
    const given = new AbortController()
    const abandoned = rejection(call(caller, large, { signal: given.signal }))
    given.abort(new Error('enough'))
    await Promise.all([aborted, abandoned])
    await settle()
    expect(opened).toBeGreaterThanOrEqual(4)
    expect(closed).toBe(opened)
  })

  it('that cannot be sent again say that they may have run', async () => {
    const caller = newCaller()
    attach(caller, 1)
    const outcome = rejection(call(caller, large))
    await settle()
    caller.ended(1, crashed)
    caller.rejectWaiting(new Error('no room'))
    expect(await outcome).toMatchObject({
      code: 'ERR_COMPONENT_CRASHED',
      outcome: 'unknown',
      cause: { message: 'no room' },
    })
  })
})
