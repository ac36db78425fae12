import type { IncomingMessage } from 'node:http'
import type { Logger } from '../contract/logger.ts'
import { monotonicNow } from '../base/monotonic.ts'
import { clearTimeout, setTimeout } from '../base/timers.ts'
import { toAnswer } from '../live/http-error.ts'

/** Lines about refusals that are written within so many ms; the others are counted, and told in one. Guessed: 100 MB a month at the most. */
const lines = { most: 60, within: 60_000 }
/** Characters of what others sent that a line shows. Guessed. */
const shown = 200
/** Of a body: what it says, as far as it is of use. */
const shownFields = 10

/** Everything that ends, starts, or pretends to be something else in a line: control characters, invisible ones, separators, halves of characters. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

export interface Asked {
  readonly action: string
  readonly component: string | null
  /** As it was sent. */
  readonly body: unknown
}

/** What sent something that is no request. */
export interface Connection {
  readonly remoteAddress?: string | undefined
}

export interface AuditOptions {
  readonly logger: Logger
  /** Is in no line, wherever it was sent. */
  readonly token: string | undefined
  readonly now?: () => number
}

/** Writes who asked for what and what came of it, and who was refused what: a line each, as fields, with nothing secret in it. */
export class Audit implements Disposable {
  readonly #logger: Logger
  readonly #token: string | undefined
  readonly #now: () => number
  readonly #ended = new WeakSet<IncomingMessage>()
  /** The last request of a connection that was refused; connections that were cut. */
  readonly #last = new WeakMap<Connection, IncomingMessage>()
  readonly #cut = new WeakSet<Connection>()
  #written = { count: 0, since: Number.NEGATIVE_INFINITY }
  /** Refusals without a line, by their code. */
  #untold: Record<string, number> = {}
  #timer: NodeJS.Timeout | undefined

  constructor({ logger, token, now = monotonicNow }: AuditOptions) {
    this.#logger = logger
    this.#token = token?.toLowerCase()
    this.#now = now
  }

  /** Has an action done, and tells that it was asked for and how it ended. */
  async during<T>(request: IncomingMessage, { action, component, body }: Asked, work: () => Promise<T>): Promise<T> {
    const told = { action, ...(component !== null && { component: this.#clean(component) }) }
    const from = this.#from(request)
    this.#logger.info({ ...told, ...this.#given(body), ...from }, 'asked for on the dashboard')
    const began = this.#now()
    const ms = (): number => Math.round(this.#now() - began)
    try {
      const result = await work()
      this.#logger.info({ ...told, outcome: 'done', ms: ms(), ...from }, 'done on the dashboard')
      return result
    } catch (error) {
      this.#ended.add(request)
      const { code } = toAnswer(error).body.error
      this.#logger.warn({ ...told, outcome: 'failed', code, ms: ms(), ...from }, 'failed on the dashboard')
      throw error
    }
  }

  /** Whether a request's end is told already. */
  hasTold(request: IncomingMessage): boolean {
    return this.#ended.has(request)
  }

  /** @param request what is known of it: of one that could not be read, its connection. */
  refused(status: number, code: string, request: IncomingMessage | Connection): void {
    if (this.#isOver(request)) return
    const now = this.#now()
    if (now - this.#written.since >= lines.within) {
      this.#tellRest()
      this.#written = { count: 0, since: now }
    }
    if (this.#written.count >= lines.most) {
      this.#untold[code] = (this.#untold[code] ?? 0) + 1
      this.#timer ??= setTimeout(() => this.#tellRest(), lines.within).unref()
      return
    }
    this.#written.count++
    const from = 'headers' in request ? this.#described(request) : { remote: request.remoteAddress }
    this.#logger.warn({ status, code, ...from }, 'refused on the dashboard')
  }

  /** A request that was refused while the rest of it came, and then ended its connection, is told once, whichever is seen first. */
  #isOver(request: IncomingMessage | Connection): boolean {
    if ('headers' in request) {
      this.#last.set(request.socket, request)
      return this.#cut.has(request.socket)
    }
    this.#cut.add(request)
    return this.#last.get(request)?.complete === false
  }

  warn(message: string): void {
    this.#logger.warn(message)
  }

  failed(error: unknown): void {
    this.#logger.error({ err: error }, 'the dashboard could not take its figures')
  }

  [Symbol.dispose](): void {
    this.#tellRest()
  }

  #tellRest(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (Object.keys(this.#untold).length === 0) return
    this.#logger.warn({ refusals: this.#untold }, 'more was refused on the dashboard than is told one by one')
    this.#untold = {}
  }

  /** Without its query: values are nobody's business. */
  #described(request: IncomingMessage): object {
    const { method, url = '' } = request
    return { method, path: this.#clean(url.split('?', 1)[0] ?? ''), ...this.#from(request) }
  }

  #from({ headers, socket }: IncomingMessage): object {
    const forwarded = headers['x-forwarded-for']
    return {
      remote: socket.remoteAddress,
      ...(forwarded !== undefined && { forwardedFor: this.#clean(String(forwarded)) }),
      host: this.#clean(headers.host ?? ''),
      agent: this.#clean(headers['user-agent'] ?? ''),
    }
  }

  #given(body: unknown): { readonly given?: object } {
    if (typeof body !== 'object' || body === null) return {}
    const fields = Object.entries(body).slice(0, shownFields)
    if (fields.length === 0) return {}
    return { given: Object.fromEntries(fields.map(([key, value]) => [this.#clean(key), this.#valueOf(value)])) }
  }

  #valueOf(value: unknown): unknown {
    if (typeof value === 'string') return this.#clean(value)
    return typeof value === 'object' && value !== null ? '(an object)' : value
  }

  #clean(text: string): string {
    if (this.#hasToken(text)) return '(hidden: the token is in it)'
    const cut = text.length > shown ? `${text.slice(0, shown)}…` : text
    return cut.replaceAll(unprintable, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
  }

  #hasToken(text: string): boolean {
    if (this.#token === undefined) return false
    return [text, decoded(text)].some((each) => each.toLowerCase().includes(this.#token ?? ''))
  }
}

function decoded(text: string): string {
  // Each by itself: one that means nothing does not hide the others.
  return text.replaceAll(/%([0-7][0-9a-f])/gi, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
}
