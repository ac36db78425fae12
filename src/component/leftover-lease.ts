import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { getCallSites } from 'node:util'
import { isMainThread } from 'node:worker_threads'
import { heldInThisThread } from '../host/keep-alive.ts'
import { ownFolder } from '../base/package-files.ts'
import type { Logger } from '../contract/logger.ts'
import { setInterval, clearInterval } from '../base/timers.ts'

/** ms that a lease may be all that keeps the process alive before that is told. Guessed: longer than anybody means to wait. */
const patience = 10_000
/** Frames that are looked at: those of this package and of Node are few. */
const frames = 20
/** Of this package: its sources, or what they were compiled to. Code that was loaded by a transformer goes by its path. */
const ours = ownFolder === undefined ? [] : placesOf(join(ownFolder, 'src', '/'))
/** Standard output and standard error, which are listed as long as they are open. */
const standardStreams = 2

/** In this thread, of all coordinators. */
let leases = 0

/**
 * Tells once of a lease that was left over: it keeps the process alive, and as far as can be told nothing but leases does.
 *
 * @returns what ends the watch, to be called once, when the lease is given back. It keeps nothing alive itself.
 */
export function watchLease(component: string, logger: Logger): () => void {
  const takenAt = callerOfPackage()
  leases++
  const timer = setInterval(() => {
    if (!nothingElse()) return
    clearInterval(timer)
    logger.warn(
      { component, takenAt },
      `only a lease of "${component}" keeps this process alive: it was taken at ${takenAt}`,
    )
  }, patience).unref()
  return () => {
    leases--
    clearInterval(timer)
  }
}

/** Nothing is under way in any coordinator, and the timers by which leases keep the process alive are all there is. */
function nothingElse(): boolean {
  const { timers, holds } = heldInThisThread()
  if (holds > leases) return false
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

function callerOfPackage(): string {
  const sites = getCallSites(frames)
  // In a bundle only names tell who is who; those of methods stay as they are.
  const ownUpTo = ours.length > 0 ? -1 : sites.findLastIndex(({ functionName }) => functionName === 'acquire')
  const site = sites
    .slice(ownUpTo + 1)
    .find(({ scriptName }) => ![...ours, 'node:'].some((place) => scriptName.startsWith(place)))
  return site ? `${site.functionName || '(top level)'} (${site.scriptName}:${site.lineNumber})` : 'an unknown place'
}

function placesOf(folder: string): string[] {
  return [folder, pathToFileURL(folder).href]
}
