import { once } from 'node:events'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { afterEach, describe, expect, it } from 'vitest'
import type { FrameReceiver, Transport } from '../../src/channel/transport.ts'
import { linkChannels } from '../../src/transport/process/ends.ts'
import { ProcessLink } from '../../src/transport/process/link.ts'
import { endOf } from '../../src/transport/thread.ts'
import { until } from '../support/coordinator.ts'
import { socketPairs } from '../support/socket-pairs.ts'

const sockets = await socketPairs(60)
const open: ProcessLink[] = []
afterEach(() => {
  for (const link of open.splice(0)) link.close()
})

function linked(options: { onCopied?(): void } = {}): [ProcessLink, ProcessLink] {
  const pair = sockets.pop()
  if (!pair) throw new Error('Not enough sockets were opened')
  const links: [ProcessLink, ProcessLink] = [new ProcessLink(pair[0], options), new ProcessLink(pair[1])]
  open.push(...links)
  return links
}

/** Takes what arrives, one after the other. */
class Inlet implements FrameReceiver {
  readonly #arrived: { readonly frame?: unknown; readonly cause?: unknown }[] = []
  #wanted: (() => void) | undefined

  constructor(transport: Transport) {
    transport.receive(this)
  }

  frame(frame: unknown): void {
    this.#arrived.push({ frame })
    this.#wanted?.()
  }

  unreadable(cause: unknown): void {
    this.#arrived.push({ cause })
    this.#wanted?.()
  }

  async next(): Promise<unknown> {
    if (this.#arrived.length === 0) await new Promise<void>((resolve) => (this.#wanted = resolve))
    const { frame, cause } = this.#arrived.shift() ?? {}
    if (cause instanceof Error) throw cause
    return frame
  }
}

const closed = (transport: Transport): Promise<void> => new Promise((resolve) => void transport.onClose(resolve))
const nothingOpen = (...links: ProcessLink[]): Promise<void> =>
  until(() => links.every(({ openChannels }) => openChannels === 0))

describe('a channel of its own', () => {
  it('that goes on to a thread takes along what is in it: there it may be read at once', async () => {
    const [a, b] = linked()
    // The connection of a thread that lives beyond b: what comes on it goes through a port.
    const { port1: connection, port2: thread } = new MessageChannel()
    const [ours, theirs] = linkChannels.pair()
    b.control.post({ connection }, [connection])
    const { connection: far } = (await new Inlet(a.control).next()) as { connection: MessagePort }
    linkChannels.join(ours).post('inside')
    linkChannels.join(endOf(far)).post({ theirs }, [theirs])
    const [{ theirs: arrived }] = (await once(thread, 'message')) as [{ theirs: MessagePort }]
    expect(receiveMessageOnPort(arrived)).toEqual({ message: 'inside' })
    thread.close()
  })

  it('goes with a frame, and what was posted before is there when it comes', async () => {
    const [a, b] = linked()
    const inlet = new Inlet(b.control)
    const [ours, theirs] = linkChannels.pair()
    const mine = linkChannels.join(ours)
    mine.post('before')
    a.control.post({ deep: [theirs] }, [theirs])
    mine.post('after')
    const { deep } = (await inlet.next()) as { deep: [MessagePort] }
    const other = linkChannels.join(endOf(deep[0]))
    expect(other.takeNext()).toEqual({ frame: 'before' })
    const answers = new Inlet(mine)
    const rest = new Inlet(other)
    expect(await rest.next()).toBe('after')
    other.post('answer')
    expect(await answers.next()).toBe('answer')
    const over = closed(mine)
    other.close()
    await over
    await nothingOpen(a, b)
  })

  it('is a MessagePort for who knows nothing of links', async () => {
    const [a, b] = linked()
    const inlet = new Inlet(b.control)
    const { port1, port2 } = new MessageChannel()
    port1.postMessage('held')
    a.control.post(port2, [port2])
    const port = (await inlet.next()) as MessagePort
    const [held] = (await once(port, 'message')) as [unknown]
    expect(held).toBe('held')
    port.postMessage(new Map([['k', 1]]))
    expect(await once(port1, 'message')).toEqual([new Map([['k', 1]])])
    port1.close()
    await once(port, 'close')
    await nothingOpen(a, b)
  })
})

describe('values', () => {
  it('arrive', async () => {
    const [a, b] = linked()
    const inlet = new Inlet(b.control)
    const value = { a: [1, 'x', null, undefined], map: new Map([['k', new Set([1n])]]), date: new Date(0), re: /x/giu }
    a.control.post(value)
    expect(await inlet.next()).toEqual(value)
  })
})
