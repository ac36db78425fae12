import './base/supported-node.ts'
export { transfer, transferHandlers } from './channel/comlink.ts'
export type { ProxyMarked } from 'comlink'
export { proxy } from './channel/proxy.ts'
export { withCallOptions } from './channel/remote.ts'
export type { ApiOf, Remote, RemoteStreamOf } from './contract/remote.ts'
export type { CannotTravel, Refused } from './contract/travel.ts'
export type { CallOptions } from './channel/pending-call.ts'
export type { InstanceInfo, ComponentInfo, LifecycleStatus } from './contract/component-info.ts'
export type { ComponentMemory, CgroupMemory, ExtraWorker, Ledger, MainMemory } from './contract/ledger.ts'
export type { ComponentModule } from './contract/define-component.ts'
export type { ConfigOf, DefinitionOf } from './contract/config-of.ts'
export type { ComponentContext, DependencyRemotes, DependencyTypes } from './contract/component-context.ts'
export type { PressureLevel } from './contract/pressure-level.ts'
export { componentOptions } from './component/definition.ts'
export type {
  ComponentDefinition,
  HibernateOptions,
  InstancesOptions,
  RecycleOptions,
  RestartOptions,
} from './contract/component-definition.ts'
export { ComponentFamily } from './component/family.ts'
export type { FamilyDefinition, FamilyDefinitionOf } from './component/family.ts'
export type { LeftChild, UnloadReason, UnloadReport } from './contract/unload-report.ts'
export type { ShutdownReport } from './component/shutdown.ts'
export type { CallListener, CallRecord } from './channel/call-watch.ts'
export type {
  CrashEvent,
  LoadErrorEvent,
  LoadEvent,
  CoordinatorEvents,
  ExhaustedEvent,
  PressureEvent,
  Regret,
} from './contract/events.ts'
export type { ComponentCaller, ComponentCalls, ComponentError } from './contract/component-calls.ts'
export type { AutomaticDecision, Choice, DecidingOption, DecisionRule } from './contract/automatic-decision.ts'
export type { PressureReason } from './contract/pressure-reason.ts'
export type { LoadCause } from './contract/load-cause.ts'
export { ComponentCoordinator } from './coordinator.ts'
export type { Lease } from './component/lease.ts'
export type { Clock } from './contract/clock.ts'
export type { CoordinatorOptions } from './contract/coordinator-options.ts'
export * from './contract/errors.ts'
export type {
  LockLeases,
  AcquireOptions,
  LockLease,
  Locks,
  LockSession,
  LockMode,
  ComponentLocks,
} from './contract/locks.ts'
export { LockManager } from './locks/lock-manager.ts'
export type { LockStats, OwnerLocks } from './locks/lock-manager.ts'
export type { LockManagerOptions } from './locks/lock-manager-options.ts'
export type { SuspectedDeadlockNotice } from './locks/deadlock-watch.ts'
export type { LockInfo } from './locks/lock-info.ts'
export type { LongHold } from './locks/long-holds.ts'
export { formatLedger } from './memory/account/ledger.ts'
export type { FreeMemoryResult } from './memory/act/open-requests.ts'
export { MemoryManager } from './memory/manager.ts'
export type { GivenMemoryOptions, MemoryOptions } from './contract/memory-options.ts'
export type { Size } from './contract/size.ts'
export { toBytes } from './base/size.ts'
export type {
  CallGaps,
  PolicyChoice,
  UnloadCandidate,
  UnloadPolicy,
  UnloadTrigger,
  Kept,
  KeptReason,
  PolicyName,
  PolicyOption,
  UnloadPlan,
} from './contract/unload-policy.ts'
export type { Advice, AdviceEvent } from './contract/advice.ts'
export type { ComponentLogger, Logger } from './contract/logger.ts'
export type * from './contract/transfer-handled.ts'
