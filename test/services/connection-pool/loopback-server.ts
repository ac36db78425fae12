/** HTTP and WebSocket on 127.0.0.1; what it does is asked for by the path. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'

export class LoopbackServer implements AsyncDisposable {
  /** TCP connections since the start. */
  opened = 0
  /** HTTP requests: 'GET /path'. */
  readonly requests: string[] = []
  /** Headers of the upgrades. */
  readonly upgrades: IncomingMessage['headers'][] = []
  pings = 0
  /** With true, pings get no pong. */
  mute = false
  /** With true, upgrades are answered with 503. */
  refusing = false
  readonly #http = createServer((request, response) => void this.#serve(request, response))
  readonly #wss = new WebSocketServer({
    noServer: true,
    autoPong: false,
    handleProtocols: (offered) => [...offered].at(-1) ?? false,
  })
  readonly #sockets = new Set<Socket>()
  readonly #webSockets = new Set<WebSocket>()

  static async start(port = 0): Promise<LoopbackServer> {
    const server = new LoopbackServer()
    server.#http.on('connection', (socket) => {
      server.opened++
      server.#sockets.add(socket)
      socket.once('close', () => server.#sockets.delete(socket))
    })
    server.#http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      server.#upgrade(request, socket, head),
    )
    server.#http.listen(port, '127.0.0.1')
    await once(server.#http, 'listening')
    return server
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port
  }

  get http(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get ws(): string {
    return `ws://127.0.0.1:${this.port}`
  }

  /** TCP connections open now. */
  get connections(): number {
    return this.#sockets.size
  }

  /** WebSockets open now. */
  get webSockets(): number {
    return this.#webSockets.size
  }

  broadcast(message: string): void {
    for (const socket of this.#webSockets) socket.send(message)
  }

  /** Ends all connections as a server does that restarts: politely, from its side. */
  endConnections(): void {
    for (const socket of this.#sockets) socket.end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#http, 'close')
    this.#http.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
    this.#wss.close()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.http)
    this.requests.push(`${request.method} ${url.pathname}`)
    switch (url.pathname) {
      case '/hang':
        return
      case '/hang-body':
        response.writeHead(200, { 'content-length': '100' })
        response.write('half')
        return
      case '/reset':
        request.socket.destroy()
        return
      case '/big':
        response.end(Buffer.alloc(Number(url.searchParams.get('bytes')), 'x'))
        return
      case '/broken':
        request.socket.end('this is not HTTP\r\n\r\n')
        return
      case '/unhealthy':
        response.writeHead(503).end()
        return
      default: {
        const body = await text(request)
        response.setHeader('x-echo', String(request.headers['x-echo'] ?? ''))
        response.end(`${request.method} ${url.pathname}${url.search} ${body}`)
      }
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.upgrades.push(request.headers)
    if (this.refusing) {
      socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      return
    }
    if (request.url === '/hang') {
      // Read and ended, or the client's end of it would go unnoticed.
      socket.on('error', () => {})
      socket.on('end', () => socket.end()).resume()
      return
    }
    this.#wss.handleUpgrade(request, socket, head, (ws) => {
      this.#webSockets.add(ws)
      ws.on('error', () => {})
      ws.once('close', () => this.#webSockets.delete(ws))
      ws.on('ping', (data: Buffer) => {
        this.pings++
        if (!this.mute) ws.pong(data)
      })
      ws.on('message', (data: Buffer, binary: boolean) => onMessage(ws, data, binary))
      if (request.url === '/greeting') ws.send('welcome')
    })
  }
}

function onMessage(socket: WebSocket, data: Buffer, binary: boolean): void {
  const [command, argument] = binary ? [] : data.toString().split(' ')
  if (command === 'close') socket.close(Number(argument), 'as asked')
  else if (command === 'cut') socket.terminate()
  else if (command === 'flood') for (let i = 0; i < Number(argument); i++) socket.send(String(i))
  else socket.send(data, { binary })
}

/** A port where nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createTcpServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
