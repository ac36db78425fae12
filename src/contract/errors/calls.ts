/** What a call rejects with that the component did not throw. */

import { similarNames } from '../similar-names.ts'
import { hasCode, SpillwayError } from './base.ts'
import type { Coded, SpillwayErrorOptions } from './base.ts'

/** The call was not answered within its timeout (ms). It may still be running in the component; its `callSignal()` was aborted. */
export class CallTimeoutError extends SpillwayError {
  readonly code = 'ERR_CALL_TIMEOUT'
  readonly component: string
  readonly method: string
  readonly timeout: number

  constructor(component: string, method: string, timeout: number, options?: SpillwayErrorOptions) {
    super(`Call of ${method}() on component "${component}" was not answered within ${timeout} ms`, options)
    this.component = component
    this.method = method
    this.timeout = timeout
  }
}
export const isCallTimeoutError = (e: unknown): e is Coded<CallTimeoutError> => hasCode(e, 'ERR_CALL_TIMEOUT')

/** A bounded queue is full: `limit` entries are waiting already. Nothing was started. */
export class OverloadedError extends SpillwayError {
  readonly code = 'ERR_OVERLOADED'
  readonly component: string
  readonly limit: number

  constructor(component: string, limit: number, options?: SpillwayErrorOptions & { what?: string }) {
    super(
      `"${component}" is overloaded: ${limit} ${options?.what ?? 'calls'} are under way or waiting already`,
      options,
    )
    this.component = component
    this.limit = limit
  }
}
export const isOverloadedError = (e: unknown): e is Coded<OverloadedError> => hasCode(e, 'ERR_OVERLOADED')

/**
 * The call was made with `ifLoaded`, or something was to be done that takes a loaded component, which is not loaded, or is being unloaded. Nothing was sent.
 */
export class ComponentNotLoadedError extends SpillwayError {
  readonly code = 'ERR_COMPONENT_NOT_LOADED'
  readonly component: string

  constructor(component: string, options?: SpillwayErrorOptions & { why?: string }) {
    const why = options?.why ?? 'and the call was made to leave it so (ifLoaded)'
    super(`Component "${component}" is not loaded, ${why}`, options)
    this.component = component
  }
}
export const isComponentNotLoadedError = (e: unknown): e is Coded<ComponentNotLoadedError> =>
  hasCode(e, 'ERR_COMPONENT_NOT_LOADED')

/** The component offers no method of that name. `method` is the path joined with dots. */
export class NoSuchMethodError extends SpillwayError {
  readonly code = 'ERR_NO_SUCH_METHOD'
  readonly component: string
  readonly method: string

  constructor(component: string, method: string, options?: SpillwayErrorOptions & { known?: readonly string[] }) {
    const known = options?.known?.length ? `; it offers: ${offered(method, options.known)}` : ''
    super(`Component "${component}" has no method "${method}" that may be called${known}`, options)
    this.component = component
    this.method = method
  }
}
/** Names of methods that a message shows; guessed. */
const shownNames = 20

/** Those that were most likely meant come first. */
function offered(method: string, known: readonly string[]): string {
  const all = [...new Set([...similarNames(method, known), ...known])]
  const more = all.length - shownNames
  return `${all.slice(0, shownNames).join(', ')}${more > 0 ? `, and ${more} more` : ''}`
}

export const isNoSuchMethodError = (e: unknown): e is Coded<NoSuchMethodError> => hasCode(e, 'ERR_NO_SUCH_METHOD')

/**
 * A value that cannot travel, or that cannot be read at the other end. `what` names it ("argument 2 of put()"). As an answer it says nothing
 * of whether the method ran: for a result it did.
 */
export class ValueError extends SpillwayError {
  readonly code = 'ERR_VALUE'
  readonly component: string
  readonly what: string

  constructor(component: string, what: string, why: string, options?: SpillwayErrorOptions) {
    super(`Component "${component}": the ${what} ${why}`, options)
    this.component = component
    this.what = what
  }
}
export const isValueError = (e: unknown): e is Coded<ValueError> => hasCode(e, 'ERR_VALUE')
