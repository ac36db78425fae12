import { proxy } from 'comlink'
import { once } from 'node:events'
import { MessageChannel, Worker } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { Caller } from '../../src/channel/caller.ts'
import { Callbacks } from '../../src/channel/callbacks.ts'
import { MethodTable } from '../../src/channel/method-table.ts'
import { ServedConnection } from '../../src/channel/served-connection.ts'
import type { ChannelEnd, Transport } from '../../src/channel/transport.ts'
import { linkChannels } from '../../src/transport/process/ends.ts'
import type { ProcessLink } from '../../src/transport/process/link.ts'
import { passOnAll } from '../../src/transport/process/port-relay.ts'
import { endOf, threadChannels } from '../../src/transport/thread.ts'
import { until } from '../support/coordinator.ts'
import { closed, Inlet, leftOpen, openLinks } from '../support/links.ts'

const { linked } = await openLinks(40)

/** Posts an end over a link; what comes out of it there. */
async function passed(from: ProcessLink, inlet: Inlet, end: ChannelEnd): Promise<ChannelEnd> {
  from.control.post({ deep: new Map([['end', end]]) }, [end])
  const { deep } = (await inlet.next()) as { deep: Map<string, MessagePort> }
  const port = deep.get('end')
  if (!port) throw new Error('No end arrived')
  return endOf(port)
}

/** Says something in both directions, and closes it: the other end learns of all that. */
async function tryOut(one: Transport, other: Transport): Promise<void> {
  const [atOne, atOther] = [new Inlet(one), new Inlet(other)]
  for (let i = 0; i < 3; i++) {
    one.post(['there', i])
    other.post(['back', i])
  }
  for (let i = 0; i < 3; i++)
    expect([await atOne.next(), await atOther.next()]).toEqual([
      ['back', i],
      ['there', i],
    ])
  const over = Promise.all([closed(one), closed(other)])
  one.post('last')
  one.close()
  expect(await atOther.next()).toBe('last')
  await over
}

describe.each(['joined before', 'joined after'])('an end that is posted over a link, the other one %s', (when) => {
  it('is a channel of the link', async () => {
    const [a, b] = linked()
    const [ours, theirs] = linkChannels.pair()
    const before = when === 'joined before' ? linkChannels.join(ours) : undefined
    before?.post('first')
    const arrived = linkChannels.join(await passed(a, new Inlet(b.control), theirs))
    expect(arrived.takeNext()).toEqual(before && { frame: 'first' })
    await tryOut(before ?? linkChannels.join(ours), arrived)
    expect(await leftOpen(a, b)).toBe(0)
  })

  it('may go back, and on to a third process', async () => {
    const [a, b] = linked()
    const [c, d] = linked()
    const [ours, theirs] = linkChannels.pair()
    const before = when === 'joined before' ? linkChannels.join(ours) : undefined
    const [atA, atB, atD] = [new Inlet(a.control), new Inlet(b.control), new Inlet(d.control)]
    const there = await passed(a, atB, theirs)
    before?.post('first')
    const back = await passed(b, atA, there)
    before?.post('second')
    const third = linkChannels.join(await passed(c, atD, back))
    const inlet = new Inlet(third)
    const read = before ? [await inlet.next(), await inlet.next()] : ['first', 'second']
    expect(read).toEqual(['first', 'second'])
    third.receive({ frame: () => {}, unreadable: () => {} })
    await tryOut(before ?? linkChannels.join(ours), third)
    expect(await leftOpen(a, b, c, d)).toBe(0)
  })
})

it('an end that nobody has joined in its turn is joined later all the same, with what came meanwhile', async () => {
  const [a, b] = linked()
  const [ours, theirs] = linkChannels.pair()
  const mine = linkChannels.join(ours)
  const end = await passed(a, new Inlet(b.control), theirs)
  const fence = new Inlet(a.control)
  for (let i = 0; i < 10; i++) {
    mine.post(i)
    b.control.post('turn')
    await fence.next()
  }
  const late = linkChannels.join(end)
  const inlet = new Inlet(late)
  for (let i = 0; i < 10; i++) expect(await inlet.next()).toBe(i)
  mine.close()
  await closed(late)
  expect(await leftOpen(a, b)).toBe(0)
})

