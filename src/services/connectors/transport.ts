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

/**
 * A `fetch` for ccxt. ccxt's own timeout ends with the response's headers, so that a body which stops halfway would
 * be waited for for minutes; here `timeout` (ms) covers the body as well. Requests end with the signal.
 */
export function createTransport(timeout: number, lifetime: AbortSignal): Transport {
  return async (url, { method = 'GET', headers, body }) => {
    lifetime.throwIfAborted()
    const controller = new AbortController()
    // The name makes it a RequestTimeout to ccxt.
    const expire = (): void => controller.abort(new DOMException(`no answer within ${timeout} ms`, 'TimeoutError'))
    const end = (): void => controller.abort(lifetime.reason)
    const timer = setTimeout(expire, timeout)
    lifetime.addEventListener('abort', end, { once: true })
    try {
      const response = await fetch(url, {
        method,
        redirect: 'error',
        signal: controller.signal,
        ...(headers === undefined ? {} : { headers }),
        ...(body === undefined ? {} : { body }),
      })
      const bytes = await response.arrayBuffer()
      return {
        status: response.status,
        statusText: response.statusText,
        headers: response.headers,
        text: async () => new TextDecoder().decode(bytes),
        arrayBuffer: async () => bytes,
      }
    } finally {
      clearTimeout(timer)
      lifetime.removeEventListener('abort', end)
    }
  }
}
