/** What a call of the cluster rejects with. */

import { hasCode, SpillwayError } from './base.ts'
import type { Coded, SpillwayErrorOptions } from './base.ts'

/** No host of the cluster takes calls of that component, or key, now. Nothing was begun. */
export class NoHostError extends SpillwayError {
  readonly code = 'ERR_NO_HOST'
  readonly component: string

  /** @param why what follows "No host serves x: ". */
  constructor(component: string, why: string, options?: SpillwayErrorOptions) {
    super(`No host serves "${component}": ${why}`, options)
    this.component = component
  }
}
export const isNoHostError = (e: unknown): e is Coded<NoHostError> => hasCode(e, 'ERR_NO_HOST')

/**
 * The host that was asked owns the key no longer: its claim is over by its own clock, or somebody else has claimed it since. The call was not begun, and
 * the caller asks again by itself; it is seen where asking again was no use within the call's deadline, and by components that check a fencing token.
 */
export class StaleOwnerError extends SpillwayError {
  readonly code = 'ERR_OWNER_STALE'
  readonly component: string
  /** Fencing token of the claim that is over. */
  readonly token: number

  constructor(component: string, token: number, options?: SpillwayErrorOptions & { host?: string }) {
    const host = options?.host === undefined ? 'the host that was asked' : `host "${options.host}"`
    super(`The claim of ${host} to "${component}" is over (fencing token ${token}): the call was not begun`, options)
    this.component = component
    this.token = token
  }
}
export const isStaleOwnerError = (e: unknown): e is Coded<StaleOwnerError> => hasCode(e, 'ERR_OWNER_STALE')
