/** ms without a word from the server after which it counts as lost; it speaks every second. */
const silence = 5_000
/** ms between two attempts to connect: doubled up to the last. */
const backoff = { first: 500, last: 10_000 }

/** A refusal of the server, with its code. */
export class Refused extends Error {
  constructor(status, code, message) {
    super(message)
    this.status = status
    this.code = code
  }
}

async function refusalOf(response) {
  const body = await response.json().catch(() => undefined)
  const { code = `HTTP ${response.status}`, message = response.statusText } = body?.error ?? {}
  return new Refused(response.status, code, message)
}

export async function get(path, token) {
  const response = await fetch(path, { headers: token ? { authorization: `Bearer ${token}` } : {} })
  if (!response.ok) throw await refusalOf(response)
  return response.json()
}

/** @returns the answer's JSON, or with `as: 'blob'` its bytes. */
export async function post(path, token, body = {}, as = 'json') {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw await refusalOf(response)
  return response[as]()
}

/**
 * Reads the server's events until stopped, and connects again whenever they end. `fetch` and not EventSource: that cannot send a token, does not
 * tell a refusal from a lost connection, and does not notice silence.
 */
export function listen({ token, onMessage, onLost, onRefused }) {
  let stopped = false
  let wait = backoff.first
  let timer
  let controller = new AbortController()

  const retry = (why) => {
    if (stopped) return
    onLost(why, Date.now() + wait)
    timer = setTimeout(() => void connect(), wait)
    wait = Math.min(wait * 2, backoff.last)
  }

  async function connect() {
    controller = new AbortController()
    const { signal } = controller
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
      const reader = response.body.getReader()
      for (;;) {
        const { done, value } = await reader.read()
        if (done) throw new Error('the server ended the connection')
        heard()
        const messages = (rest + decoder.decode(value, { stream: true })).split('\n\n')
        rest = messages.pop()
        for (const message of messages) {
          const event = /^event: (.*)$/m.exec(message)?.[1]
          const data = /^data: (.*)$/m.exec(message)?.[1]
          if (!event || !data) continue
          wait = backoff.first
          onMessage(event, JSON.parse(data))
        }
      }
    } catch (error) {
      if (!stopped) retry(signal.aborted ? signal.reason.message : error.message)
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
