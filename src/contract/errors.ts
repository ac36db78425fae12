/**
 * Every error Spillway rejects or throws with. Each class has a stable `code` and a guard beside it; the guard looks at
 * the code only, so it also holds for an error that crossed a thread, a process or a second copy of the package.
 */

import { codeOf, SpillwayError } from './errors/base.ts'
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
  CoordinatorShutdownError,
} from './errors/life.ts'
import {
  CallTimeoutError,
  OverloadedError,
  ComponentNotLoadedError,
  NoSuchMethodError,
  ValueError,
} from './errors/calls.ts'
import { InsufficientMemoryError, LockTimeoutError, StaleLockError } from './errors/resources.ts'

export { SpillwayError } from './errors/base.ts'
export type { SpillwayErrorOptions } from './errors/base.ts'
export * from './errors/calls.ts'
export * from './errors/life.ts'
export * from './errors/registry.ts'
export * from './errors/resources.ts'

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

/** The class that errors of this code belong to: one of this package, or one that was registered. */
export function errorClassOf(code: string): ErrorClass | undefined {
  return revivable.get(code)
}
