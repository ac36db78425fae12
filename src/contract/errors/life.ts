/** What can go wrong in the life of a component, and of the coordinator. */

import { messageOf } from '../describe-value.ts'
import { passedLimit } from '../passed-limit.ts'
import type { PassedLimit } from '../passed-limit.ts'
import { hasCode, SpillwayError } from './base.ts'
import type { Coded, SpillwayErrorOptions } from './base.ts'

/** The component could not be loaded. `cause` is what went wrong; `chain` leads from the component asked for to the one that failed. */
export class ComponentLoadError extends SpillwayError {
  readonly code = 'ERR_COMPONENT_LOAD'
  readonly component: string
  readonly chain: readonly string[]
  /** The memory limit for which its worker was ended while it loaded. */
  readonly passed: PassedLimit | undefined

  constructor(
    component: string,
    reason: string,
    options?: SpillwayErrorOptions & { chain?: readonly string[] | undefined; passed?: PassedLimit | undefined },
  ) {
    super(`Component "${component}" could not be loaded: ${reason}`, options)
    this.component = component
    this.chain = options?.chain ?? [component]
    this.passed = options?.passed
  }
}
export const isComponentLoadError = (e: unknown): e is Coded<ComponentLoadError> => hasCode(e, 'ERR_COMPONENT_LOAD')

/** The component was not ready within its load timeout (ms); its worker was ended. */
export class ComponentLoadTimeoutError extends SpillwayError {
  readonly code = 'ERR_COMPONENT_LOAD_TIMEOUT'
  readonly component: string
  readonly timeout: number

  constructor(
    component: string,
    timeout: number,
    options?: SpillwayErrorOptions & {
      /** What was going on. */
      during?: string
    },
  ) {
    const during = options?.during === undefined ? '' : `: ${options.during}`
    super(
      `Component "${component}" was not ready within ${timeout} ms${during}; its worker was ended. ` +
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

/**
 * Why a worker is gone. 'stuck': its event loop did not turn any more, and it was ended. 'signal': a signal that this process did not send has ended its
 * process: a crash of native code, or the kernel for want of memory.
 */
export type CrashReason = 'exit' | 'error' | 'out-of-memory' | 'memory-limit' | 'stuck' | 'signal' | 'terminated'
/** What else a caller may be told. host-gone: the host of the cluster that it was called on died, fell silent, or cannot be reached. */
export type LossReason = CrashReason | 'host-gone'

/**
 * The worker of the component died, or was ended, while the call was under way. `outcome` is 'unknown' for a call that
 * had been sent (it may or may not have run) and 'not-sent' for one that had not.
 */
export class ComponentCrashedError extends SpillwayError {
  readonly code = 'ERR_COMPONENT_CRASHED'
  readonly component: string
  readonly reason: LossReason
  readonly generation: number
  readonly outcome: 'unknown' | 'not-sent'
  readonly exitCode: number | undefined
  /** With reason 'signal': which, 'SIGSEGV' for one. */
  readonly signal: string | undefined
  /** With reason 'memory-limit': which, and what was held against it. */
  readonly passed: PassedLimit | undefined
  /** Of a call through the cluster: which host of it. */
  readonly host: string | undefined

  constructor(
    component: string,
    details: {
      reason: LossReason
      generation: number
      outcome?: 'unknown' | 'not-sent'
      exitCode?: number | undefined
      signal?: string | undefined
      passed?: PassedLimit | undefined
      host?: string | undefined
    },
    options?: SpillwayErrorOptions,
  ) {
    const how = {
      exit: `its worker exited${details.exitCode === undefined ? '' : ` with code ${details.exitCode}`}`,
      error: 'its worker died of an uncaught error',
      'out-of-memory': 'its worker ran out of memory',
      'memory-limit': passedLimit(details.passed),
      stuck: 'its event loop did not turn any more, and its worker was ended',
      signal: `its process was ended by ${details.signal ?? 'a signal'}`,
      terminated: 'its worker was ended',
      'host-gone': 'what was sent to it may have run, or not',
    }[details.reason]
    const which = details.host === undefined ? `(generation ${details.generation})` : `on host "${details.host}"`
    super(`Component "${component}" ${which} is gone: ${how}`, options)
    this.component = component
    this.reason = details.reason
    this.generation = details.generation
    this.outcome = details.outcome ?? 'unknown'
    this.exitCode = details.exitCode
    this.signal = details.signal
    this.passed = details.passed
    this.host = details.host
  }
}
export const isComponentCrashedError = (e: unknown): e is Coded<ComponentCrashedError> =>
  hasCode(e, 'ERR_COMPONENT_CRASHED')

/** A component's state could not be kept, so it was not unloaded. `cause` says why. */
export class SnapshotError extends SpillwayError {
  readonly code = 'ERR_SNAPSHOT'
  readonly component: string

  constructor(component: string, cause: unknown) {
    const why = messageOf(cause)
    super(`The snapshot of component "${component}" could not be kept, so it stays loaded: ${why}`, { cause })
    this.component = component
  }
}
export const isSnapshotError = (e: unknown): e is Coded<SnapshotError> => hasCode(e, 'ERR_SNAPSHOT')

/** What workers start with is not where it could be found, or is of another build of the package than what this program runs on. */
export class WorkerFileError extends SpillwayError {
  readonly code = 'ERR_WORKER_FILE'
  /** Paths of the files that were looked for, in this order; with what was found, where it was of another build. */
  readonly looked: readonly string[]

  constructor(message: string, looked: readonly string[]) {
    super(`${message}. Looked for ${looked.join(', ')}`)
    this.looked = looked
  }
}
export const isWorkerFileError = (e: unknown): e is Coded<WorkerFileError> => hasCode(e, 'ERR_WORKER_FILE')

/** The coordinator is shutting down or has shut down. */
export class CoordinatorShutdownError extends SpillwayError {
  readonly code = 'ERR_COORDINATOR_SHUTDOWN'

  constructor(message = 'The coordinator is shut down', options?: SpillwayErrorOptions) {
    super(message, options)
  }
}
export const isCoordinatorShutdownError = (e: unknown): e is Coded<CoordinatorShutdownError> =>
  hasCode(e, 'ERR_COORDINATOR_SHUTDOWN')
