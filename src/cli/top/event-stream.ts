import type { Snapshot, Tick } from '../../live/schemas.ts'
import { DashboardRefusal, whyLost } from './problems.ts'

/** What a dashboard tells: everything, then what changed. */
export type DashboardEvent =
  | { readonly event: 'snapshot'; readonly data: Snapshot }
  | { readonly event: 'tick'; readonly data: Tick }

/** ms without a word after which the connection counts as lost: a dashboard speaks every second. */
const silence = 5_000
/** Characters that one message may have. */
const longestMessage = 64 * 1024 ** 2

/**
 * The events of one connection, until it ends.
 *
 * @throws DashboardRefusal when the server says no; Error, saying why, when it cannot be reached or the connection is lost; nothing when `signal` is
 * aborted.
 */
export async function* readEvents(
  url: URL,
  token: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<DashboardEvent, void, undefined> {
  const connection = new AbortController()
  const end = (): void => connection.abort()
  signal.addEventListener('abort', end, { once: true })
  let timer: NodeJS.Timeout | undefined
  let silent = false
  const heard = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      silent = true
      connection.abort()
    }, silence)
  }
  try {
    if (signal.aborted) return
    heard()
    const response = await fetch(new URL('api/events', url), {
      signal: connection.signal,
      redirect: 'error',
      headers: { accept: 'text/event-stream', ...authorization(token) },
    })
    if (!response.ok) throw await DashboardRefusal.of(response)
    if (!response.headers.get('content-type')?.startsWith('text/event-stream')) throw DashboardRefusal.noDashboard()
    let rest = ''
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      heard()
      const messages = (rest + chunk).split('\n\n')
      rest = messages.pop() ?? ''
      if (rest.length > longestMessage) throw DashboardRefusal.noDashboard()
      for (const message of messages) {
        const viewer = askedIn(message)
        if (viewer !== undefined) answerAlive(url, token, viewer)
        const event = eventIn(message)
        if (event) yield event
      }
    }
    throw new Error('the dashboard ended the connection')
  } catch (error) {
    if (signal.aborted) return
    if (error instanceof DashboardRefusal) throw error
    throw new Error(silent ? `nothing was heard for ${silence / 1_000} s` : whyLost(error), { cause: error })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
    connection.abort()
  }
}

/** The dashboard asks whether anybody still reads: it gives the place of who does not answer to somebody else. By which id to answer. */
function askedIn(message: string): string | undefined {
  return /^event: alive\ndata: \{"viewer":"([\w-]+)"\}$/.exec(message)?.[1]
}

function answerAlive(url: URL, token: string | undefined, viewer: string): void {
  // Unheard, the answer is as good as none: the dashboard ends the connection, and it is opened again.
  fetch(new URL(`api/viewers/${viewer}`, url), {
    method: 'POST',
    redirect: 'error',
    headers: authorization(token),
  }).catch(() => {})
}

function authorization(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` }
}

function eventIn(message: string): DashboardEvent | undefined {
  const event = /^event: (.*)$/m.exec(message)?.[1]
  const data = /^data: (.*)$/m.exec(message)?.[1]
  if (data === undefined || (event !== 'snapshot' && event !== 'tick')) return undefined
  const parsed: unknown = JSON.parse(data)
  return event === 'snapshot' ? { event, data: parsed as Snapshot } : { event, data: parsed as Tick }
}
