import { InvalidOptionsError, OverloadedError } from '../../worker.ts'
import { runWithin } from '../timing/run-within.ts'
import { checkKnown, checkNumber, checkObject, duration } from '../option-checks.ts'
import type { HttpRequest, HttpResponse } from './api.ts'
import type { ResolvedPoolConfig } from './config.ts'
import type { HttpConnection } from './connection.ts'
import { ConnectionError, isConnectionError } from './errors.ts'
import { SocketDialer } from './socket-dialer.ts'
import type { Target } from './target.ts'
import type { Undici } from './undici-module.ts'

/**
 * Opens an HTTP connection: one socket, one request at a time. A socket that the server closes while it is idle is
 * opened again with the next request.
 *
 * @param tools its pool's name, and what it is made with.
 * @param signal ends the attempt.
 * @throws ConnectionError
 */
export async function openHttpConnection(
  target: Target,
  { name, undici, config }: { name: string; undici: Undici; config: ResolvedPoolConfig },
  signal: AbortSignal,
): Promise<HttpConnection> {
  const dialer = new SocketDialer(target.url, config.tls)
  await dialer.open(signal)
  const client = new undici.Client(target.url.origin, {
    connect: dialer.connect,
    pipelining: 1,
    maxResponseSize: config.maxResponseSize,
    keepAliveTimeout: config.idleTimeout,
    keepAliveMaxTimeout: config.idleTimeout,
  })
  const ended = new AbortController()
  let underWay = 0

  async function send(request: HttpRequest): Promise<HttpResponse> {
    const { method, path, headers, body, timeout, responseType } = parseRequest(request, target.url, config)
    if (ended.signal.aborted) throw closed(target)
    if (underWay >= config.maxRequests) {
      throw new OverloadedError(name, config.maxRequests, { what: `requests on ${target.url.host}` })
    }
    underWay++
    try {
      const timedOut = (): Error =>
        new ConnectionError('timeout', target.url.origin, `no response within ${timeout} ms`)
      return await runWithin(
        async (abort) => {
          const answer = await client.request({ method, path, headers, body, signal: abort })
          const bytes = await answer.body.bytes()
          return {
            status: answer.statusCode,
            headers: definedHeaders(answer.headers),
            body: responseType === 'bytes' ? bytes : new TextDecoder().decode(bytes),
          }
        },
        { ms: timeout, onTimeout: timedOut, signal: ended.signal },
      )
    } catch (error) {
      throw explain(error, target, ended.signal)
    } finally {
      underWay--
    }
  }

  function destroy(): void {
    ended.abort(closed(target))
    void client.destroy().catch(() => {})
    dialer.destroy()
  }

  return {
    kind: 'http',
    protocol: '',
    reading: false,
    get open() {
      return !ended.signal.aborted
    },
    get busy() {
      return underWay > 0
    },
    send,
    async check(timeout) {
      if (config.httpCheck === 'none') return dialer.connected
      try {
        const { status } = await send({ method: 'HEAD', path: config.httpCheckPath, timeout })
        return status < 500
      } catch {
        return false
      }
    },
    obtain() {},
    reset() {},
    async close() {
      destroy()
    },
    destroy,
  }
}

function parseRequest(
  request: HttpRequest,
  url: URL,
  config: ResolvedPoolConfig,
): Required<Omit<HttpRequest, 'body' | 'method'>> & { method: string; body: string | Uint8Array | null } {
  if (typeof request !== 'object' || request === null || ArrayBuffer.isView(request)) {
    throw new InvalidOptionsError('request', 'an HTTP request such as { method: "GET", path: "/" }', request)
  }
  checkKnown(request, ['method', 'path', 'headers', 'body', 'timeout', 'responseType'], 'request.')
  const { method = 'GET', path = url.pathname + url.search, headers = {}, body = null, responseType = 'text' } = request
  if (typeof path !== 'string' || !path.startsWith('/')) {
    throw new InvalidOptionsError('request.path', 'a path that starts with "/"', path)
  }
  if (typeof method !== 'string' || !/^[A-Z]+$/.test(method)) {
    throw new InvalidOptionsError('request.method', 'a method in capitals', method)
  }
  if (responseType !== 'text' && responseType !== 'bytes') {
    throw new InvalidOptionsError('request.responseType', '"text" or "bytes"', responseType)
  }
  if (body !== null && typeof body !== 'string' && !(body instanceof Uint8Array)) {
    throw new InvalidOptionsError('request.body', 'a string or a Uint8Array', body)
  }
  const timeout = checkNumber('request.timeout', request.timeout ?? config.requestTimeout, duration)
  return { method, path, headers: checkObject('request.headers', headers), body, responseType, timeout }
}

function definedHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string | string[]] => entry[1] !== undefined),
  )
}

function explain(error: unknown, target: Target, ended: AbortSignal): unknown {
  if (isConnectionError(error)) return error
  if (ended.aborted) return closed(target)
  const { code = '', message = String(error) } = error as { code?: string; message?: string }
  const reason =
    code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE'
      ? 'too-large'
      : /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)$/.test(code)
        ? 'connect'
        : /^(UND_ERR_SOCKET|ECONNRESET|EPIPE)$/.test(code)
          ? 'closed'
          : 'protocol'
  return new ConnectionError(reason, target.url.origin, message, { cause: error })
}

function closed(target: Target): ConnectionError {
  return new ConnectionError('closed', target.url.origin, 'it was closed')
}
