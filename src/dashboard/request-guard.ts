import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { guardsFigures, isLoopback } from './dashboard-options.ts'
import type { ResolvedDashboardOptions } from './dashboard-options.ts'
import { hostName, isLoopbackAddress, isLoopbackName, normalName, signOfProxy } from './reach.ts'

/** Why a request is not served. */
export interface Refusal {
  readonly status: 401 | 403 | 415 | 421 | 429
  readonly code: string
  readonly message: string
}

/** What a route gives: parts of the page, figures of the program, or a way to change something. */
export type Access = 'open' | 'figures' | 'action'

/** The options of a route that is guarded so. */
export const guarded = (access: Access): { readonly config: { readonly access: Access } } => ({ config: { access } })

/** What is read of a request. */
export type Asking = Pick<IncomingMessage, 'url' | 'httpVersion' | 'headers' | 'rawHeaders' | 'socket'>

/** Whether a request may be served: yes, no, or with the token; `given`: the one that came with it. */
export type Verdict =
  | { readonly kind: 'served' }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'token'; readonly given: string | undefined; readonly why: string }

/**
 * Decides whether a request may be served at all, from what it is for, where it comes from and its headers alone.
 *
 * Host: a page of another origin whose name was made to resolve to this address sends its own name. Origin and Sec-Fetch-Site: a
 * page of another origin may send requests here, though it cannot read the answers. JSON only: what such a page can send
 * without asking first is no JSON. Token: for figures as well, unless everything says that somebody on this machine asks.
 */
export class RequestGuard {
  readonly #names: ReadonlySet<string>
  readonly #anyAddress: boolean
  readonly #local: boolean
  readonly #guardsFigures: boolean
  readonly #actions: boolean

  constructor(options: ResolvedDashboardOptions) {
    const { host, actions, allowedHosts } = options
    this.#local = isLoopback(host)
    this.#guardsFigures = guardsFigures(options)
    this.#anyAddress = host === '0.0.0.0' || host === '::'
    const own = normalName(this.#anyAddress ? hostname() : host)
    this.#names = new Set([own, ...allowedHosts])
    this.#actions = actions
  }

  check(access: Access, request: Asking): Verdict {
    const { headers } = request
    const host = this.#knownHost(request)
    if (host === undefined) {
      return refused(refuse(421, 'MISDIRECTED', 'This server does not go by that name; see the option allowedHosts'))
    }
    if (access === 'open') return { kind: 'served' }
    const foreign = this.#whyForeign(host, request)
    if (!sameOrigin(request, foreign !== undefined)) {
      return refused(refuse(403, 'CROSS_ORIGIN', 'Requests from pages of other origins are not served'))
    }
    if (access === 'action') {
      if (!this.#actions) return refused(refuse(403, 'ACTIONS_DISABLED', 'Actions are not enabled on this dashboard'))
      if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) {
        return refused(refuse(415, 'JSON_ONLY', 'The content type has to be application/json'))
      }
    }
    if (access === 'figures' && foreign === undefined && !this.#guardsFigures) return { kind: 'served' }
    const given = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]
    return { kind: 'token', given, why: access === 'action' ? 'actions need it' : (foreign ?? everybody) }
  }

  /** By which name of its own it is asked. A request says it once, and in the header alone. */
  #knownHost({ url, headers, rawHeaders }: Asking): string | undefined {
    if (!url?.startsWith('/')) return undefined
    if (rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length !== 1) {
      return undefined
    }
    const host = hostName(headers.host)
    if (host === undefined) return undefined
    const known =
      this.#names.has(host) ||
      (this.#anyAddress && isIP(host) !== 0) ||
      ((this.#local || this.#anyAddress) && (host === 'localhost' || isLoopbackAddress(host)))
    return known ? host : undefined
  }

  /** Why somebody elsewhere may be asking; undefined: it is somebody on this machine. */
  #whyForeign(host: string, { httpVersion, headers, socket }: Asking): string | undefined {
    if (!this.#local || !isLoopbackAddress(socket.remoteAddress)) return 'other machines can reach this dashboard'
    if (!isLoopbackName(host)) return `"${host}" is a name by which other machines can reach it`
    const sign = signOfProxy(headers, httpVersion)
    return sign === undefined ? undefined : `${sign} says that a proxy is before it`
  }
}

/**
 * Programs send neither header; browsers send Sec-Fetch-Site always and Origin with everything but plain GETs. Where nobody is between, there is no TLS
 * either.
 */
function sameOrigin({ headers: { host, origin, 'sec-fetch-site': site } }: Asking, foreign: boolean): boolean {
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false
  return origin === undefined || origin === `http://${host}` || (foreign && origin === `https://${host}`)
}

/** A proxy that says nothing of itself looks like somebody on this machine. */
const everybody = 'everybody needs it for figures here'

export const refuse = (status: Refusal['status'], code: string, message: string): Refusal => ({ status, code, message })

const refused = (refusal: Refusal): Verdict => ({ kind: 'refused', refusal })
