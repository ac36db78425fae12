import type { EncodedError } from '../channel/protocol.ts'
import type { GenerationEnd } from '../channel/generation-end.ts'
import type { SharedCalls } from '../channel/call-budget.ts'
import type { ServedCalls } from '../channel/served-calls.ts'
import type { ChannelEnd } from '../channel/transport.ts'
import type { PressureLevel } from '../contract/pressure-level.ts'
import type { ChildNews } from './child-watch.ts'
import type { Inspection } from './inspect.ts'
import type { EnvironmentChange } from './environment-change.ts'
import type { LockClientMessage, LockServerMessage } from '../locks/lock-protocol.ts'

/** What the main thread and a component's worker say to each other about its life. Calls go over connections of their own. */

/** One log line of a component: pino's level value, epoch ms, the bindings of its child loggers, its own fields, its message. */
export interface LogRecord {
  readonly level: string
  readonly time: number
  readonly fields: Readonly<Record<string, unknown>>
  readonly message: string | undefined
}

/** What holds for calls of a dependency: their default deadline (ms), if there is one, and how many there may be; `concurrency`: in each copy. */
export interface DependencyOptions {
  readonly concurrency: number
  readonly callTimeout: number | undefined
  readonly maxQueue: number
  readonly idempotent: ReadonlySet<string>
}

export function dependencyOptions({
  callTimeout,
  maxQueue,
  idempotent,
  instances: { concurrency },
}: Omit<DependencyOptions, 'concurrency'> & {
  readonly instances: Pick<DependencyOptions, 'concurrency'>
}): DependencyOptions {
  return { callTimeout, maxQueue, idempotent, concurrency }
}

/** Everything a worker needs to become one generation of a component. */
export interface InitMessage {
  readonly type: 'init'
  readonly name: string
  /** Which copy of the component it is, for people. */
  readonly instance: string
  readonly generation: number
  /** URL of the module. */
  readonly module: string
  /** Which export of the module; '*' is the module itself. */
  readonly export: string
  readonly config: unknown
  readonly dependencies: readonly string[]
  /** Most calls of each callback at once. */
  readonly maxQueue: number
  /** Methods that it has to offer: they are said to be idempotent. */
  readonly idempotent: ReadonlySet<string>
  /** Where a thread notes what it is doing; a process has its own record of that. */
  readonly activity: SharedArrayBuffer | undefined
  /** An addon that another thread has loaded, and that does not bear a second load, is refused. */
  readonly refusesAddons: boolean
  /** What its process holds cannot be read from outside: it is to say so itself. */
  readonly measuresItself?: boolean
  /** What the last generation's `snapshot` gave, serialized by V8. */
  readonly snapshot: Uint8Array<ArrayBuffer> | undefined
  /** Its definition has `hibernate`: a `snapshot()` is taken for the hook, also of a service that is only wrapped. */
  readonly hibernates: boolean
  readonly logLevel: string
  /** What has changed in this process's environment since the worker was started. */
  readonly environment: EnvironmentChange
  /** Of the dependencies that are registered. */
  readonly dependencyOptions: Readonly<Record<string, DependencyOptions>>
}

export type ToWorkerMessage =
  | InitMessage
  /** A new connection of a caller: a component, or the main thread. */
  | { readonly type: 'connect'; readonly end: ChannelEnd; readonly from: string | undefined }
  /** Fence all callers and say `drained` once all they sent is answered; `busy` instead when `onlyIfIdle` and something was going on. */
  | { readonly type: 'drain'; readonly epoch: number; readonly onlyIfIdle: boolean }
  /** Takes the fence of that epoch back. */
  | { readonly type: 'resume'; readonly epoch: number }
  /** Ask the component for its snapshot, if it offers one. */
  | { readonly type: 'take-snapshot' }
  | { readonly type: 'lock'; readonly message: LockServerMessage }
  | { readonly type: 'dispose' }
  /** For tests: die by itself. */
  | { readonly type: 'crash'; readonly how: 'exit' | 'error' }
  /** Does its event loop turn? It answers in shared memory. */
  | { readonly type: 'turn'; readonly question: number }
  | { readonly type: 'collect-metrics'; readonly id: number }
  /** Who has asked what of it? */
  | { readonly type: 'tell-calls'; readonly id: number }
  /** So many log records have been written. */
  | { readonly type: 'logs-written'; readonly count: number }
  | { readonly type: 'inspect'; readonly id: number; readonly inspection: Inspection }
  /** `urgent`: its garbage is collected in any case, also while calls are under way. */
  | { readonly type: 'trim'; readonly id: number; readonly level: PressureLevel; readonly urgent: boolean }
  /** Its garbage is to be collected, now, and nobody told of it. */
  | { readonly type: 'collect'; readonly id: number }
  | {
      readonly type: 'dependency'
      readonly name: string
      readonly end: ChannelEnd
      readonly generation: number
      /** How many calls it may be sent; a number is only a share, after which there may be more. Undefined: any number. */
      readonly budget: SharedCalls | number | undefined
    }
  /** More calls that it may be sent; 0: that was all. */
  | {
      readonly type: 'dependency-allotted'
      readonly name: string
      readonly generation: number
      readonly calls: number
    }
  /** Another one takes its place. */
  | { readonly type: 'dependency-retired'; readonly name: string; readonly generation: number }
  /** There is no other one now: those that there are have to do. */
  | { readonly type: 'dependency-full'; readonly name: string }
  | { readonly type: 'dependency-registered'; readonly name: string; readonly options: DependencyOptions }
  /** That generation of a component may not have heard of a deadline that has passed. */
  | { readonly type: 'unheard'; readonly name: string; readonly generation: number }
  | { readonly type: 'dependency-unavailable'; readonly name: string; readonly error: EncodedError }
  | {
      readonly type: 'dependency-ended'
      readonly name: string
      readonly generation: number
      readonly end: GenerationEnd
    }

