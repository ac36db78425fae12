import type { Logger } from '../contract/logger.ts'
import { callContext } from '../channel/call-context.ts'
import { LockManager } from '../locks/lock-manager.ts'

/** The locks of a coordinator and all its components, which tell its log what takes long. */
export function createSharedLocks(logger: Logger, loadsWith: (component: string) => Iterable<string>): LockManager {
  return new LockManager({
    onLongHold: (hold) => logger.warn({ ...hold }, 'a lock has been held for long'),
    onSuspectedDeadlock: ({ cycle }) => logger.warn({ cycle }, 'suspected deadlock: waits for locks have not moved'),
    currentCaller: () => callContext.getStore(),
    loadsWith,
  })
}