/** A thread that answers what comes on a port it is given, and hands it on to nobody. */
function echoingThread(): Worker {
  const source = `
    const { parentPort } = require('node:worker_threads')
    parentPort.on('message', (port) => {
      port.on('message', (value) => {
        if (value === 'close') port.close()
        else port.postMessage({ echo: value })
      })
    })`
  return new Worker(source, { eval: true })
}

it('a thread and a process have a channel, whoever made it', async () => {
  const worker = echoingThread()
  try {
    const [a, b] = linked()
    const inlet = new Inlet(b.control)
    for (const made of ['by threads', 'by links', 'there']) {
      let there: Transport
      if (made === 'there') {
        const [ours, theirs] = linkChannels.pair()
        const end = await passed(b, new Inlet(a.control), theirs)
        worker.postMessage(end, [end as unknown as MessagePort])
        there = linkChannels.join(ours)
      } else {
        const [ours, theirs] = (made === 'by links' ? linkChannels : threadChannels).pair()
        worker.postMessage(ours, [ours as unknown as MessagePort])
        there = linkChannels.join(await passed(a, inlet, theirs))
      }
      const answers = new Inlet(there)
      there.post(new Map([['k', 1]]))
      expect(await answers.next()).toEqual({ echo: new Map([['k', 1]]) })
      there.post('close')
      await closed(there)
    }
    expect(await leftOpen(a, b)).toBe(0)
  } finally {
    await worker.terminate()
  }
})

it('a thread that ends closes its channels to a process', async () => {
  const worker = echoingThread()
  const [a, b] = linked()
  const { port1, port2 } = new MessageChannel()
  worker.postMessage(port1, [port1])
  const there = linkChannels.join(await passed(a, new Inlet(b.control), endOf(port2)))
  await worker.terminate()
  await closed(there)
  expect(await leftOpen(a, b)).toBe(0)
})

it('an end is a MessagePort for who knows nothing of links, and ports go with what is posted to it', async () => {
  const [a, b] = linked()
  const { port1, port2 } = new MessageChannel()
  port1.postMessage('held')
  a.control.post(port2, [port2])
  // It has moved.
  port2.postMessage('nowhere')
  const port = (await new Inlet(b.control).next()) as MessagePort
  expect(await once(port, 'message')).toEqual(['held'])
  const inner = new MessageChannel()
  port.postMessage({ inner: inner.port1 }, [inner.port1])
  const [{ inner: far }] = (await once(port1, 'message')) as [{ inner: MessagePort }]
  far.postMessage(new Map([['k', 1]]))
  expect(await once(inner.port2, 'message')).toEqual([new Map([['k', 1]])])
  inner.port2.close()
  port1.close()
  await once(port, 'close')
  expect(await leftOpen(a, b)).toBe(0)
})

it('what a thread posts and a process cannot have is told there in its place', async () => {
  const [a, b] = linked()
  const { port1, port2 } = new MessageChannel()
  const there = new Inlet(linkChannels.join(await passed(a, new Inlet(b.control), endOf(port2))))
  port1.postMessage({ shared: new SharedArrayBuffer(4) })
  port1.postMessage('after')
  await expect(there.next()).rejects.toThrow('A SharedArrayBuffer cannot leave its process')
  expect(await there.next()).toBe('after')
  port1.close()
  expect(await leftOpen(a, b)).toBe(0)
})

it('and is told on to a thread', async () => {
  const [a, b] = linked()
  const { port1, port2 } = new MessageChannel()
  const end = await passed(a, new Inlet(b.control), endOf(port2))
  // As a thread does that it is handed on to.
  const there = new Inlet(threadChannels.join(end))
  port1.postMessage({ shared: new SharedArrayBuffer(4) })
  await expect(there.next()).rejects.toThrow('A SharedArrayBuffer cannot leave its process')
  port1.close()
  expect(await leftOpen(a, b)).toBe(0)
})

it('an end that is closed before it is posted arrives with what was posted to it, and closed', async () => {
  const [a, b] = linked()
  const [ours, theirs] = linkChannels.pair()
  const mine = linkChannels.join(ours)
  mine.post('last')
  mine.close()
  const there = linkChannels.join(await passed(a, new Inlet(b.control), theirs))
  const over = closed(there)
  expect(await new Inlet(there).next()).toBe('last')
  await over
  expect(await leftOpen(a, b)).toBe(0)
})

it('a closed port arrives closed', async () => {
  const [a, b] = linked()
  const { port1 } = new MessageChannel()
  port1.close()
  await once(port1, 'close')
  const there = linkChannels.join(await passed(a, new Inlet(b.control), endOf(port1)))
  await closed(there)
  expect(await leftOpen(a, b)).toBe(0)
})

