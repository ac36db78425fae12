import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { serialize } from 'node:v8'
import { afterEach, expect, it } from 'vitest'
import { collectGarbage } from '../../src/host/collect-garbage.ts'
import { linkChannels } from '../../src/transport/process/ends.ts'
import { ProcessLink } from '../../src/transport/process/link.ts'
import { Kind, preamble } from '../../src/transport/frames/wire.ts'
import { recordOf } from '../support/link-bytes.ts'
import { closed, ended, Inlet, openLinks } from '../support/links.ts'

const { linked, half } = await openLinks(50)

it('frames of a turn leave in one piece', async () => {
  const { link, socket } = half()
  for (let i = 0; i < 100; i++) link.control.post(1)
  const [first] = (await once(socket, 'data')) as [Buffer]
  expect(first.length).toBe(preamble.length + 100 * recordOf({ body: Buffer.from('1') }).length)
})

it('frames that the socket does not take at once arrive in order', async () => {
  const [a, b] = linked()
  const values = Array.from({ length: 60 }, (_, i) =>
    i % 3 === 0 ? new Uint8Array(300_000).fill(i) : 'x'.repeat(i * 500),
  )
  for (const value of values) a.control.post(value)
  const inlet = new Inlet(b.control)
  for (const value of values) {
    const arrived = (await inlet.next()) as typeof value
    expect([arrived.length, arrived.at(-1)]).toEqual([value.length, value.at(-1)])
  }
})

it('a link that is closed keeps no memory for what it wrote and had begun to read', async () => {
  const kept: ProcessLink[] = []
  const held = (): number => {
    collectGarbage('major')
    return process.memoryUsage().arrayBuffers
  }
  const before = held()
  for (let i = 0; i < 10; i++) {
    const { link, socket } = half()
    kept.push(link)
    link.control.post(1)
    await once(socket, 'data')
    const over = ended(link)
    socket.end(Buffer.concat([preamble, recordOf({ bodyBytes: 200_000 }), Buffer.alloc(100_000)]))
    await over
    // As for somebody who keeps the errors of calls that were under way: their stacks may hold on to what was called.
    link.control.post(2)
  }
  // V8 sweeps buffers beside a collection: what it has found dead may be counted for a moment.
  await expect.poll(() => held() - before).toBeLessThan(1_000_000)
  expect(kept.every((link) => link.openChannels === 0)).toBe(true)
})

it.each([
  ['no link at all', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'does not begin as a link'],
  ['another version', Buffer.from('SPLW\0\0\0\x02', 'latin1'), 'speaks version 2'],
  ['no record', Buffer.concat([preamble, Buffer.alloc(64, 0xff)]), 'no record (kind 255)'],
  ['a frame of 4 GB', Buffer.concat([preamble, recordOf({ bodyBytes: 2 ** 32 - 1 })]), 'a frame of 4294967295 bytes'],
  [
    'a channel that is not open',
    Buffer.concat([preamble, recordOf({ channel: 7, body: Buffer.from('garbage') })]),
    'channel 7, which is not open',
  ],
  [
    'an end of nothing',
    Buffer.concat([preamble, recordOf({ body: serialize(1), ends: [3] })]),
    'an end of channel 3, which is not open',
  ],
  [
    'a channel twice',
    Buffer.concat([preamble, ...[1, 2].map(() => recordOf({ kind: Kind.open, channel: 5 }))]),
    'opened channel 5, which is open',
  ],
  [
    'a channel of the other side’s',
    Buffer.concat([preamble, recordOf({ kind: Kind.open, opener: 0, channel: 5 })]),
    'opened channel 5',
  ],
])('a side that sends %s is closed, and why is told', async (_, bytes, message) => {
  const { link, socket } = half()
  const order: string[] = []
  link.control.onClose(() => order.push('channel'))
  const over = ended(link).then((cause) => {
    order.push('link')
    return cause
  })
  socket.write(bytes)
  expect((await over)?.message).toContain(message)
  expect(order).toEqual(['channel', 'link'])
  link.control.post('to nobody')
})

