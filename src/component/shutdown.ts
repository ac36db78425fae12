import { withDeadline } from '../base/deadline.ts'
import type { ComponentHost } from '../host/component-host.ts'
import { defaultDrainDeadline } from './departures.ts'
import { terminateDeadline } from './terminate-deadline.ts'
import { isLoaded } from './lifecycle.ts'
import type { Registry } from './registry.ts'
import type { Component } from './component.ts'
import type { Supervisor } from './supervisor.ts'
import type { UnloadReport } from '../contract/unload-report.ts'
import { monotonicNow } from '../base/monotonic.ts'

/** What a shutdown did. */
export interface ShutdownReport {
  readonly unloaded: readonly UnloadReport[]
  /** Components whose workers were still alive at the end. */
  readonly left: readonly string[]
  /** ms */
  readonly duration: number
}

/** ms for removing files, also when everything else took all the time there was. Guessed. */
const leastDiscardDeadline = 1_000

/**
 * Unloads everything, dependents before what they depend on, independent ones side by side.
 *
 * @param deadline ms for all of it; what is not done by then is ended at once, so a stuck worker never holds the rest.
 */
export async function shutdownAll(registry: Registry, deadline: number): Promise<ShutdownReport> {
  const start = monotonicNow()
  // Ending what is left takes time as well.
  const graceful = Math.max(deadline / 2, deadline - terminateDeadline)
  const unloaded: UnloadReport[] = []
  const ended = new Map<Supervisor, ComponentHost>()
  const unloads = new Map<Component, Promise<void>>()
  const unload = (component: Component): Promise<void> => {
    const known = unloads.get(component)
    if (known) return known
    const unloading = (async () => {
      // One that is leaving is being unloaded whoever depends on it, which may be, in a circle, one that was registered since.
      const dependents = registry.isLeaving(component) ? [] : registry.dependentsOf(component.name)
      await Promise.all(dependents.map(async (dependent) => unload(dependent)))
      await Promise.all(component.copies.map(async (copy) => unloadCopy(copy)))
    })()
    unloads.set(component, unloading)
    return unloading
  }
  const unloadCopy = async (supervisor: Supervisor): Promise<void> => {
    if (!isLoaded(supervisor.state)) return
    const remaining = graceful - (monotonicNow() - start)
    const { unloads } = supervisor.counters
    const report = await supervisor.unload('shutdown', Math.max(0, Math.min(defaultDrainDeadline, remaining)))
    // A load that was given up is none.
    if (supervisor.counters.unloads > unloads) unloaded.push(report)
  }
  const supervisors = registry.all
  const all = Promise.allSettled(registry.components.map(async (component) => unload(component)))
  if (!(await withDeadline(all, graceful))) {
    const rest = Math.max(0, deadline - (monotonicNow() - start))
    // One that is told to end here may be given up by its own unload, and is still to be told of.
    for (const each of supervisors) if (each.generation) ended.set(each, each.generation.host)
    await Promise.all([...ended.values()].map(async (host) => host.terminate(rest)))
    await withDeadline(all, Math.max(0, deadline - (monotonicNow() - start)))
  }
  const left = supervisors.filter(
    (each) => each.zombies.size > 0 || each.generation?.host.alive === true || ended.get(each)?.alive === true,
  )
  return {
    unloaded,
    left: [...new Set(left.map(({ component }) => component))],
    duration: monotonicNow() - start,
  }
}

/**
 * Removes what unloaded components had left for later.
 *
 * @param left ms; a disk that does not answer holds nobody longer, but for a second that there is in any case.
 */
export async function discardAll(registry: Registry, left: number): Promise<void> {
  const discards = Promise.all(registry.components.map(async ({ hibernation }) => hibernation.discard()))
  await withDeadline(discards, Math.max(leastDiscardDeadline, left))
}
