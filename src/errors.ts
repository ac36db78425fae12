/**
 * Every error Spillway rejects or throws with. Each class has a stable `code` and a guard beside it; the guard looks at
 * the code only, so it also holds for an error that crossed a thread, a process or a second copy of the package.
 */

import { describeValue } from './describe-value.ts'

export interface SpillwayErrorOptions {
  cause?: unknown
}

/** Base of all Spillway errors. `code` is stable across versions; `message` is not. */
export abstract class SpillwayError extends Error {
  abstract readonly code: string

  static {
    this.prototype.name = 'SpillwayError'
  }
}

type Coded<E extends SpillwayError> = Pick<E, 'code' | 'message'> & Partial<E>

function hasCode(value: unknown, code: string): boolean {
  return typeof value === 'object' && value !== null && 'code' in value && value.code === code
}

/** True for any error of this package, also after it lost its prototype. */
export function isSpillwayError(value: unknown): value is Coded<SpillwayError> {
  return (
    value instanceof SpillwayError ||
    (typeof value === 'object' &&
      value !== null &&
      'code' in value &&
      typeof value.code === 'string' &&
      errorClassOf(value.code) !== undefined)
  )
}

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

/** The component could not be loaded. `cause` is what went wrong; `chain` leads from the component asked for to the one that failed. */
export class ComponentLoadError extends SpillwayError {
  readonly code = 'ERR_COMPONENT_LOAD'
  readonly component: string
  readonly chain: readonly string[]

  constructor(
    component: string,
    reason: string,
    options?: SpillwayErrorOptions & { chain?: readonly string[] | undefined },
  ) {
    super(`Component "${component}" could not be loaded: ${reason}`, options)
    this.component = component
    this.chain = options?.chain ?? [component]
  }
}
export const isComponentLoadError = (e: unknown): e is Coded<ComponentLoadError> => hasCode(e, 'ERR_COMPONENT_LOAD')

/** The component was not ready within its load timeout (ms); its worker was ended. */
export class ComponentLoadTimeoutError extends SpillwayError {
  readonly code = 'ERR_COMPONENT_LOAD_TIMEOUT'
  readonly component: string
  readonly timeout: number

  constructor(component: string, timeout: number, options?: SpillwayErrorOptions) {
    super(
      `Component "${component}" was not ready within ${timeout} ms; its worker was ended. ` +
        `Raise "timeout" in its definition if it needs longer`,
      options,
    )
    this.component = component
    this.timeout = timeout
  }
}
export const isComponentLoadTimeoutError = (e: unknown): e is Coded<ComponentLoadTimeoutError> =>
  hasCode(e, 'ERR_COMPONENT_LOAD_TIMEOUT')

/** The component failed too often and is backing off until `retryAt` (ms since the epoch). */
export class ComponentFailedError extends SpillwayError {
  readonly code = 'ERR_COMPONENT_FAILED'
  readonly component: string
  readonly retryAt: number

  constructor(component: string, retryAt: number, options?: SpillwayErrorOptions) {
    super(
      `Component "${component}" failed too often and is backing off until ${new Date(retryAt).toISOString()}; ` +
        `resetComponent("${component}") clears that`,
      options,
    )
    this.component = component
    this.retryAt = retryAt
  }
}
export const isComponentFailedError = (e: unknown): e is Coded<ComponentFailedError> =>
  hasCode(e, 'ERR_COMPONENT_FAILED')

/** Why a worker is gone. */
export type CrashReason = 'exit' | 'error' | 'out-of-memory' | 'memory-limit' | 'terminated'

/**
 * The worker of the component died, or was ended, while the call was under way. `outcome` is 'unknown' for a call that
 * had been sent (it may or may not have run) and 'not-sent' for one that had not.
 */
export class ComponentCrashedError extends SpillwayError {
  readonly code = 'ERR_COMPONENT_CRASHED'
  readonly component: string
  readonly reason: CrashReason
  readonly generation: number
  readonly outcome: 'unknown' | 'not-sent'
  readonly exitCode: number | undefined

