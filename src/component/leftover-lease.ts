import { getCallSites } from 'node:util'
import type { Logger } from '../observability/logger.ts'

/** ms that a lease may be all that keeps the process alive before that is told. Guessed: longer than anybody means to wait. */
const patience = 10_000
/** Frames that are looked at: those of this package and of Node are few. */
const frames = 20
/** Of this package: its sources, or what they were compiled to. */
const ours = new URL('../', import.meta.url).href
/** What the standard streams are: they are there in every process. */
const standardStreams: ReadonlySet<string> = new Set(['TTYWrap', 'PipeWrap'])

/**
 * Tells once of a lease that was left over: it keeps the process alive, and as far as can be told nothing else does.
 *
 * @param isBusy true while the component has anything to do.
 * @returns what ends the watch, to be called when the lease is given back. It keeps nothing alive itself.
 */
export function watchLease(component: string, logger: Logger, isBusy: () => boolean): () => void {
  const takenAt = callerOfPackage()
  const timer = setInterval(() => {
    if (isBusy() || !nothingElse()) return
    clearInterval(timer)
    logger.warn(
      { component, takenAt },
      `only a lease of "${component}" keeps this process alive: it was taken at ${takenAt}`,
    )
  }, patience).unref()
  return () => clearInterval(timer)
}

/** One timer, by which leases keep the process alive, and nothing more. */
function nothingElse(): boolean {
  const active = process.getActiveResourcesInfo().filter((resource) => !standardStreams.has(resource))
  return active.length === 1 && active[0] === 'Timeout'
}

function callerOfPackage(): string {
  const site = getCallSites(frames).find(
    ({ scriptName }) => !scriptName.startsWith(ours) && !scriptName.startsWith('node:'),
  )
  return site ? `${site.functionName || '(top level)'} (${site.scriptName}:${site.lineNumber})` : 'an unknown place'
}
