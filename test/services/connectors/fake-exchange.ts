/**
 * A local exchange: HTTP and WebSocket on 127.0.0.1 with Binance's public API shapes, seeded data, and faults on
 * demand. Point ccxt's `binance` at it with `urls: { rest: exchange.restUrl, ws: exchange.wsUrl }`.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { MadeUpMarket } from '../../../src/demo/exchange/made-up-market.ts'
import { answerOf, eventOf } from '../../../src/demo/exchange/public-api.ts'

/** What can go wrong with a REST request. */
export type RestFault =
  /** Answers with this status; `retryAfter` is sent as the Retry-After header (seconds, or an HTTP date). */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: number | string; readonly body?: string }
  /** Answers 200 with a body that is not what was asked for. */
  | { readonly kind: 'garbage'; readonly body?: string; readonly contentType?: string }
  /** Takes the request and never answers. */
  | { readonly kind: 'hang' }
  /** Sends the headers and half of the body, then nothing. */
  | { readonly kind: 'hang-body' }
  /** Destroys the connection. */
  | { readonly kind: 'reset' }

/** What can go wrong with the next socket that is opened. */
export type SocketFault =
  /** Answers the upgrade with this status. */
  | { readonly kind: 'refuse'; readonly status: number }
  /** Never answers the upgrade. */
  | { readonly kind: 'hang' }
  /** Opens, and never sends anything: no acknowledgement, no update, no pong. */
  | { readonly kind: 'mute' }

export interface FaultScope {
  /** How many requests or sockets it hits; Infinity until `heal()`. Default 1. */
  readonly times?: number
  /** Only requests whose path starts with this. Default: all. */
  readonly path?: string
}

export interface FakeExchangeOptions {
  /** Seed of the market data. Default 1. */
  readonly seed?: number
  /** Ms between pushed updates of a subscribed stream; 0 = only by `tick()`. Default 20. */
  readonly tickInterval?: number
  /** The clock of the data (ms since the epoch). Default Date.now. */
  readonly now?: () => number
}

interface Client {
  readonly socket: WebSocket
  readonly streams: Set<string>
  readonly mute: boolean
}

export class FakeExchange implements AsyncDisposable {
  readonly market: MadeUpMarket
  /** Every request served, oldest first: '/api/v3/depth?symbol=BTCUSDT'. */
  readonly requests: string[] = []
  /** Every message received on a socket, parsed. */
  readonly messages: { method: string; params: string[] }[] = []
  /** Sockets opened since the start. */
  socketsOpened = 0

  readonly #now: () => number
  readonly #tickInterval: number
  readonly #http = createServer((request, response) => this.#serve(request, response))
  readonly #wss = new WebSocketServer({ noServer: true, autoPong: false })
  readonly #clients = new Set<Client>()
  readonly #raw = new Set<Duplex>()
  readonly #restFaults: { fault: RestFault; left: number; path: string }[] = []
  readonly #socketFaults: { fault: SocketFault; left: number; path: string }[] = []
  #ticker: NodeJS.Timeout | undefined

  private constructor(options: FakeExchangeOptions) {
    this.market = new MadeUpMarket(options.seed ?? 1)
    this.#now = options.now ?? Date.now
    this.#tickInterval = options.tickInterval ?? 20
  }

