/** What a component's module imports. Kept small: every worker loads it. */
import './base/supported-node.ts'
export { transfer, transferHandlers } from './channel/comlink.ts'
export type { ProxyMarked } from 'comlink'
export { callSignal, callTraceparent, fencingToken } from './channel/call-context.ts'
export type { CallOptions } from './channel/pending-call.ts'
export { proxy } from './channel/proxy.ts'
export { withCallOptions } from './channel/remote.ts'
export type { Remote, RemoteStreamOf } from './contract/remote.ts'
export type { CannotTravel } from './contract/travel.ts'
export { defineComponent } from './contract/define-component.ts'
export type { ComponentModule } from './contract/define-component.ts'
export * from './contract/errors.ts'
export { reportSqliteMemory } from './base/sqlite-memory.ts'
export type { SqliteDatabase, SqliteMemory } from './base/sqlite-memory.ts'
export type {
  ComponentContext,
  DependencyRemotes,
  DependencyTypes,
  MemoryReportOptions,
} from './contract/component-context.ts'
export type { Size } from './contract/size.ts'
export { toBytes } from './base/size.ts'
export type { PressureLevel } from './contract/pressure-level.ts'
export type { ComponentLogger } from './contract/logger.ts'
export type { LockLeases, AcquireOptions, LockLease, LockMode, ComponentLocks } from './contract/locks.ts'
export type * from './contract/transfer-handled.ts'
