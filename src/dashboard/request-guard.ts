import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { isLoopback } from './dashboard-options.ts'
import type { ResolvedDashboardOptions } from './dashboard-options.ts'

/** Why a request is not served. */
export interface Refusal {
  readonly status: 401 | 403 | 415 | 421
  readonly code: string
  readonly message: string
}

/** What a route gives: parts of the page, figures of the program, or a way to change something. */
export type Access = 'open' | 'figures' | 'action'

/** The options of a route that is guarded so. */
export const guarded = (access: Access): { readonly config: { readonly access: Access } } => ({ config: { access } })

/**
 * Decides whether a request may be served at all, from what it is for and its headers alone.
 *
 * Host: a page of another origin whose name was made to resolve to this address sends its own name. Origin and Sec-Fetch-Site: a
 * page of another origin may send requests here, though it cannot read the answers. JSON only: what such a page can send
 * without asking first is no JSON.
 */
export class RequestGuard {
  readonly #names: ReadonlySet<string>
  readonly #anyAddress: boolean
  readonly #local: boolean
  readonly #actions: boolean
  readonly #token: Buffer | undefined

  constructor({ host, token, actions, allowedHosts }: ResolvedDashboardOptions) {
    this.#local = isLoopback(host)
    this.#anyAddress = host === '0.0.0.0' || host === '::'
    const own = this.#anyAddress ? [hostname().toLowerCase()] : [host.toLowerCase()]
    const local = this.#local || this.#anyAddress ? ['localhost', '127.0.0.1', '::1'] : []
    this.#names = new Set([...own, ...local, ...allowedHosts])
    this.#actions = actions
    this.#token = token === undefined ? undefined : digest(token)
  }

  /** Undefined: it may be served. */
  check(access: Access, headers: IncomingHttpHeaders): Refusal | undefined {
    if (!this.#knowsHost(headers.host)) {
      return refuse(421, 'MISDIRECTED', 'This server does not go by that name; see the option allowedHosts')
    }
    if (access === 'open') return undefined
    if (!sameOrigin(headers)) return refuse(403, 'CROSS_ORIGIN', 'Requests from pages of other origins are not served')
    if (access === 'action') {
      if (!this.#actions) return refuse(403, 'ACTIONS_DISABLED', 'Actions are not enabled on this dashboard')
      if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) {
        return refuse(415, 'JSON_ONLY', 'The content type has to be application/json')
      }
    }
    if (access === 'figures' && this.#local) return undefined
    return this.#hasToken(headers.authorization)
      ? undefined
      : refuse(401, 'TOKEN_NEEDED', 'The token is missing or wrong')
  }

  #knowsHost(header: string | undefined): boolean {
    const name = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::\d{1,5})?$/i.exec(header ?? '')
    const host = (name?.[1] ?? name?.[2])?.toLowerCase()
    if (host === undefined) return false
    return this.#names.has(host) || (this.#anyAddress && isIP(host) !== 0)
  }

  #hasToken(authorization: string | undefined): boolean {
    const given = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1]
    if (given === undefined || this.#token === undefined) return false
    // Digests have one length, so that the comparison tells nothing of the token's either.
    return timingSafeEqual(digest(given), this.#token)
  }
}

/** Programs send neither header; browsers send Sec-Fetch-Site always and Origin with everything but plain GETs. */
function sameOrigin({ host, origin, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false
  return origin === undefined || origin === `http://${host}` || origin === `https://${host}`
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

const refuse = (status: Refusal['status'], code: string, message: string): Refusal => ({ status, code, message })