  constructor(
    component: string,
    details: {
      reason: CrashReason
      generation: number
      outcome?: 'unknown' | 'not-sent'
      exitCode?: number | undefined
    },
    options?: SpillwayErrorOptions,
  ) {
    const how = {
      exit: `its worker exited${details.exitCode === undefined ? '' : ` with code ${details.exitCode}`}`,
      error: 'its worker died of an uncaught error',
      'out-of-memory': 'its worker ran out of memory',
      'memory-limit': 'its worker passed its memory limit and was ended',
      terminated: 'its worker was ended',
    }[details.reason]
    super(`Component "${component}" (generation ${details.generation}) is gone: ${how}`, options)
    this.component = component
    this.reason = details.reason
    this.generation = details.generation
    this.outcome = details.outcome ?? 'unknown'
    this.exitCode = details.exitCode
  }
}
export const isComponentCrashedError = (e: unknown): e is Coded<ComponentCrashedError> =>
  hasCode(e, 'ERR_COMPONENT_CRASHED')

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

/** The call was made with `ifLoaded`, and the component is not loaded, or is being unloaded. Nothing was sent. */
export class ComponentNotLoadedError extends SpillwayError {
  readonly code = 'ERR_COMPONENT_NOT_LOADED'
  readonly component: string

  constructor(component: string, options?: SpillwayErrorOptions) {
    super(`Component "${component}" is not loaded, and the call was made to leave it so`, options)
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
    const known = options?.known?.length ? `; it offers: ${options.known.slice(0, 20).join(', ')}` : ''
    super(`Component "${component}" has no method "${method}" that may be called${known}`, options)
    this.component = component
    this.method = method
  }
}
export const isNoSuchMethodError = (e: unknown): e is Coded<NoSuchMethodError> => hasCode(e, 'ERR_NO_SUCH_METHOD')

/** A load that does not fit under the limit (bytes), and nothing more can be unloaded for it. `holders` says what holds the memory, largest first. */
export class InsufficientMemoryError extends SpillwayError {
  readonly code = 'ERR_INSUFFICIENT_MEMORY'
  readonly component: string
  readonly needed: number
  readonly limit: number
  readonly usage: number
  readonly holders: readonly { name: string; bytes: number; why: string }[]

