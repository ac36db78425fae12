import type { Snapshot, Tick } from '../../live/schemas.ts'
import { answerAlive, ask, usualPatience } from '../control-client.ts'
import { CliError } from '../exit-codes.ts'
import type { Program } from '../programs.ts'
import { DashboardRefusal, whyLost } from './problems.ts'

/** What a dashboard tells: everything, then what changed. */
export type DashboardEvent =
  | { readonly event: 'snapshot'; readonly data: Snapshot }
  | { readonly event: 'tick'; readonly data: Tick }

/** ms without a word after which the connection counts as lost: a dashboard speaks every second. */
const silence = 5_000
/** Characters that one message may have. */
const longestMessage = 64 * 1024 ** 2

/** Where events come from. */
export interface EventSource {
  /** What people know it by. */
  readonly name: string
  /** What is said before everything else that goes wrong; empty: that says it by itself. */
  readonly heading: string
  /** A lost connection is opened again; else it was the end of the program. */
  readonly reopens: boolean
  /** @throws DashboardRefusal */
  open(signal: AbortSignal): Promise<AsyncIterable<string>>
  /** Somebody still reads. @param viewer who was asked. */
  alive(viewer: string): void
}

/** A dashboard at an address. */
export function dashboardAt(url: URL, token: string | undefined): EventSource {
  return {
    name: url.href,
    heading: `${url.href}: `,
    reopens: true,
    async open(signal) {
      const response = await fetch(new URL('api/events', url), {
        signal,
        redirect: 'error',
        headers: { accept: 'text/event-stream', ...authorization(token) },
      })
      if (!response.ok) throw await DashboardRefusal.of(response)
      if (!response.headers.get('content-type')?.startsWith('text/event-stream')) throw DashboardRefusal.noDashboard()
      return response.body?.pipeThrough(new TextDecoderStream()) ?? (async function* () {})()
    },
    alive: (viewer) => tellAlive(url, token, viewer),
  }
}

/** A program of this user's. */
export function programBy({ id, socket }: Program): EventSource {
  return {
    name: `process ${id}`,
    heading: '',
    reopens: false,
    async open(signal) {
      const answer = await ask(socket, '/api/events', { signal, patience: usualPatience })
      return answer.setEncoding('utf8') as AsyncIterable<string>
    },
    alive: (viewer) => answerAlive(socket, viewer),
  }
}

/**
 * The events of one connection, until it ends.
 *
 * @throws DashboardRefusal when the server says no; Error, saying why, when it cannot be reached or the connection is lost; nothing when `signal` is
 * aborted.
 */
export async function* readEvents(
  source: EventSource,
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
    let rest = ''
    for await (const chunk of await source.open(connection.signal)) {
      heard()
      const messages = (rest + chunk).split('\n\n')
      rest = messages.pop() ?? ''
      if (rest.length > longestMessage) throw DashboardRefusal.noDashboard()
      for (const message of messages) {
        const viewer = askedIn(message)
        if (viewer !== undefined) source.alive(viewer)
        const event = eventIn(message)
        if (event) yield event
      }
    }
    throw new Error('the dashboard ended the connection')
  } catch (error) {
    if (signal.aborted) return
    if (error instanceof DashboardRefusal || error instanceof CliError) throw error
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

function tellAlive(url: URL, token: string | undefined, viewer: string): void {
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