  static async start(options: FakeExchangeOptions = {}): Promise<FakeExchange> {
    const exchange = new FakeExchange(options)
    exchange.#http.on('connection', (socket) => {
      exchange.#raw.add(socket)
      socket.once('close', () => exchange.#raw.delete(socket))
    })
    exchange.#http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      exchange.#upgrade(request, socket, head),
    )
    exchange.#http.listen(0, '127.0.0.1')
    await once(exchange.#http, 'listening')
    if (exchange.#tickInterval > 0) exchange.#ticker = setInterval(() => exchange.tick(), exchange.#tickInterval)
    return exchange
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port
  }

  get restUrl(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get wsUrl(): string {
    return `ws://127.0.0.1:${this.port}`
  }

  /** Streams subscribed to now, over all sockets: 'btcusdt@ticker'. */
  get streams(): string[] {
    return [...this.#clients].flatMap((client) => [...client.streams])
  }

  /** Sockets open now. */
  get sockets(): number {
    return this.#clients.size
  }

  /** TCP connections open now, sockets included. */
  get connections(): number {
    return this.#raw.size
  }

  /** The next REST requests in scope fail like this. Faults apply in the order they were given. */
  failRest(fault: RestFault, scope: FaultScope = {}): void {
    this.#restFaults.push({ fault, left: scope.times ?? 1, path: scope.path ?? '/' })
  }

  /** The next sockets in scope fail like this. */
  failSockets(fault: SocketFault, scope: FaultScope = {}): void {
    this.#socketFaults.push({ fault, left: scope.times ?? 1, path: scope.path ?? '/' })
  }

  /** Takes all faults back. */
  heal(): void {
    this.#restFaults.length = 0
    this.#socketFaults.length = 0
  }

  /** Cuts every open socket without a closing handshake. */
  dropSockets(): void {
    for (const client of this.#clients) client.socket.terminate()
  }

  /** Sends this text, as it is, to every open socket. */
  broadcast(text: string): void {
    for (const client of this.#clients) client.socket.send(text)
  }

  /** Pushes one update of every subscribed stream. */
  tick(): void {
    for (const client of this.#clients) {
      if (client.mute) continue
      for (const stream of client.streams) {
        const event = eventOf(this.market, stream, this.#now())
        if (event !== undefined) client.socket.send(JSON.stringify(event))
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#ticker)
    this.dropSockets()
    const closed = once(this.#http, 'close')
    this.#http.close()
    for (const socket of this.#raw) socket.destroy()
    await closed
    this.#wss.close()
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', this.restUrl)
    this.requests.push(url.pathname + url.search)
    const fault = take(this.#restFaults, url.pathname)
    switch (fault?.kind) {
      case undefined:
        return this.#answer(url, response)
      case 'status': {
        if (fault.retryAfter !== undefined) response.setHeader('retry-after', String(fault.retryAfter))
        return send(response, fault.status, fault.body ?? JSON.stringify(errorBody(fault.status)))
      }
      case 'garbage':
        return send(response, 200, fault.body ?? '<html>upstream says no', fault.contentType)
      case 'hang':
        return
      case 'hang-body': {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
        response.write('{"symbol":')
        return
      }
      case 'reset':
        request.socket.destroy()
    }
  }

  #answer(url: URL, response: ServerResponse): void {
    const { status, body } = answerOf(this.market, url, this.#now())
    send(response, status, JSON.stringify(body))
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const url = new URL(request.url ?? '/', this.restUrl)
    const fault = take(this.#socketFaults, url.pathname)
    // Its client may be gone at any moment.
    socket.on('error', () => {})
    if (fault?.kind === 'refuse') {
      socket.end(`HTTP/1.1 ${fault.status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
      return
    }
    if (fault?.kind === 'hang') {
      // Read and ended, or the client's end of it would go unnoticed.
      socket.on('end', () => socket.end()).resume()
      return
    }
    this.#wss.handleUpgrade(request, socket, head, (ws) => {
      const client: Client = { socket: ws, streams: new Set(), mute: fault?.kind === 'mute' }
      this.socketsOpened++
      this.#clients.add(client)
      ws.on('error', () => {})
      ws.once('close', () => this.#clients.delete(client))
      ws.on('ping', (data: Buffer) => {
        if (!client.mute) ws.pong(data)
      })
      ws.on('message', (data: Buffer) => this.#onMessage(client, data))
    })
  }

  #onMessage(client: Client, data: Buffer): void {
    const message = JSON.parse(data.toString()) as { method: string; params?: string[]; id: number }
    this.messages.push({ method: message.method, params: message.params ?? [] })
    if (client.mute) return
    let result: unknown = null
    if (message.method === 'SUBSCRIBE') for (const stream of message.params ?? []) client.streams.add(stream)
    else if (message.method === 'UNSUBSCRIBE') for (const stream of message.params ?? []) client.streams.delete(stream)
    else if (message.method === 'LIST_SUBSCRIPTIONS') result = [...client.streams]
    else
      return client.socket.send(
        JSON.stringify({ error: { code: 2, msg: 'Invalid request: unknown variant' }, id: message.id }),
      )
    client.socket.send(JSON.stringify({ result, id: message.id }))
  }
}

/** As Binance words it. */
function errorBody(status: number): { code: number; msg: string } {
  return status === 429 || status === 418
    ? { code: -1003, msg: 'Too much request weight used; please use WebSocket Streams for live updates.' }
    : { code: -1001, msg: 'Internal error; unable to process your request. Please try again.' }
}

/** The first fault that applies to the path, used up by one. */
function take<F>(faults: { fault: F; left: number; path: string }[], path: string): F | undefined {
  const index = faults.findIndex((entry) => path.startsWith(entry.path))
  const entry = faults[index]
  if (entry === undefined) return undefined
  entry.left--
  if (entry.left <= 0) faults.splice(index, 1)
  return entry.fault
}

function send(response: ServerResponse, status: number, body: string, contentType = 'application/json'): void {
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}