  constructor(
    component: string,
    details: {
      needed: number
      limit: number
      usage: number
      holders: readonly { name: string; bytes: number; why: string }[]
    },
    options?: SpillwayErrorOptions,
  ) {
    const mib = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MiB`
    const held = details.holders
      .slice(0, 5)
      .map((h) => `${h.name} ${mib(h.bytes)} (${h.why})`)
      .join(', ')
    const why =
      details.needed > details.limit
        ? `which is more than the limit of ${mib(details.limit)} for all together (totalLimit, or what the control group allows)`
        : `but ${mib(details.usage)} of the limit of ${mib(details.limit)} are in use and nothing more can be unloaded; ` +
          `held by: ${held || 'nothing but the process itself'}`
    super(`Component "${component}" needs ${mib(details.needed)}, ${why}`, options)
    this.component = component
    this.needed = details.needed
    this.limit = details.limit
    this.usage = details.usage
    this.holders = details.holders
  }
}
export const isInsufficientMemoryError = (e: unknown): e is Coded<InsufficientMemoryError> =>
  hasCode(e, 'ERR_INSUFFICIENT_MEMORY')

/** The lock was not granted in time (ms), or waiting for it would have been a deadlock: then `cycle` is its path. */
export class LockTimeoutError extends SpillwayError {
  readonly code = 'ERR_LOCK_TIMEOUT'
  readonly lock: string
  readonly timeout: number
  readonly cycle: readonly string[] | undefined

  constructor(
    lock: string,
    timeout: number,
    options?: SpillwayErrorOptions & { cycle?: readonly string[] | undefined; heldBy?: readonly string[] },
  ) {
    const why = options?.cycle
      ? `waiting for it would be a deadlock: ${options.cycle.join(' -> ')}`
      : `not granted within ${timeout} ms${options?.heldBy?.length ? `; held by ${options.heldBy.join(', ')}` : ''}`
    super(`Lock "${lock}": ${why}`, options)
    this.lock = lock
    this.timeout = timeout
    this.cycle = options?.cycle
  }
}
export const isLockTimeoutError = (e: unknown): e is Coded<LockTimeoutError> => hasCode(e, 'ERR_LOCK_TIMEOUT')

/** A fencing token that is no longer the current one was used. */
export class StaleLockError extends SpillwayError {
  readonly code = 'ERR_LOCK_STALE'
  readonly lock: string
  readonly token: number

  constructor(lock: string, token: number, options?: SpillwayErrorOptions) {
    super(`Lock "${lock}": token ${token} is stale, the lock was released or passed on since`, options)
    this.lock = lock
    this.token = token
  }
}
export const isStaleLockError = (e: unknown): e is Coded<StaleLockError> => hasCode(e, 'ERR_LOCK_STALE')

/** A component's state could not be kept, so it was not unloaded. `cause` says why. */
export class SnapshotError extends SpillwayError {
  readonly code = 'ERR_SNAPSHOT'
  readonly component: string

  constructor(component: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause)
    super(`The snapshot of component "${component}" could not be kept, so it stays loaded: ${why}`, { cause })
    this.component = component
  }
}
export const isSnapshotError = (e: unknown): e is Coded<SnapshotError> => hasCode(e, 'ERR_SNAPSHOT')

/** The coordinator is shutting down or has shut down. */
export class CoordinatorShutdownError extends SpillwayError {
  readonly code = 'ERR_COORDINATOR_SHUTDOWN'

  constructor(message = 'The coordinator is shut down', options?: SpillwayErrorOptions) {
    super(message, options)
  }
}
export const isCoordinatorShutdownError = (e: unknown): e is Coded<CoordinatorShutdownError> =>
  hasCode(e, 'ERR_COORDINATOR_SHUTDOWN')

/** Every class of this file by its code. */
export const errorClasses = {
  ERR_COMPONENT_NOT_FOUND: ComponentNotFoundError,
  ERR_COMPONENT_DUPLICATE: DuplicateComponentError,
  ERR_INVALID_OPTIONS: InvalidOptionsError,
  ERR_DEPENDENCY_CYCLE: DependencyCycleError,
  ERR_COMPONENT_LOAD: ComponentLoadError,
  ERR_COMPONENT_LOAD_TIMEOUT: ComponentLoadTimeoutError,
  ERR_COMPONENT_FAILED: ComponentFailedError,
  ERR_COMPONENT_CRASHED: ComponentCrashedError,
  ERR_CALL_TIMEOUT: CallTimeoutError,
  ERR_OVERLOADED: OverloadedError,
  ERR_COMPONENT_NOT_LOADED: ComponentNotLoadedError,
  ERR_NO_SUCH_METHOD: NoSuchMethodError,
  ERR_INSUFFICIENT_MEMORY: InsufficientMemoryError,
  ERR_LOCK_TIMEOUT: LockTimeoutError,
  ERR_LOCK_STALE: StaleLockError,
  ERR_SNAPSHOT: SnapshotError,
  ERR_COORDINATOR_SHUTDOWN: CoordinatorShutdownError,
} as const

for (const errorClass of Object.values(errorClasses)) {
  Object.defineProperty(errorClass.prototype, 'name', { value: errorClass.name, writable: true, configurable: true })
}

type ErrorClass = abstract new (...args: never[]) => SpillwayError
const revivable = new Map<string, ErrorClass>(Object.entries(errorClasses))

/** Errors with this code arrive from other threads as instances of this class. */
export function registerErrorClass(code: string, errorClass: ErrorClass): void {
  revivable.set(code, errorClass)
}

/** The class that errors of this code belong to: one of this file, or one that was registered. */
export function errorClassOf(code: string): ErrorClass | undefined {
  return revivable.get(code)
}
