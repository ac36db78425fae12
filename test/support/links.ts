import type { Socket } from 'node:net'
import { afterEach } from 'vitest'
import type { FrameReceiver, Transport } from '../../src/channel/transport.ts'
import { ProcessLink } from '../../src/transport/process/link.ts'
import type { ProcessLinkOptions } from '../../src/transport/process/link.ts'
import { until } from './coordinator.ts'
import { socketPairs } from './socket-pairs.ts'

/** Links between two processes, both ends of which are in this one. */
export interface Links {
  /** Both ends of a new link; closed after the test. */
  readonly linked: (options?: ProcessLinkOptions) => [ProcessLink, ProcessLink]
  /** One end of a link, and what is at the other end in its place. */
  readonly half: () => { readonly link: ProcessLink; readonly socket: Socket }
}

/** @param count how many a file needs. */
export async function openLinks(count: number): Promise<Links> {
  const sockets = await socketPairs(count)
  const open: (() => void)[] = []
  afterEach(() => {
    for (const close of open.splice(0)) close()
  })
  const next = (): readonly [Socket, Socket] => {
    const pair = sockets.pop()
    if (!pair) throw new Error('Not enough sockets were opened')
    open.push(() => pair.forEach((socket) => socket.destroy()))
    return pair
  }
  return {
    linked: (options) => {
      const [one, other] = next()
      return [new ProcessLink(one, options), new ProcessLink(other)]
    },
    half: () => {
      const [one, socket] = next()
      return { link: new ProcessLink(one), socket }
    },
  }
}

/** What arrives on a transport, one after the other. */
export class Inlet implements FrameReceiver {
  readonly #arrived: ({ readonly frame: unknown } | { readonly cause: Error })[] = []
  #wanted = (): void => {}

  constructor(transport: Transport) {
    transport.receive(this)
  }

  frame(frame: unknown): void {
    this.#arrived.push({ frame })
    this.#wanted()
  }

  unreadable(cause: unknown): void {
    this.#arrived.push({ cause: cause as Error })
    this.#wanted()
  }

  /** @throws what was told in place of a frame. */
  async next(): Promise<unknown> {
    if (this.#arrived.length === 0) await new Promise<void>((resolve) => (this.#wanted = resolve))
    const next = this.#arrived.shift() ?? { cause: new Error('Nothing arrived') }
    if ('cause' in next) throw next.cause
    return next.frame
  }
}

export const closed = (transport: Transport): Promise<void> => new Promise((resolve) => void transport.onClose(resolve))

/** Why it was closed. */
export const ended = (link: ProcessLink): Promise<Error | undefined> =>
  new Promise((resolve) => void link.onClose(resolve))

/** How many channels are open on links: none, as it waits for that. */
export async function leftOpen(...links: readonly ProcessLink[]): Promise<number> {
  const open = (): number => links.reduce((sum, { openChannels }) => sum + openChannels, 0)
  await until(() => open() === 0)
  return open()
}
