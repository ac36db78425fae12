/** @import { Answer, Snapshot, Tick } from '../../live/schemas.ts' */

/** ms without a word from the server after which it counts as lost; it speaks every second. */
const silence = 5_000
/** ms between two attempts to connect: doubled up to the last. */
const backoff = { first: 500, last: 10_000 }

/**
 * What can be asked for, with the query or the name that belongs to it.
 *
 * @typedef {'api/memory/history' | 'api/plan'} Queried
 * @typedef {`${Queried}?${string}` | `api/components/${string}`} Readable
 *   Without a slash before it: the page may stand below any path, behind a proxy.
 */
/**
 * The path by which the schemas know it.
 *
 * @template {Readable} Path
 * @typedef {Path extends `${infer Known extends Queried}?${string}` ? `/${Known}` : '/api/components/:name'} Answering
 */

/**
 * What is shown of an error.
 *
 * @param {unknown} error
 */
export function problemOf(error) {
  return error instanceof Error ? error.message : String(error)
}

/** A refusal of the server, with its code, and in how many ms it says to ask again. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} message
   * @param {number} retryAfter
   */
  constructor(status, code, message, retryAfter) {
    super(message)
    this.status = status
    this.code = code
    this.retryAfter = retryAfter
  }
}

/** @param {Response} response */
async function refusalOf(response) {
  const body = await response.json().catch(() => undefined)
  const { code = `HTTP ${response.status}`, message = response.statusText } = body?.error ?? {}
  const seconds = Number(response.headers.get('retry-after'))
  return new Refused(response.status, code, message, seconds > 0 ? seconds * 1_000 : 0)
}

/**
 * @template {Readable} Path
 * @param {Path} path
 * @param {string} token
 * @returns {Promise<Answer<Answering<Path>>>}
 */
export async function get(path, token) {
  const response = await fetch(path, { headers: token ? { authorization: `Bearer ${token}` } : {} })
  if (!response.ok) throw await refusalOf(response)
  return response.json()
}

/**
 * @param {string} path
 * @param {string} token
 * @param {object} [body]
 */
export async function post(path, token, body = {}) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw await refusalOf(response)
  return response
}

/**
 * The server asks whether anybody is still here: it gives the place of who does not answer to somebody else.
 *
 * @param {string} viewer
 * @param {string} token
 */
function answerAlive(viewer, token) {
  const headers = token ? { authorization: `Bearer ${token}` } : {}
  // Unheard, the answer is as good as none: the server ends the connection, and it is opened again.
  fetch(`api/viewers/${viewer}`, { method: 'POST', headers }).catch(() => {})
}

/** @typedef {{ event: 'snapshot', data: Snapshot } | { event: 'tick', data: Tick }} Message */

/**
 * Reads the server's events until stopped, and connects again whenever they end. `fetch` and not EventSource: that cannot send a token, does not
 * tell a refusal from a lost connection, and does not notice silence.
 *
 * @param {object} options
 * @param {() => string} options.token
 * @param {(message: Message) => void} options.onMessage
 * @param {(why: string, retryAt: number, refused: boolean) => void} options.onLost by the browser's clock
 * @param {(why: string) => void} options.onLocked the token is missing or wrong: it does not try again.
 */
export function listen({ token, onMessage, onLost, onLocked }) {
  let stopped = false
  let wait = backoff.first
  /** @type {number | undefined} */
  let timer
  let controller = new AbortController()

  /** @param {unknown} error */
  const retry = (error) => {
    if (stopped) return
    const refused = error instanceof Refused
    const delay = Math.max(wait, refused ? error.retryAfter : 0)
    // A TypeError is all that fetch says when there is nobody.
    onLost(error instanceof TypeError ? 'the server cannot be reached' : problemOf(error), Date.now() + delay, refused)
    timer = setTimeout(() => void connect(), delay)
    wait = Math.min(wait * 2, backoff.last)
  }

  async function connect() {
    controller = new AbortController()
    const { signal } = controller
    /** @type {number | undefined} */
    let watchdog
    const heard = () => {
      clearTimeout(watchdog)
      watchdog = setTimeout(() => controller.abort(new Error('nothing was heard for a while')), silence)
    }
    try {
      heard()
      const key = token()
      const response = await fetch('api/events', { signal, headers: key ? { authorization: `Bearer ${key}` } : {} })
      if (!response.ok) {
        const refusal = await refusalOf(response)
        if (refusal.status !== 401) throw refusal
        if (!stopped) onLocked(refusal.message)
        return
      }
      let rest = ''
      const decoder = new TextDecoder()
      if (!response.body) throw new Error('the answer is empty')
      const reader = response.body.getReader()
      for (;;) {
        const { done, value } = await reader.read()
        if (done) throw new Error('the server ended the connection')
        heard()
        const messages = (rest + decoder.decode(value, { stream: true })).split('\n\n')
        rest = messages.pop() ?? ''
        for (const message of messages) {
          const event = /^event: (.*)$/m.exec(message)?.[1]
          const data = /^data: (.*)$/m.exec(message)?.[1]
          if (event === 'alive' && data) answerAlive(JSON.parse(data).viewer, token())
          if ((event !== 'snapshot' && event !== 'tick') || !data) continue
          wait = backoff.first
          onMessage({ event, data: JSON.parse(data) })
        }
      }
    } catch (error) {
      if (!stopped) retry(signal.aborted ? signal.reason : error)
    } finally {
      clearTimeout(watchdog)
      controller.abort(new Error('over'))
    }
  }

  void connect()
  return {
    /** Tries at once, if it is waiting to. */
    now() {
      clearTimeout(timer)
      wait = backoff.first
      if (!stopped) void connect()
    },
    stop() {
      stopped = true
      clearTimeout(timer)
      controller.abort(new Error('stopped'))
    },
  }
}
