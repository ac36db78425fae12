/** What is wrong with a registration, or with an option. */

import { describeValue } from '../describe-value.ts'
import { hasCode, SpillwayError } from './base.ts'
import type { Coded, SpillwayErrorOptions } from './base.ts'

/** No component of that name is registered. */
export class ComponentNotFoundError extends SpillwayError {
  readonly code = 'ERR_COMPONENT_NOT_FOUND'
  readonly component: string

  constructor(component: string, options?: SpillwayErrorOptions & { known?: readonly string[] }) {
    const known = options?.known?.length ? `; registered: ${options.known.join(', ')}` : ''
    super(`No component named "${component}" is registered${known}`, options)
    this.component = component
  }
}
export const isComponentNotFoundError = (e: unknown): e is Coded<ComponentNotFoundError> =>
  hasCode(e, 'ERR_COMPONENT_NOT_FOUND')

/** The name is taken. */
export class DuplicateComponentError extends SpillwayError {
  readonly code = 'ERR_COMPONENT_DUPLICATE'
  readonly component: string

  constructor(component: string, options?: SpillwayErrorOptions) {
    super(`A component named "${component}" is already registered; unregister it first or choose another name`, options)
    this.component = component
  }
}
export const isDuplicateComponentError = (e: unknown): e is Coded<DuplicateComponentError> =>
  hasCode(e, 'ERR_COMPONENT_DUPLICATE')

/** A bad option or argument: `option` names it, `expected` and `received` say what was wrong with it. */
export class InvalidOptionsError extends SpillwayError {
  readonly code = 'ERR_INVALID_OPTIONS'
  readonly option: string
  readonly expected: string
  readonly received: string

  constructor(option: string, expected: string, received: unknown, options?: SpillwayErrorOptions) {
    const shown = describeValue(received)
    super(`Invalid option "${option}": expected ${expected}, got ${shown}`, options)
    this.option = option
    this.expected = expected
    this.received = shown
  }
}
export const isInvalidOptionsError = (e: unknown): e is Coded<InvalidOptionsError> => hasCode(e, 'ERR_INVALID_OPTIONS')

/** The dependencies form a cycle; `path` starts and ends with the same name. */
export class DependencyCycleError extends SpillwayError {
  readonly code = 'ERR_DEPENDENCY_CYCLE'
  readonly path: readonly string[]

  constructor(path: readonly string[], options?: SpillwayErrorOptions) {
    super(`Components depend on each other in a cycle: ${path.join(' -> ')}`, options)
    this.path = path
  }
}
export const isDependencyCycleError = (e: unknown): e is Coded<DependencyCycleError> =>
  hasCode(e, 'ERR_DEPENDENCY_CYCLE')
