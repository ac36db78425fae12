import type { EventEmitter } from 'node:events'
import type { CallListener } from '../channel/call-watch.ts'
import type { Advice } from '../contract/advice.ts'
import type { ComponentCalls } from '../contract/component-calls.ts'
import type { ComponentInfo } from '../contract/component-info.ts'
import type { CoordinatorEvents } from '../contract/events.ts'
import type { UnloadReport } from '../contract/unload-report.ts'
import type { MemoryManager } from '../memory/manager.ts'

/** What is read of a coordinator by whoever shows what it does. */
export interface Observed extends EventEmitter<CoordinatorEvents> {
  readonly memory: MemoryManager
  readonly isShutdown: boolean
  list(): ComponentInfo[]
  /** @throws ComponentNotFoundError */
  info(name: string): ComponentInfo
  /** @throws ComponentNotFoundError */
  callsOf(name: string): Promise<ComponentCalls>
  advice(): Advice[]
  errorShareOf(name: string): number | null
  watchCalls(listener: CallListener): Disposable
}

/** What can be done with it by them. */
export interface Operated extends Observed {
  getComponent(name: string): Promise<unknown>
  unloadComponent(name: string, options?: { readonly deadline?: number }): Promise<UnloadReport>
  resetComponent(name: string): void
  writeHeapSnapshot(name: string, file: string): Promise<void>
  writeCpuProfile(name: string, file: string, options?: { readonly duration?: number }): Promise<void>
}