it('a frame that is cut off is told, after all that came before it', async () => {
  const { link, socket } = half()
  const inlet = new Inlet(link.control)
  const frame = recordOf({ body: serialize('whole') })
  socket.end(Buffer.concat([preamble, frame, frame.subarray(0, 20)]))
  expect((await ended(link))?.message).toBe('The link to the other process broke off within a frame')
  expect(await inlet.next()).toBe('whole')
})

it('a frame that cannot be read is told in its place, and the link goes on', async () => {
  const { link, socket } = half()
  const inlet = new Inlet(link.control)
  const open = [Kind.open, Kind.close].map((kind) => recordOf({ kind, channel: 4 }))
  const garbage = recordOf({ body: Buffer.from('garbage'), ends: [4] })
  const good = recordOf({ body: serialize('good') })
  // 5,000 levels are more than can be read.
  const deep = recordOf({ body: Buffer.concat([Buffer.from([0xff, 0x0f]), Buffer.from('A\x01'.repeat(500_000))]) })
  socket.write(Buffer.concat([preamble, good, open[0] ?? good, garbage, good, deep, good]))
  expect(await inlet.next()).toBe('good')
  await expect(inlet.next()).rejects.toThrow('deserialize')
  expect(await inlet.next()).toBe('good')
  await expect(inlet.next()).rejects.toThrow('call stack')
  expect(await inlet.next()).toBe('good')
  // Nobody has the end that was in it.
  socket.write(recordOf({ kind: Kind.close, channel: 4 }))
  socket.write(good)
  await inlet.next()
  expect(link.openChannels).toBe(0)
})

it('a view on no buffer, an end that is not there and no exception are told in their place', async () => {
  const { link, socket } = half()
  const inlet = new Inlet(link.control)
  const host = (...bytes: readonly number[]): Buffer => recordOf({ body: Buffer.from([0xff, 0x0f, 0x5c, ...bytes]) })
  const text = [...serialize('x').subarray(2)]
  socket.write(
    Buffer.concat([
      preamble,
      host(0, 3),
      host(1, ...text),
      host(2, 1, ...Array<number>(16).fill(0), ...text),
      host(77),
    ]),
  )
  await expect(inlet.next()).rejects.toThrow('There is no end 3 in it')
  await expect(inlet.next()).rejects.toThrow('A DOMException cannot be read')
  await expect(inlet.next()).rejects.toThrow('A view is on no buffer')
  await expect(inlet.next()).rejects.toThrow('There is nothing with the tag 77')
})

it('what a receiver throws does not cost the frames after it', async () => {
  const [a, b] = linked()
  const thrown = Promise.withResolvers<unknown>()
  const done = Promise.withResolvers<void>()
  process.setUncaughtExceptionCaptureCallback(thrown.resolve)
  try {
    b.control.receive({
      frame: (frame) => {
        if (frame === 1) throw new Error('by the receiver')
        done.resolve()
      },
      unreadable: () => {},
    })
    a.control.post(1)
    a.control.post(2)
    await done.promise
    expect(await thrown.promise).toMatchObject({ message: 'by the receiver' })
  } finally {
    process.setUncaughtExceptionCaptureCallback(null)
  }
})

it('a link that is closed closes the other side, after all that was posted', async () => {
  const [a, b] = linked()
  const [ours, theirs] = linkChannels.pair()
  const mine = linkChannels.join(ours)
  const inlet = new Inlet(b.control)
  a.control.post(theirs, [theirs])
  mine.post(new Uint8Array(1_000_000))
  a.control.post('last')
  const over = [closed(mine), closed(a.control)]
  const [endA, endB] = [ended(a), ended(b)]
  a.close()
  await Promise.all(over)
  const there = linkChannels.join((await inlet.next()) as typeof theirs)
  expect(((await new Inlet(there).next()) as Uint8Array).length).toBe(1_000_000)
  expect(await inlet.next()).toBe('last')
  expect([await endA, await endB]).toEqual([undefined, undefined])
  await closed(there)
  await closed(b.control)
  expect([a.openChannels, b.openChannels]).toEqual([0, 0])
})

