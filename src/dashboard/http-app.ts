import { STATUS_CODES } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type * as Fastify from 'fastify'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { importPackage } from '../base/package-files.ts'
import type { Audit } from './audit.ts'
import { boundConnections } from './connections.ts'
import type { Gate } from './gate.ts'
import { toAnswer } from '../live/http-error.ts'
import type { Access } from './request-guard.ts'
import { whenClosed } from './when-closed.ts'

/** Bytes; actions say little. */
const mostBody = 64 * 1024
/** Bytes of all headers: Node's own default, so that no flag of the program's makes it more. */
const mostHeaders = 16 * 1024

/** ms for whoever asks slowly, on purpose or not. */
export interface HttpTimes {
  /** From the connection, or the end of the last request, to the end of the headers. Guessed: bad networks take a second. */
  readonly headers: number
  /** To the end of the body. Guessed likewise. */
  readonly request: number
}

export const httpTimes: HttpTimes = { headers: 10_000, request: 20_000 }
/** ms for which a connection may be idle between requests. Node's own default; Fastify's is 72 s. */
const mostIdle = 5_000
/** Connections beside those of viewers; more are refused, or they would take the program's file descriptors. Guessed: a browser opens six. */
const otherConnections = 256

export interface HttpApp {
  readonly gate: Gate
  readonly audit: Audit
  /** Sent with every answer. */
  readonly headers: Readonly<Record<string, string>>
  readonly maxViewers: number
  readonly times: HttpTimes
}

/** Nothing is served by it that the gate has not let in, also where there is no route; what was refused is told. */
export async function createApp(parts: HttpApp): Promise<FastifyInstance> {
  const { gate, audit, headers, times } = parts
  const { fastify } = await importFastify().catch((cause: unknown) => {
    throw new Error('The dashboard needs the package "fastify", which could not be imported: npm install fastify', {
      cause,
    })
  })
  /** @returns true when it has been answered. */
  const refuse = async (access: Access, reply: FastifyReply): Promise<boolean> => {
    const request = reply.request.raw
    const refusal = await gate.check(access, request, whenClosed(reply.raw))
    if (!refusal) return false
    const { status, code, message } = refusal
    audit.refused(status, code, request)
    // Whoever is refused does not keep a place.
    reply.header('connection', 'close')
    if (status === 401) reply.header('www-authenticate', 'Bearer')
    if (status === 429) reply.header('retry-after', gate.retryAfter)
    void reply.code(status).send({ error: { code, message } })
    return true
  }
  const app = fastify({
    logger: false,
    bodyLimit: mostBody,
    forceCloseConnections: true,
    requestTimeout: times.request,
    keepAliveTimeout: mostIdle,
    http: {
      headersTimeout: times.headers,
      maxHeaderSize: mostHeaders,
      // The gate refuses what says no host, and that is told.
      requireHostHeader: false,
      connectionsCheckingInterval: Math.min(1_000, times.headers),
    },
    // What is wrong with a URL shows before there is a route, and so before the hooks.
    frameworkErrors: (error, _request, given) => {
      // Its type asks for the schemas of a route, and there is none.
      const reply = given as unknown as FastifyReply
      reply.headers(headers)
      const answer = async (): Promise<void> => {
        if (await refuse('open', reply)) return
        const { status, body } = toAnswer(error)
        audit.refused(status, body.error.code, reply.request.raw)
        void reply.code(status).send(body)
      }
      void answer()
    },
    clientErrorHandler: (error, socket) => answerUnreadable(error, socket, audit),
    routerOptions: { maxParamLength: 4_096 },
  })
  app.removeContentTypeParser('text/plain')
  boundConnections(app.server, parts.maxViewers + otherConnections)
  app.server.on('drop', (from) => audit.refused(503, 'TOO_MANY_CONNECTIONS', from ?? {}))
  // Anything but 100-continue: Node would answer by itself, and nobody be told.
  app.server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    audit.refused(417, 'EXPECTATION_FAILED', request)
    response.writeHead(417, { ...headers, connection: 'close', 'content-length': 0 }).end()
  })
  // To be made a tunnel, or another protocol: without a listener the connection would be cut without a word.
  app.server.on('connect', (request: IncomingMessage, socket: Socket) => {
    audit.refused(405, 'NOT_ALLOWED', request)
    socket.end(rawAnswer(405))
  })

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(headers)
    // What no route was found for is guarded like figures.
    const { access = 'figures' } = request.routeOptions.config as { access?: Access }
    return (await refuse(access, reply)) ? reply : undefined
  })
  app.setNotFoundHandler(async ({ raw }, reply) => {
    audit.refused(404, 'NOT_FOUND', raw)
    return reply.code(404).send({ error: { code: 'NOT_FOUND', message: 'There is nothing here' } })
  })
  app.setErrorHandler(async (error, { raw }, reply) => {
    const { status, body } = toAnswer(error)
    if (!audit.hasTold(raw)) audit.refused(status, body.error.code, raw)
    return reply.code(status).send(body)
  })
  return app
}

/** Made to an ES module, what it requires of Node fails; then it is taken from where it is installed. */
async function importFastify(): Promise<Pick<typeof Fastify, 'fastify'>> {
  try {
    return await import('fastify')
  } catch {
    return (await importPackage('fastify')) as typeof Fastify
  }
}

/** What is no request of HTTP, or none in time. */
function answerUnreadable(error: Error & { readonly code?: string }, socket: Socket, audit: Audit): void {
  // It hung up: there is nobody to refuse anything.
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const status = statuses[error.code ?? ''] ?? 400
  audit.refused(status, error.code ?? 'UNREADABLE', socket)
  if (socket.writable) socket.write(rawAnswer(status))
  socket.destroy()
}

const statuses: Readonly<Record<string, number>> = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }

function rawAnswer(status: number): string {
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`
}