export type FromWorkerMessage =
  /** A thread is about to end by itself: it was told to, has nothing left to do, or has thrown what nobody has caught. */
  | { readonly type: 'exiting'; readonly code: number }
  /** A process is about to end of an error that nobody has caught. */
  | { readonly type: 'uncaught'; readonly error: EncodedError }
  /** The next message may prove unreadable: then this one stands for it. */
  | { readonly type: 'instead'; readonly message: FromWorkerMessage }
  | { readonly type: 'online' }
  /** It has started a child process, or one has ended. */
  | { readonly type: 'child-process'; readonly news: ChildNews }
  /** It has loaded a native addon: `name@version` of its package, or its path. */
  | { readonly type: 'addon'; readonly addon: string }
  /** It has been kept from loading that one: another thread of this process has. */
  | { readonly type: 'addon-refused'; readonly addon: string }
  /** It is about to read what the last generation left, has read it, or has given it to the component: what goes wrong now may be due to that. */
  | { readonly type: 'restoring'; readonly underWay: boolean }
  /** How far its load has come. */
  | { readonly type: 'loads'; readonly stage: 'importing' | 'initialising' }
  /** `keepsState`: it offers a snapshot. */
  | { readonly type: 'ready'; readonly keepsState: boolean }
  /** `init` has come, and cannot be deserialised. */
  | { readonly type: 'init-unreadable'; readonly why: string }
  | { readonly type: 'load-failed'; readonly error: EncodedError }
  | { readonly type: 'drained'; readonly epoch: number }
  | { readonly type: 'busy'; readonly epoch: number }
  /** The dispose hook is about to run: the worker is not stuck. */
  | { readonly type: 'disposing' }
  | { readonly type: 'disposed'; readonly error: EncodedError | undefined; readonly served: ServedCalls }
  /** Id 0: nobody has asked, a call has failed. */
  | { readonly type: 'calls-told'; readonly id: number; readonly served: ServedCalls }
  | { readonly type: 'trimmed'; readonly id: number }
  /** `took`: ms. */
  | { readonly type: 'collected'; readonly id: number; readonly took: number }
  /** From now on it can be asked for metrics of its own. */
  | { readonly type: 'exposes-metrics' }
  /** As the component gave them; undefined: it could not. */
  | { readonly type: 'metrics'; readonly id: number; readonly metrics: unknown }
  | { readonly type: 'inspected'; readonly id: number; readonly error: EncodedError | undefined }
  /** Calls were taken of that generation's budget: it is to be replaced soon, or now, or there is another share. */
  | { readonly type: 'dependency-calls-taken'; readonly name: string; readonly generation: number }
  /** A connection, to another generation than those that it is connected to already. */
  | { readonly type: 'dependency-wanted'; readonly name: string; readonly connected: readonly number[] }
  /** A call of it, or of a callback it gave, has timed out. */
  | { readonly type: 'dependency-timeout'; readonly name: string; readonly generation: number }
  /** A call of a callback that somebody else gave has. */
  | { readonly type: 'callback-timeout' }
  | { readonly type: 'lock'; readonly message: LockClientMessage }
  /** `snapshot()` is about to run: the worker is not stuck. */
  | { readonly type: 'taking-snapshot' }
  /** `value` is serialized by V8; undefined: the component offers no snapshot. */
  | { readonly type: 'snapshot'; readonly value: Uint8Array | undefined }
  | { readonly type: 'snapshot-failed'; readonly error: EncodedError }
  | { readonly type: 'log'; readonly records: readonly LogRecord[]; readonly dropped: number }