const childSource = `
import { ProcessLink } from '${new URL('../../src/transport/process/link.ts', import.meta.url).href}'
const link = new ProcessLink(3)
link.ref()
link.onClose(() => process.exit(7))
link.control.receive({
  frame: (frame) => {
    link.control.post(frame)
    if (frame === 'spin') setImmediate(() => { for (;;); })
    if (frame === 'last words') {
      for (let i = 0; i < 10; i++) link.control.post([i, 'x'.repeat(8_000)])
      setImmediate(() => process.kill(process.pid, 'SIGKILL'))
    }
    if (frame === 'abort') setImmediate(() => process.kill(process.pid, 'SIGKILL'))
    if (frame === 'unref') link.unref()
  },
  unreadable: () => {},
})`

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** A process at the other end of an inherited descriptor, which sends back what it gets. */
function echoing(...flags: string[]): {
  readonly link: ProcessLink
  readonly child: ChildProcess
  readonly exit: Promise<unknown[]>
} {
  const args = [...flags, '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', childSource]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] })
  children.push(child)
  return { link: new ProcessLink(child.stdio[3] as Socket), child, exit: once(child, 'exit') }
}

it('goes by an inherited descriptor to a child without permission for the network, whose last words arrive', async () => {
  const { link, exit } = echoing('--permission', '--allow-fs-read=*')
  const inlet = new Inlet(link.control)
  const large = { floats: new Float64Array(500_000).fill(1.5), again: undefined as unknown }
  large.again = large.floats.subarray(7)
  link.control.post(large)
  const arrived = (await inlet.next()) as typeof large
  expect(Buffer.compare(new Uint8Array(arrived.floats.buffer), new Uint8Array(large.floats.buffer))).toBe(0)
  expect((arrived.again as Float64Array).buffer).toBe(arrived.floats.buffer)
  const over = ended(link)
  for (let i = 0; i < 1_000; i++) link.control.post(i)
  link.control.post('abort')
  expect(await over).toBeUndefined()
  for (let i = 0; i < 1_000; i++) expect(await inlet.next()).toBe(i)
  expect(await inlet.next()).toBe('abort')
  expect(await exit).toEqual([null, 'SIGKILL'])
})

it.runIf(process.platform === 'linux')(
  'what a child said last arrives also while something is said to it',
  async () => {
    const { link, child } = echoing()
    const over = ended(link)
    const arrived: unknown[] = []
    link.control.receive({
      frame: (frame) => {
        if (!Array.isArray(frame)) return
        // All that is left of it is in the socket.
        if (arrived.length === 0) while (!readFileSync(`/proc/${child.pid}/stat`, 'utf8').includes(') Z '));
        arrived.push(frame[0])
        link.control.post('one more')
      },
      unreadable: () => {},
    })
    link.control.post('last words')
    await over
    expect(arrived).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  },
)

it('a child that is killed while it reads nothing is gone like another, after what it had posted', async () => {
  const { link, child, exit } = echoing()
  const inlet = new Inlet(link.control)
  link.control.post(new Uint8Array(1_000))
  link.control.post('spin')
  await inlet.next()
  expect(await inlet.next()).toBe('spin')
  for (let i = 0; i < 5; i++) link.control.post(new Uint8Array(1_000_000))
  const over = ended(link)
  child.kill('SIGKILL')
  expect(await over).toBeUndefined()
  expect(await exit).toEqual([null, 'SIGKILL'])
})

it('tells a child that its parent is gone, and keeps it alive only when asked to', async () => {
  const first = echoing()
  first.link.control.post('up')
  await new Inlet(first.link.control).next()
  first.link.close()
  expect(await first.exit).toEqual([7, null])
  const second = echoing()
  second.link.control.post('unref')
  expect(await second.exit).toEqual([0, null])
})
