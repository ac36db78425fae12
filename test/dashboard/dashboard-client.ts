import { request } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { DashboardAddress } from '../../src/dashboard/index.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly json: unknown
}

export interface Ask {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** One request with exactly these headers: `fetch` would not let a test choose Host or Origin. */
export async function ask({ host, port }: DashboardAddress, path: string, options: Ask = {}): Promise<Answer> {
  const response = await open({ host, port }, path, options)
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk as string
  const isJson = response.headers['content-type']?.startsWith('application/json') === true
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text,
    json: isJson ? (JSON.parse(text) as unknown) : undefined,
  }
}

/** A POST as the page sends it. */
export async function act(
  address: DashboardAddress,
  path: string,
  body: unknown = {},
  headers: Readonly<Record<string, string>> = { authorization: 'Bearer secret' },
): Promise<Answer> {
  return ask(address, path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

/** The answer as soon as its headers are there; it stays open. */
export async function open(
  { host, port }: Pick<DashboardAddress, 'host' | 'port'>,
  path: string,
  { method = 'GET', headers = {}, body }: Ask = {},
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const outgoing = request({ host: host === '0.0.0.0' ? '127.0.0.1' : host, port, path, method, headers, agent: false })
  outgoing.once('response', resolve)
  outgoing.once('error', reject)
  outgoing.end(body)
  const response = await promise
  // The server ends streams as it likes.
  response.on('error', () => {})
  return response
}

export interface StreamEvent {
  readonly event: string
  readonly data: unknown
}

/** The events of a stream as they come, until it ends. */
export async function* events(response: IncomingMessage): AsyncGenerator<StreamEvent> {
  let rest = ''
  try {
    for await (const chunk of response.setEncoding('utf8')) {
      const messages = (rest + (chunk as string)).split('\n\n')
      rest = messages.pop() ?? ''
      for (const message of messages) {
        const event = /^event: (.*)$/m.exec(message)?.[1]
        const data = /^data: (.*)$/m.exec(message)?.[1]
        if (event !== undefined && data !== undefined) yield { event, data: JSON.parse(data) as unknown }
      }
    }
  } catch {
    // Cut off.
  }
}
