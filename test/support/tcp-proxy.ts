import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

/** What is between a program and a server on loopback, and can lose what is under way. */
export class TcpProxy implements AsyncDisposable {
  readonly #server: Server
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  #refusing = false

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(target: number): Promise<TcpProxy> {
    const server = createServer()
    const proxy = new TcpProxy(server)
    server.on('connection', (socket) => proxy.#join(socket, target))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return proxy
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get connections(): number {
    return this.#pairs.size
  }

  /** Ends all connections at once, wherever in a message they are; what is in its buffers is lost. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy()
  }

  /** While true, who connects is cut at once. */
  set refusing(refusing: boolean) {
    this.#refusing = refusing
    if (refusing) this.cut()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.refusing = true
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(socket: Socket, target: number): void {
    if (this.#refusing) {
      socket.resetAndDestroy()
      return
    }
    const pair = [socket, connect(target, '127.0.0.1')] as const
    this.#pairs.add(pair)
    const end = (): void => {
      this.#pairs.delete(pair)
      for (const each of pair) each.destroy()
    }
    for (const each of pair) each.setNoDelay().on('error', end).on('close', end)
    pair[0].pipe(pair[1]).pipe(pair[0])
  }
}
