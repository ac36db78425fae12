import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { MadeUpMarket } from './made-up-market.ts'
import { answerOf, eventOf } from './public-api.ts'

/** ms between two updates of a stream. */
const tickInterval = 200

/**
 * A MADE-UP exchange on a free port of 127.0.0.1: seeded prices in the shapes of Binance's public API, over HTTP and WebSocket. Nothing is asked of any
 * real exchange.
 */
export class MadeUpExchange implements AsyncDisposable {
  readonly #market: MadeUpMarket
  readonly #http: Server
  readonly #sockets = new WebSocketServer({ noServer: true })
  readonly #streams = new Map<WebSocket, Set<string>>()
  readonly #ticker: NodeJS.Timeout

  private constructor(seed: number) {
    this.#market = new MadeUpMarket(seed)
    this.#http = createServer((request, response) => {
      const { status, body } = answerOf(this.#market, new URL(request.url ?? '/', this.restUrl), Date.now())
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
    this.#http.on('upgrade', (request, socket, head) => {
      this.#sockets.handleUpgrade(request, socket, head, (opened) => this.#opened(opened, request.url ?? '/'))
    })
    this.#ticker = setInterval(() => this.#tick(), tickInterval)
  }

  static async start(seed: number): Promise<MadeUpExchange> {
    const exchange = new MadeUpExchange(seed)
    exchange.#http.listen(0, '127.0.0.1')
    await once(exchange.#http, 'listening')
    return exchange
  }

  get restUrl(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  get socketUrl(): string {
    return `ws://127.0.0.1:${this.#port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#ticker)
    for (const socket of this.#streams.keys()) socket.terminate()
    const closed = once(this.#http, 'close')
    this.#http.close()
    this.#http.closeAllConnections()
    await closed
    this.#sockets.close()
  }

  get #port(): number {
    return (this.#http.address() as AddressInfo).port
  }

  /** A stream may be named in the path, as in /ws/btcusdt@ticker, or asked for with SUBSCRIBE. */
  #opened(socket: WebSocket, path: string): void {
    const named = /^\/ws\/(\w+@\w+)$/.exec(path)?.[1]
    const streams = new Set(named === undefined ? [] : [named])
    this.#streams.set(socket, streams)
    socket.on('error', () => {})
    socket.once('close', () => this.#streams.delete(socket))
    socket.on('message', (data: Buffer) => {
      const {
        method,
        params = [],
        id,
      } = JSON.parse(data.toString()) as {
        method: string
        params?: string[]
        id: number
      }
      for (const stream of params) {
        if (method === 'SUBSCRIBE') streams.add(stream)
        else if (method === 'UNSUBSCRIBE') streams.delete(stream)
      }
      socket.send(JSON.stringify({ result: null, id }))
    })
  }

  #tick(): void {
    const now = Date.now()
    for (const [socket, streams] of this.#streams) {
      for (const stream of streams) {
        const event = eventOf(this.#market, stream, now)
        if (event) socket.send(JSON.stringify(event))
      }
    }
  }
}
