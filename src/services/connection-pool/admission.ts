/** What decides about the next one in line. */
export interface AdmissionView {
  readonly now: number
  /** Connections of the pool, those being opened included. */
  readonly total: number
  /** Of these, to the host in question. */
  readonly toHost: number
  /** An idle connection that serves. */
  readonly hasMatch: boolean
  /** An idle connection to that host that does not serve. */
  readonly hostHasIdle: boolean
  /** Any idle connection. */
  readonly hasIdle: boolean
  /** When the host may be connected to; Infinity while it is being tried. */
  readonly hostOpensAt: number
  /** When the one in line gives up. */
  readonly deadline: number
}

export interface PoolLimits {
  readonly maxConnections: number
  readonly maxPerHost: number
}

export type Admission =
  | { readonly kind: 'reuse' }
  | { readonly kind: 'open' }
  /** An idle connection has to go first. */
  | { readonly kind: 'replace'; readonly victim: 'of-host' | 'of-any' }
  /** Wait; `until` is when to look again even if nothing happens (ms since the epoch). */
  | { readonly kind: 'wait'; readonly until?: number }
  /** The host is left alone for longer than the one in line would wait. */
  | { readonly kind: 'refuse'; readonly until: number }

export function decideAdmission(view: AdmissionView, limits: PoolLimits): Admission {
  if (view.hasMatch) return { kind: 'reuse' }
  const { now, hostOpensAt, deadline } = view
  if (hostOpensAt === Number.POSITIVE_INFINITY) return { kind: 'wait' }
  if (hostOpensAt > now) {
    return hostOpensAt < deadline ? { kind: 'wait', until: hostOpensAt } : { kind: 'refuse', until: hostOpensAt }
  }
  if (view.toHost >= limits.maxPerHost) {
    return view.hostHasIdle ? { kind: 'replace', victim: 'of-host' } : { kind: 'wait' }
  }
  if (view.total < limits.maxConnections) return { kind: 'open' }
  return view.hasIdle ? { kind: 'replace', victim: 'of-any' } : { kind: 'wait' }
}
