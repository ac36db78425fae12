import { isMainThread } from 'node:worker_threads'
import { callerOfPackage } from '../base/call-site.ts'
import { heldInThisThread } from '../host/keep-alive.ts'
import type { KeepAlive } from '../host/keep-alive.ts'
import type { Logger } from '../contract/logger.ts'
import { setInterval, clearInterval } from '../base/timers.ts'

/** ms that a lease may be all that keeps the process alive before that is told. Guessed: longer than anybody means to wait. */
const patience = 10_000
/** Standard output and standard error, which are listed as long as they are open. */
const standardStreams = 2

export interface HeldLease {
  readonly component: string
  /** For people. */
  readonly takenAt: string
  /** What is kept alive: each coordinator's is its own. */
  readonly keepAlive: KeepAlive
}

/** In this thread, of all coordinators. */
const leases = new Set<HeldLease>()

export const heldLeases = (): ReadonlySet<HeldLease> => leases

/**
 * Tells once of a lease that was left over: it keeps the process alive, and as far as can be told nothing but leases does.
 *
 * @returns what ends the watch, to be called once, when the lease is given back. It keeps nothing alive itself.
 */
export function watchLease(component: string, keepAlive: KeepAlive, logger: Logger): () => void {
  const place = callerOfPackage('acquire')
  const lease = {
    component,
    keepAlive,
    get takenAt() {
      return place()
    },
  }
  leases.add(lease)
  const timer = setInterval(() => {
    if (!nothingElse()) return
    clearInterval(timer)
    const { takenAt } = lease
    logger.warn(
      { component, takenAt },
      `only a lease of "${component}" keeps this process alive: it was taken at ${takenAt}`,
    )
  }, patience).unref()
  return () => {
    leases.delete(lease)
    clearInterval(timer)
  }
}

/** Nothing is under way in any coordinator, and the timers by which leases keep the process alive are all there is. */
function nothingElse(): boolean {
  const { timers, holds } = heldInThisThread()
  if (holds > leases.size) return false
  let streams = standardStreams + (process.channel ? 1 : 0)
  let ours = timers
  for (const resource of process.getActiveResourcesInfo()) {
    if (resource === 'Timeout' && ours-- > 0) continue
    if ((resource === 'PipeWrap' || resource === 'TTYWrap') && streams-- > 0) continue
    // A thread's ports to those who started it: they end it, as a test runner does.
    if (resource === 'MessagePort' && !isMainThread) continue
    return false
  }
  return true
}
