import { runWithin } from '../timing/run-within.ts'
import { readBody, ResponseTooLarge } from './response-body.ts'

/** What ccxt reads of a response. */
interface BufferedResponse {
  readonly status: number
  readonly statusText: string
  readonly headers: Headers
  text(): Promise<string>
  arrayBuffer(): Promise<ArrayBuffer>
}

interface RequestInitOfCcxt {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

export type Transport = (url: string, init: RequestInitOfCcxt) => Promise<BufferedResponse>

export interface TransportOptions {
  /** ms for a request, its body included. */
  readonly timeout: number
  /** Bytes of a body, decompressed. */
  readonly maxResponseSize: number
  /** Requests end with it. */
  readonly lifetime: AbortSignal
}

/**
 * A `fetch` for ccxt. ccxt's own timeout ends with the response's headers, so that a body which stops halfway would
 * be waited for for minutes; here `timeout` covers the body as well, and a body is no larger than `maxResponseSize`.
 */
export function createTransport({ timeout, maxResponseSize, lifetime }: TransportOptions): Transport {
  return async (url, { method = 'GET', headers, body }) => {
    const request = async (signal: AbortSignal): Promise<BufferedResponse> => {
      const response = await fetch(url, {
        method,
        redirect: 'error',
        signal,
        ...(headers === undefined ? {} : { headers }),
        ...(body === undefined ? {} : { body }),
      })
      return buffered(response, url, maxResponseSize)
    }
    // The name makes it a RequestTimeout to ccxt.
    const onTimeout = (): Error => new DOMException(`no answer within ${timeout} ms`, 'TimeoutError')
    return runWithin(request, { ms: timeout, onTimeout, signal: lifetime })
  }
}

/** Reads a response whole. */
async function buffered(response: Response, url: string, limit: number): Promise<BufferedResponse> {
  if (Number(response.headers.get('content-length')) > limit) {
    await response.body?.cancel()
    throw new ResponseTooLarge(`the answer to ${url}`, limit)
  }
  const bytes = await readBody(response.body, url, limit)
  return {
    status: response.status,
    statusText: response.statusText,
    headers: response.headers,
    text: async () => new TextDecoder().decode(bytes),
    arrayBuffer: async () => bytes.buffer,
  }
}
