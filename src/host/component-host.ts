import type { ActivityReading } from '../channel/activity.ts'
import type { GenerationEnd } from '../channel/generation-end.ts'
import type { Channels, Movable } from '../channel/transport.ts'
import type { CrashReason } from '../contract/errors.ts'
import type { FromWorkerMessage, ToWorkerMessage } from './control.ts'
import type { EnvironmentChange } from './environment-change.ts'
import type { Telling } from './told-memory.ts'
import type { WorkerMemory } from './worker-memory.ts'

/** A worker as it is measured from outside, whatever it does: a thread's isolate, or a process. */
export interface MeasuredWorker {
  /** ms for which it has worked since it started; costs next to nothing to ask. */
  activeTime(): number
  /** What it has told of itself since the telling of that number (0: at all); nothing where it tells nothing. Costs next to nothing to ask. */
  told(after: number): Telling | undefined
  /** Rejects while it is only starting, or is gone; it may take as long as the worker is stuck. */
  memory(): Promise<WorkerMemory>
  /** Microseconds of processor time since it started. Rejects as `memory` does. */
  processorTime(): Promise<number>
}

/** What there is to tell of why a worker is ended. */
export type EndDetails = Pick<GenerationEnd, 'cause' | 'passed' | 'decision'>

/**
 * What one generation of a component lives in: a thread or a process, from its start as a spare to its end. `ended` settles on every kind of death.
 */
export interface ComponentHost extends MeasuredWorker {
  readonly isolation: 'thread' | 'process'
  /** Process id: this process's own, for a thread. */
  readonly pid: number
  /** Node's number of the thread, or the process id. */
  readonly id: number
  /** Makes the channels between this thread and the worker; an end that goes to another worker is made by that of threads. */
  readonly channels: Channels
  /** What the component is doing; readable also while it is stuck. */
  readonly activity: { read(): ActivityReading; readonly shared: SharedArrayBuffer | undefined }
  /** False once it is really gone. */
  readonly alive: boolean
  /** Resolves, never rejects, once it can do nothing for a caller any more; the thread or process may take a moment longer to be gone. */
  readonly ended: Promise<GenerationEnd>
  /** Resolves once the worker listens, or has ended. */
  readonly online: Promise<void>
  /** How the environment of this process has changed since the worker got a copy of it; nothing where it got one of its own. */
  environmentChange(): EnvironmentChange
  /** It has not said yet whose it is: whether one that is started now would be as it is, but for what can be changed later. */
  isCurrent(): boolean
  /** Told each time that something which was to be transferred went as a copy. */
  onCopied(listener: () => void): void
  onMessage(listener: (message: FromWorkerMessage) => void): void
  /** @throws what cannot be sent that far. */
  post(message: ToWorkerMessage, moved?: readonly Movable[]): void
  /**
   * Ends the worker, whatever it is doing.
   *
   * @param deadline ms to wait for it to be gone.
   * @param reason what `ended` reports, with what more there is to tell.
   * @returns false when it was still alive at the deadline.
   */
  terminate(deadline: number, reason?: CrashReason, more?: EndDetails): Promise<boolean>
  /** Waits until it is gone, at most `deadline` ms. */
  exited(deadline: number): Promise<boolean>
  /** Calls back once it is gone, however late. */
  onExit(listener: () => void): void
}
