import { setImmediate as turn } from 'node:timers/promises'
import { transfer } from 'comlink'
import { afterEach, describe, expect, it } from 'vitest'
import { ActivityMeter, activitySize, readActivity, sharedRecord } from '../../../src/channel/activity.ts'
import { Caller } from '../../../src/channel/caller.ts'
import type { CallerOptions } from '../../../src/channel/caller-options.ts'
import { Callbacks } from '../../../src/channel/callbacks.ts'
import { MethodTable } from '../../../src/channel/method-table.ts'
import { Outbox } from '../../../src/channel/outbox.ts'
import { apart, ToCaller, ToServer } from '../../../src/channel/protocol.ts'
import { ServedConnection } from '../../../src/channel/served-connection.ts'
import type { Transport } from '../../../src/channel/transport.ts'
import { monotonicNow } from '../../../src/base/monotonic.ts'
import { rejection } from '../../support/coordinator.ts'
import { media } from '../../support/media.ts'

type Entry = readonly unknown[]

interface Server {
  readonly server: Transport
  /** All that has arrived there. */
  readonly frames: Entry[][]
  /** Something has. */
  readonly first: Promise<void>
}

describe.each(media)('over %s', (_, { channels, isImmediate, connect: pair }) => {
  const open: Transport[] = []
  afterEach(() => {
    for (const transport of open.splice(0)) transport.close()
  })

  /** A caller, and the other end of its connection, which answers only what the test says. */
  function connect(options: Partial<CallerOptions> = {}): Server & { readonly caller: Caller } {
    const caller = newCaller(options)
    return { caller, ...attach(caller, 1) }
  }

  function newCaller(options: Partial<CallerOptions> = {}): Caller {
    const links = new Callbacks(channels, 'test', () => 1, 100)
    return new Caller({ component: 'test', links, maxQueue: 100, onWaiting: () => {}, ...options })
  }

  function attach(caller: Caller, generation: number): Server {
    const [ours, server] = pair()
    open.push(server)
    const frames: Entry[][] = []
    const first = Promise.withResolvers<void>()
    server.receive({
      frame: (frame) => {
        frames.push(frame as Entry[])
        first.resolve()
      },
      unreadable: () => {},
    })
    caller.attach(ours, generation)
    return { server, frames, first: first.promise }
  }

  const call = (caller: Caller, method: string, ...args: unknown[]): Promise<unknown> =>
    caller.call(method, args, {}, {})
  /** Makes a call whose end is no concern of the test. */
  const send = (...args: Parameters<typeof call>): void => void call(...args).catch(() => {})
  /** Turns enough for what is on its way within this thread. */
  async function settle(): Promise<void> {
    for (let turns = 0; turns < 5; turns++) await turn()
  }
  const crashed = { reason: 'exit' } as const

  describe('a caller', () => {
    it('sends all calls of a microtask in one frame, in order', async () => {
      const { caller, frames } = connect()
      send(caller, 'a')
      send(caller, 'b', { x: 1 })
      send(caller, 'c')
      await settle()
      expect(frames).toEqual([
        [
          [ToServer.call, 1, 'a', [], 0],
          [ToServer.call, 2, 'b', [{ x: 1 }], 0],
          [ToServer.call, 3, 'c', [], 0],
        ],
      ])
    })

    /** It comes to know of a default deadline when the test says so. */
    function undecidedCaller(): { caller: Caller; decide: (callTimeout: number) => void } {
      let known: number | undefined
      const caller = new Caller({
        component: 'test',
        links: new Callbacks(channels, 'test', () => 1, 100),
        maxQueue: 100,
        onWaiting: () => {},
        get callTimeout() {
          return known
        },
      })
      const decide = (callTimeout: number): void => {
        known = callTimeout
        caller.defaultsKnown()
      }
      return { caller, decide }
    }

    it('that comes to know of a default deadline gives it to calls that wait and say nothing of one', async () => {
      const { caller, decide } = undecidedCaller()
      const controller = new AbortController()
      const plain = rejection(call(caller, 'a'))
      const abortable = rejection(caller.call('b', [], { signal: controller.signal }, {}))
      const own = rejection(caller.call('c', [], { timeout: 0 }, {}))
      decide(30)
      controller.abort(new Error('enough'))
      expect(await abortable).toMatchObject({ message: 'enough' })
      expect(await plain).toMatchObject({ code: 'ERR_CALL_TIMEOUT', timeout: 30 })
      expect(caller.waiting).toBe(1)
      caller.close(new Error('over'))
      expect(await own).toMatchObject({ message: 'over' })
    })

    it.each(['plain', 'moved'])(
      'tells the component of the deadline that a call has come to have: %s',
      async (value) => {
        const { caller, decide } = undecidedCaller()
        const moved = new Uint8Array(1)
        send(caller, 'never', value === 'moved' ? transfer(moved, [moved.buffer]) : value)
        const before = monotonicNow()
        decide(60_000)
        const [ours, theirs] = pair()
        open.push(ours, theirs)
        const activity = new SharedArrayBuffer(activitySize)
        ServedConnection.open(theirs, {
          component: 'test',
          table: new MethodTable({ never: () => new Promise(() => {}) }),
          links: new Callbacks(channels, 'test', () => 1, 100),
          meter: new ActivityMeter(sharedRecord(activity), () => {}),
        })
        caller.attach(ours, 1)
        while (readActivity(activity).active === 0) await turn()
        await settle()
        expect(readActivity(activity).deadline).toBeGreaterThanOrEqual(before + 60_000)
      },
    )

    it('keeps the order when a value has to be posted at once', async () => {
      const { caller, frames } = connect()
      send(caller, 'a')
      send(caller, 'b', new Uint8Array(1))
      send(caller, 'c')
      await settle()
      expect(frames.map((frame) => frame.map(([, , method]) => method))).toEqual([['a'], ['b'], ['c']])
    })

    it('announces what the other end may be unable to read, and sends it apart', async () => {
      const { caller, frames } = connect()
      send(caller, 'a')
      send(caller, 'b', new Map())
      await settle()
      expect(frames.map((frame) => frame.map(([op, id]) => [op, id]))).toEqual([
        [
          [ToServer.call, 1],
          [apart, 2],
        ],
        [[ToServer.call, 2]],
      ])
    })

    it('sends what waited once it is attached, each once', async () => {
      let wanted = 0
      const caller = newCaller({ onWaiting: () => wanted++ })
      const answers = [call(caller, 'a'), call(caller, 'b')]
      expect({ wanted, waiting: caller.waiting, underWay: caller.underWay }).toEqual({
        wanted: 2,
        waiting: 2,
        underWay: 0,
      })
      const { server, frames } = attach(caller, 1)
      await settle()
      expect(frames).toHaveLength(1)
      expect({ waiting: caller.waiting, underWay: caller.underWay }).toEqual({ waiting: 0, underWay: 2 })
      server.post([
        [ToCaller.value, 2, 'second'],
        [ToCaller.value, 1, 'first'],
      ])
      expect(await Promise.all(answers)).toEqual(['first', 'second'])
    })

    it('tells when it is busy, and when it is not', async () => {
      const busy: boolean[] = []
      const { caller, server } = connect({ onBusy: (is) => busy.push(is) })
      const answers = [call(caller, 'a'), call(caller, 'b')]
      server.post([
        [ToCaller.value, 1],
        [ToCaller.value, 2],
      ])
      await Promise.all(answers)
      const next = call(caller, 'c')
      await settle()
      // The next call came right after the last answer: that is no pause.
      expect(busy).toEqual([true])
      server.post([[ToCaller.value, 3]])
      await next
      await caller.quiet()
      await settle()
      expect(busy).toEqual([true, false])
    })
  })

  describe('a fence', () => {
    it('keeps calls back until it is resumed', async () => {
      const { caller, frames } = connect()
      caller.fence(1, 1)
      send(caller, 'late')
      await settle()
      expect(frames).toEqual([[[ToServer.fenced, 1]]])
      caller.resume(1, 1)
      await settle()
      expect(frames[1]).toEqual([[ToServer.call, 1, 'late', [], 0]])
    })

    it('is raised after what was called before it', async () => {
      const { caller, frames } = connect()
      send(caller, 'early')
      caller.fence(1, 1)
      await settle()
      expect(frames.flat()).toEqual([
        [ToServer.call, 1, 'early', [], 0],
        [ToServer.fenced, 1],
      ])
    })

    it('may be asked for from the other side, and is raised once', async () => {
      const { caller, server, frames } = connect()
      caller.fence(1, 1)
      server.post([[ToCaller.fence, 1]])
      await settle()
      expect(frames.flat()).toEqual([[ToServer.fenced, 1]])
      caller.resume(1, 1)
      server.post([[ToCaller.fence, 1]])
      await settle()
      send(caller, 'through')
      await settle()
      expect(frames.flat().at(-1)).toEqual([ToServer.call, 1, 'through', [], 0])
    })

    it('is not taken back by what was said about the one before', async () => {
      const { caller, server, frames } = connect()
      caller.fence(1, 1)
      caller.resume(1, 1)
      caller.fence(1, 2)
      server.post([[ToCaller.resume, 1]])
      send(caller, 'kept back')
      await settle()
      expect(frames.flat()).toEqual([
        [ToServer.fenced, 1],
        [ToServer.fenced, 2],
      ])
      server.post([[ToCaller.resume, 2]])
      await settle()
      expect(frames.flat()).toHaveLength(3)
    })

    it('ends with the generation: what it kept back goes to the next one', async () => {
      const { caller } = connect()
      caller.fence(1, 1)
      const answer = call(caller, 'a')
      caller.ended(1, crashed)
      const { server, first } = attach(caller, 2)
      await first
      server.post([[ToCaller.value, 1, 'second generation']])
      expect(await answer).toBe('second generation')
    })
  })

  describe('the end of a generation', () => {
    it('rejects what was sent, but for answers that had arrived', async () => {
      const { caller, server } = connect()
      const answered = call(caller, 'a')
      const open = rejection(call(caller, 'b'))
      server.post([[ToCaller.value, 1, 'in time']])
      if (!isImmediate) await settle()
      caller.ended(1, crashed)
      expect(await answered).toBe('in time')
      expect(await open).toMatchObject({ code: 'ERR_COMPONENT_CRASHED', outcome: 'unknown', generation: 1 })
    })

    it('is not undone by a resume that had been on its way: what waits is sent to the next one', async () => {
      const { caller, server } = connect()
      caller.fence(1, 1)
      const answer = call(caller, 'a')
      server.post([[ToCaller.resume, 1]])
      caller.ended(1, crashed)
      expect({ waiting: caller.waiting, underWay: caller.underWay }).toEqual({ waiting: 1, underWay: 0 })
      const next = attach(caller, 2)
      await next.first
      next.server.post([[ToCaller.value, 1, 'once']])
      expect(await answer).toBe('once')
    })

    it('of another generation does not concern it', async () => {
      const { caller, server } = connect()
      const answer = call(caller, 'a')
      caller.ended(7, crashed)
      server.post([[ToCaller.value, 1, 'fine']])
      expect(await answer).toBe('fine')
    })

    it('is told by the connection as well, a little later', async () => {
      const { caller, server } = connect({ endGrace: 20 })
      const sent = rejection(call(caller, 'a'))
      server.close()
      expect(await sent).toMatchObject({ code: 'ERR_COMPONENT_CRASHED', reason: 'exit' })
    })

    it('is told with its reason when that comes within the grace', async () => {
      const { caller, server } = connect({ endGrace: 10_000 })
      const sent = rejection(call(caller, 'a'))
      server.close()
      await settle()
      caller.ended(1, { reason: 'out-of-memory' })
      expect(await sent).toMatchObject({ reason: 'out-of-memory' })
    })

    it('keeps new calls from the closed connection: they wait for the next generation', async () => {
      let wanted = 0
      const { caller, server } = connect({ endGrace: 10_000, onWaiting: () => wanted++ })
      server.close()
      await settle()
      const answer = call(caller, 'a')
      expect({ waiting: caller.waiting, wanted }).toEqual({ waiting: 1, wanted: 0 })
      caller.ended(1, crashed)
      expect(wanted).toBe(1)
      const next = attach(caller, 2)
      await next.first
      next.server.post([[ToCaller.value, 1, 'next']])
      expect(await answer).toBe('next')
    })
  })

  describe('a caller that is stopped', () => {
    const gone = new Error('gone')

    it('finishes what was sent, and takes no more', async () => {
      const { caller, server } = connect()
      const sent = call(caller, 'a')
      caller.fence(1, 1)
      const waiting = rejection(call(caller, 'b'))
      caller.stop(gone)
      expect(await waiting).toBe(gone)
      expect(await rejection(call(caller, 'c'))).toBe(gone)
      server.post([[ToCaller.value, 1, 'done']])
      expect(await sent).toBe('done')
    })

    it('rejects everything when it is closed, and closes the connection', async () => {
      const { caller, server } = connect()
      const closed = new Promise<void>((resolve) => server.onClose(resolve))
      const sent = rejection(call(caller, 'a'))
      caller.close(gone)
      caller.close(new Error('again'))
      expect(await sent).toBe(gone)
      expect(await rejection(call(caller, 'b'))).toBe(gone)
      await closed
      const [ours, theirs] = pair()
      theirs.receive({ frame: () => {}, unreadable: () => {} })
      caller.attach(ours, 2)
      await new Promise<void>((resolve) => theirs.onClose(resolve))
    })
  })

  describe('an outbox', () => {
    it('replaces an entry that was pushed and cannot be cloned, and sends the others', async () => {
      const [ours, theirs] = pair()
      open.push(theirs)
      const outbox = new Outbox<unknown>(ours, (entry) => `instead of ${typeof entry}`)
      const received: unknown[] = []
      theirs.receive({ frame: (frame) => received.push(...(frame as unknown[])), unreadable: () => {} })
      for (const entry of ['a', Symbol('s'), 'b']) outbox.push(entry)
      outbox.post(['c'], [new Map()], [apart, 1])
      outbox.push(() => {})
      outbox.push('d')
      const expected = ['a', 'instead of symbol', 'b', [apart, 1], ['c'], 'instead of function', 'd']
      await expect.poll(() => received).toEqual(expected)
    })

    it('loses nothing when one entry cannot be cloned', async () => {
      const [ours, theirs] = pair()
      open.push(theirs)
      const outbox = new Outbox<unknown>(ours, () => undefined)
      const frames: unknown[] = []
      theirs.receive({ frame: (frame) => frames.push(frame), unreadable: () => {} })
      outbox.push('a')
      expect(() => outbox.post(() => {}, [new Map()], [apart, 1])).toThrow('could not be cloned')
      outbox.push('b')
      await settle()
      expect(frames).toEqual([['a', [apart, 1]], ['b']])
    })
  })
})
