import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** Between a client and a server on loopback: what goes one way can be held back, and the connections can be cut. */
export class Relay implements AsyncDisposable {
  readonly #server = createServer((client) => this.#join(client))
  readonly #pairs = new Set<{ readonly client: Socket; readonly server: Socket }>()
  readonly #port: number
  #isHolding = false
  /** ms that answers take longer. */
  delay = 0

  private constructor(port: number) {
    this.#port = port
  }

  /** @param port of the server. */
  static async to(port: number): Promise<Relay> {
    const relay = new Relay(port)
    await new Promise<void>((resolve) => relay.#server.listen(0, '127.0.0.1', resolve))
    return relay
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Answers do not come back from now on; requests go there. */
  hold(): void {
    this.#isHolding = true
    for (const { server } of this.#pairs) server.pause()
  }

  /** The connections are broken, with what was held. */
  cut(): void {
    this.#isHolding = false
    for (const { client, server } of this.#pairs) {
      client.destroy()
      server.destroy()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(client: Socket): void {
    const server = connect(this.#port, '127.0.0.1')
    const pair = { client, server }
    this.#pairs.add(pair)
    if (this.#isHolding) server.pause()
    client.on('data', (bytes) => server.write(bytes))
    server.on('data', (bytes) => {
      if (this.delay === 0) client.write(bytes)
      else setTimeout(() => client.write(bytes), this.delay)
    })
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => {})
      one.on('close', () => {
        other.destroy()
        this.#pairs.delete(pair)
      })
    }
  }
}
