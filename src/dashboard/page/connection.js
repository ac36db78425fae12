/** @import { Answer, Snapshot, Tick } from '../../live/schemas.ts' */

/** ms without a word from the server after which it counts as lost; it speaks every second. */
const silence = 5_000
/** ms between two attempts to connect: doubled up to the last. */
const backoff = { first: 500, last: 10_000 }

/**
 * What can be asked for, with the query or the name that belongs to it.
 *
 * @typedef {'/api/memory/history' | '/api/plan'} Queried
 * @typedef {`${Queried}?${string}` | `/api/components/${string}`} Readable
 */
/**
 * The path by which the schemas know it.
 *
 * @template {Readable} Path
 * @typedef {Path extends `${infer Known extends Queried}?${string}` ? Known : '/api/components/:name'} Answering
 */

/**
 * What is shown of an error.
 *
 * @param {unknown} error
 */
export function problemOf(error) {
  return error instanceof Error ? error.message : String(error)
}

/** A refusal of the server, with its code. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} message
   */
  constructor(status, code, message) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** @param {Response} response */
async function refusalOf(response) {
  const body = await response.json().catch(() => undefined)
  const { code = `HTTP ${response.status}`, message = response.statusText } = body?.error ?? {}
  return new Refused(response.status, code, message)
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

/** @typedef {{ event: 'snapshot', data: Snapshot } | { event: 'tick', data: Tick }} Message */

/**
 * Reads the server's events until stopped, and connects again whenever they end. `fetch` and not EventSource: that cannot send a token, does not
 * tell a refusal from a lost connection, and does not notice silence.
 *
 * @param {object} options
 * @param {() => string} options.token
 * @param {(message: Message) => void} options.onMessage
 * @param {(why: string, retryAt: number) => void} options.onLost by the browser's clock
 * @param {(refusal: Refused) => void} options.onRefused
 */
export function listen({ token, onMessage, onLost, onRefused }) {
  let stopped = false
  let wait = backoff.first
  /** @type {number | undefined} */
  let timer
  let controller = new AbortController()

  /** @param {string} why */
  const retry = (why) => {
    if (stopped) return
    onLost(why, Date.now() + wait)
    timer = setTimeout(() => void connect(), wait)
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
      const response = await fetch('/api/events', { signal, headers: key ? { authorization: `Bearer ${key}` } : {} })
      if (!response.ok) {
        const refusal = await refusalOf(response)
        if (refusal.status === 401) {
          onRefused(refusal)
          return
        }
        throw refusal
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
          if ((event !== 'snapshot' && event !== 'tick') || !data) continue
          wait = backoff.first
          onMessage({ event, data: JSON.parse(data) })
        }
      }
    } catch (error) {
      if (!stopped) retry(problemOf(signal.aborted ? signal.reason : error))
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
