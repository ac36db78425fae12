/**
 * Every error Spillway rejects or throws with. Each class has a stable `code` and a guard beside it; the guard looks at
 * the code only, so it also holds for an error that crossed a thread, a process or a second copy of the package.
 */

import { codeOf, hasCode, SpillwayError } from './errors/base.ts'
import type { Coded } from './errors/base.ts'
import { isInstance } from './is-instance.ts'
import {
  ComponentNotFoundError,
  DuplicateComponentError,
  InvalidOptionsError,
  DependencyCycleError,
} from './errors/registry.ts'
import {
  ComponentLoadError,
  ComponentLoadTimeoutError,
  ComponentFailedError,
  ComponentCrashedError,
  SnapshotError,
  WorkerFileError,
  CoordinatorShutdownError,
} from './errors/life.ts'
import {
  CallTimeoutError,
  OverloadedError,
  ComponentNotLoadedError,
  NoSuchMethodError,
  ValueError,
} from './errors/calls.ts'
import { NoHostError, StaleOwnerError } from './errors/cluster.ts'
import { InsufficientMemoryError, LockTimeoutError, StaleLockError } from './errors/resources.ts'

export { SpillwayError } from './errors/base.ts'
export type { Coded, SpillwayErrorOptions } from './errors/base.ts'
export * from './errors/calls.ts'
export * from './errors/cluster.ts'
export * from './errors/life.ts'
export * from './errors/registry.ts'
export * from './errors/resources.ts'
export type { PassedLimit } from './passed-limit.ts'

/** True for any error of this package, also after it lost its prototype. */
export function isSpillwayError(value: unknown): value is Coded<SpillwayError> {
  if (isInstance(value, SpillwayError)) return true
  const code = codeOf(value)
  return typeof code === 'string' && errorClassOf(code) !== undefined
}

/** Every class by its code. */
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
  ERR_VALUE: ValueError,
  ERR_INSUFFICIENT_MEMORY: InsufficientMemoryError,
  ERR_LOCK_TIMEOUT: LockTimeoutError,
  ERR_LOCK_STALE: StaleLockError,
  ERR_SNAPSHOT: SnapshotError,
  ERR_WORKER_FILE: WorkerFileError,
  ERR_NO_HOST: NoHostError,
  ERR_OWNER_STALE: StaleOwnerError,
  ERR_COORDINATOR_SHUTDOWN: CoordinatorShutdownError,
} as const

type ErrorClass<E extends SpillwayError = SpillwayError> = abstract new (...args: never[]) => E
const revivable = new Map<string, ErrorClass>()
for (const [code, errorClass] of Object.entries(errorClasses)) registerErrorClass<SpillwayError>(code, errorClass)

/**
 * Makes an error class of your own one of Spillway's: its errors bear its name, and those with this code arrive from other threads as instances of
 * it. To be called where the class is defined, in a module that both sides import.
 *
 * @returns its guard, which looks at the code only.
 */
export function registerErrorClass<E extends SpillwayError>(
  code: E['code'],
  errorClass: ErrorClass<E>,
): (value: unknown) => value is Coded<E> {
  Object.defineProperty(errorClass.prototype, 'name', { value: errorClass.name, writable: true, configurable: true })
  revivable.set(code, errorClass)
  return (value): value is Coded<E> => hasCode(value, code)
}

/** The class that errors of this code belong to: one of this package, or one that was registered. */
export function errorClassOf(code: string): ErrorClass | undefined {
  return revivable.get(code)
}
