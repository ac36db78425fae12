import type { SharedCallBudget } from '../channel/call-budget.ts'
import type { CallWatch } from '../channel/call-watch.ts'
import type { GenerationEnd } from '../channel/generation-end.ts'
import type { PolicyClock } from '../base/policy-clock.ts'
import type { InContext } from '../base/context.ts'
import type { ComponentOrigin } from '../contract/component-origin.ts'
import type { CrashEvent, LoadErrorEvent, LoadEvent } from '../contract/events.ts'
import type { Logger } from '../contract/logger.ts'
import type { UnloadReason, UnloadReport } from '../contract/unload-report.ts'
import type { LogRecord } from '../host/control.ts'
import type { Generation } from '../host/generation.ts'
import type { KeepAlive } from '../host/keep-alive.ts'
import type { Spares } from '../host/spares.ts'
import type { WorkerOptions } from '../host/worker-host.ts'
import type { LockManager } from '../locks/lock-manager.ts'
import type { Standing } from '../words/decision-words.ts'
import type { MetricsTakers } from './metrics-takers.ts'
import type { Peers } from './peer.ts'

/** Where a line comes from. */
export interface LogSource extends ComponentOrigin {
  readonly generation: number
  readonly isolation: 'thread' | 'process'
  /** Node's number of the thread, or the process id. */
  readonly id: number
}

/** Gives memory back to the operating system after an unload. */
export interface MemoryReturn {
  /** Resident set of this process, bytes. */
  residentSet(): number
  /** Does what can be done at once; says what was done. */
  afterUnload(predicted: number): Promise<readonly string[]>
}

/** What one component's supervisor needs of the coordinator it belongs to. */
export interface Surroundings extends Peers {
  /** What users gave times for goes by it. */
  readonly clock: PolicyClock
  /** ms of that clock. */
  readonly now: () => number
  readonly keepAlive: KeepAlive
  readonly spares: Spares
  readonly memoryReturn: MemoryReturn
  readonly logger: Logger
  /** The coordinator's context: what lives longer than whoever asked for it is made there. */
  readonly inContext: InContext
  readonly locks: LockManager
  readonly calls: CallWatch
  readonly metricsTakers: MetricsTakers
  /** Of a component without options of its own. */
  readonly defaultWorkerOptions: WorkerOptions
  /**
   * Reserves memory for a load, waiting for it when need be.
   *
   * @throws InsufficientMemoryError when it cannot be had; the signal's reason when aborted.
   */
  admit(signal: AbortSignal): Promise<Disposable>
  /** Resolves once those that had its name before, and were unregistered, are gone. */
  predecessorsGone(): Promise<void>
  /** Bytes the component held when last measured; measured now if it answers quickly. */
  measure(): Promise<number>
  /** How things stand by the last figures, bytes: in all, and what the component holds. */
  standing(): Standing & { readonly held: number }
  log(source: LogSource, records: readonly LogRecord[], dropped: number): void
  generationEnded(generation: number, end: GenerationEnd): void
  workerStarted(): void
  /** A generation is over; `reason`: what it was unloaded for, undefined when it died or never became ready. */
  workerEnded(generation: Generation, end: GenerationEnd, reason: UnloadReason | undefined): void
  /** Calls of the main thread are under way, or no longer; or its last lease was given back. */
  busy(busy: boolean): void
  /** A call of the main thread has failed. @param isAnswer its worker has answered with that, and counted it. */
  callFailed(error: unknown, isAnswer: boolean): void
  /** A call that was sent to that generation of a component has timed out: it may be stuck; without a name, to any of them. */
  timedOut(name?: string, generation?: number): void
  loaded(event: Omit<LoadEvent, 'regret'>): void
  loadFailed(event: LoadErrorEvent): void
  /** V8 did not take over its heap limit (bytes). */
  limitIgnored(limit: { readonly asked: number; readonly actual: number }): void
  unloaded(report: UnloadReport): void
  /** A generation is being replaced: new calls go elsewhere. */
  generationRetired(generation: number): void
  /** It was due to be replaced, and could not be. */
  recycleFailed(error: unknown): void
  /** A component in another thread has taken nearly all calls, or all of its share, that generation of a component may be sent; returns what is left. */
  fewCallsLeft(component: string, generation: number): SharedCallBudget | undefined
  crashed(event: CrashEvent): void
  zombie(generation: number): void
}
