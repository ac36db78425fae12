import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { pipeline } from 'node:stream'
import { clearInterval, setInterval } from '../base/timers.ts'
import { HttpError, toAnswer } from '../live/http-error.ts'
import type { Handler, Route } from './routes.ts'
import { listenIn } from './socket-file.ts'

/** Bytes; requests say little. */
const mostBody = 16 * 1024
const mostHeaders = 8 * 1024
/** Answered at a time, without those that stay. Guessed: a few terminals and scripts, with one each. */
const mostRequests = 32
/** Beyond it connections are ended without a word: room for `mostRequests`, for those that stay, and for those that are told no. Guessed. */
const mostConnections = 160
/** ms that a request may take to arrive. */
const arrival = 5_000
/** ms between two looks at who reads. */
const lookInterval = 1_000
/** ms without a byte read after which a connection with something to read is ended: what waits to be written keeps the process alive. */
const longestStill = 5_000

/** Serves HTTP on a Unix socket. It keeps the process alive in no way. */
export class ControlServer implements AsyncDisposable {
  readonly #server: Server
  readonly #routes: readonly Route[]
  #answering = 0

  constructor(routes: readonly Route[]) {
    this.#routes = routes
    const limits = { maxHeaderSize: mostHeaders, headersTimeout: arrival, requestTimeout: arrival }
    const options = { ...limits, keepAliveTimeout: arrival, connectionsCheckingInterval: lookInterval }
    this.#server = createServer(options, (request, response) => void this.#serve(request, response))
    this.#server.maxConnections = mostConnections
    this.#server.on('connection', watchConnection)
    this.#server.unref()
  }

  /** @returns the path of its socket. @throws Error that says what to do. */
  async listen(folder: string): Promise<string> {
    const path = await listenIn(folder, this.#server)
    // What goes wrong with a server that listens is for nobody to do something about.
    this.#server.on('error', () => {})
    return path
  }

  /** Ends all connections; the file is gone when it resolves. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    this.#server.closeAllConnections()
    await promise
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Its errors come with its close.
    response.on('error', () => {})
    try {
      const { handler, stays, params, query } = this.#find(request)
      if (!stays) this.#count(response)
      const answer = await handler({ request, response, params, query, body: await bodyOf(request) })
      if (answer === 'taken') return
      if ('stream' in answer) {
        response.writeHead(200, { 'content-type': 'application/octet-stream', ...answer.headers })
        pipeline(answer.stream, response, () => {})
      } else send(response, 200, answer.json)
    } catch (error) {
      const { status, body } = toAnswer(error)
      if (response.headersSent) response.destroy()
      else send(response, status, body)
    }
  }

  /** @throws HttpError when too much is asked at a time. */
  #count(response: ServerResponse): void {
    if (this.#answering >= mostRequests) {
      throw new HttpError(503, 'TOO_MANY', `${mostRequests} requests are under way already: try again later`)
    }
    this.#answering++
    response.once('close', () => this.#answering--)
  }

  #find(request: IncomingMessage): {
    readonly handler: Handler
    readonly stays: boolean
    readonly params: readonly string[]
    readonly query: URLSearchParams
  } {
    const url = URL.parse(request.url ?? '', 'http://socket')
    if (!url) throw new HttpError(400, 'BAD_REQUEST', 'That is no path')
    for (const { method, path, handler, stays = false } of this.#routes) {
      const match = path.exec(url.pathname)
      if (match && method === request.method)
        return { handler, stays, params: match.slice(1).map(decoded), query: url.searchParams }
    }
    throw new HttpError(404, 'NOT_FOUND', 'There is nothing here')
  }
}

/** No connection is a reason to go on, and whoever does not read what is sent is let go of. */
function watchConnection(socket: Socket): void {
  socket.unref()
  let [read, stillFor] = [0, 0]
  const look = setInterval(() => {
    const now = socket.bytesWritten - socket.writableLength
    stillFor = socket.writableLength === 0 || now !== read ? 0 : stillFor + lookInterval
    read = now
    if (stillFor >= longestStill) socket.destroy()
  }, lookInterval).unref()
  socket.once('close', () => clearInterval(look))
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new HttpError(400, 'BAD_REQUEST', 'That is no path')
  }
}

/** A JSON object; none is an empty one. */
async function bodyOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > mostBody) throw new HttpError(413, 'TOO_LARGE', `A request has ${mostBody} bytes at most`)
    chunks.push(chunk)
  }
  if (size === 0) return {}
  let body: unknown
  try {
    body = JSON.parse(Buffer.concat(chunks).toString())
  } catch {
    throw new HttpError(400, 'BAD_REQUEST', 'That is no JSON')
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new HttpError(400, 'BAD_REQUEST', 'That is no JSON object')
  }
  return body as Readonly<Record<string, unknown>>
}

function send(response: ServerResponse, status: number, json: unknown): void {
  const body = JSON.stringify(json)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  response.end(body)
}