it('both ends joined here are a channel within this thread', async () => {
  const [ours, theirs] = linkChannels.pair()
  const mine = linkChannels.join(ours)
  await tryOut(mine, linkChannels.join(theirs))
  expect(mine.takeNext()).toBeUndefined()
})

it('frames that nobody receives wait, and the channel is closed after them', async () => {
  const [a, b] = linked()
  const [ours, theirs] = linkChannels.pair()
  const mine = linkChannels.join(ours)
  const there = linkChannels.join(await passed(a, new Inlet(b.control), theirs))
  let over = false
  there.onClose(() => (over = true))
  mine.post(1)
  mine.post(2)
  mine.close()
  expect(await leftOpen(a, b)).toBe(0)
  expect(over).toBe(false)
  expect(there.takeNext()).toEqual({ frame: 1 })
  expect(await new Inlet(there).next()).toBe(2)
  await closed(there)
  expect(over).toBe(true)
})

it('frames of all channels arrive in the order of the posts', async () => {
  const [a, b] = linked()
  const atB = new Inlet(b.control)
  const channels: [Transport, Transport][] = []
  for (let i = 0; i < 3; i++) {
    const [ours, theirs] = linkChannels.pair()
    channels.push([linkChannels.join(ours), linkChannels.join(await passed(a, atB, theirs))])
  }
  const order: unknown[] = []
  for (const [, there] of channels) there.receive({ frame: (frame) => order.push(frame), unreadable: () => {} })
  for (let i = 0; i < 30; i++) channels[(i * 7) % 3]?.[0].post(i)
  a.control.post('end')
  await atB.next()
  expect(order).toEqual(Array.from({ length: 30 }, (_, i) => i))
})

it('an end in a frame that nobody reads, or on a channel that is closed, is closed', async () => {
  const [a, b] = linked()
  const [ours, theirs] = linkChannels.pair()
  const mine = linkChannels.join(ours)
  const there = linkChannels.join(await passed(a, new Inlet(b.control), theirs))
  const [first, second, third] = [linkChannels.pair(), linkChannels.pair(), linkChannels.pair()]
  const over = [first, second, third].map(([end]) => closed(linkChannels.join(end)))
  mine.post(first[1], [first[1]])
  there.close()
  // On its way when the other side closes.
  mine.post(second[1], [second[1]])
  await closed(mine)
  mine.post(third[1], [third[1]])
  await Promise.all(over)
  expect(await leftOpen(a, b)).toBe(0)
})

it('1,000 callbacks leave nothing open', async () => {
  const [a, b] = linked()
  const links = new Callbacks(a.channels, 'test', () => 1, 10_000)
  const caller = new Caller({ component: 'api', links, maxQueue: 10_000, onWaiting: () => {} })
  const api = {
    call: async (callback: (x: number) => Promise<number>) => (await callback(1)) + 1,
  }
  const served = new Callbacks(b.channels, 'api', () => 1, 10_000)
  ServedConnection.open(b.control, { component: 'api', table: new MethodTable(api), links: served })
  caller.attach(a.control, 1)
  const calls = Array.from({ length: 1_000 }, async (_, i) => {
    const callback = proxy((x: number) => x + i)
    expect(await caller.call('call', [callback], {}, {})).toBe(i + 2)
  })
  await Promise.all(calls)
  expect(a.openChannels).toBeGreaterThan(0)
  served.ended(1, { reason: 'exit' })
  expect(await leftOpen(a, b)).toBe(0)
})

it('what a thread has posted last is on the link before what is said of its end', async () => {
  const [a, b] = linked()
  const [ours, theirs] = threadChannels.pair()
  const arrived = linkChannels.join(await passed(a, new Inlet(b.control), theirs))
  const order: unknown[] = []
  const receiver = { frame: (frame: unknown) => order.push(frame), unreadable: () => {} }
  arrived.receive(receiver)
  b.control.receive(receiver)
  const end = threadChannels.join(ours)
  end.post('first')
  await until(() => order.length === 1)
  end.post('its last answer')
  passOnAll()
  a.control.post('its end')
  await until(() => order.length === 3)
  expect(order).toEqual(['first', 'its last answer', 'its end'])
  end.close()
  expect(await leftOpen(a, b)).toBe(0)
})
