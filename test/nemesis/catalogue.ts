/** Everything that is done, and what waits to be done until the defect that it finds is gone. */
import type { Action } from './actions.ts'
import { crashes } from './faults/crashes.ts'
import { clocks } from './faults/clock-jumps.ts'
import { disk } from './faults/disk.ts'
import { endlessLoops } from './faults/endless-loops.ts'
import { mainThread } from './faults/main-thread.ts'
import { anotherCoordinator } from './operations/another-coordinator.ts'
import { badValues } from './operations/bad-values.ts'
import { callbacks } from './operations/callbacks.ts'
import { calls } from './operations/calls.ts'
import { endpoints } from './operations/endpoints.ts'
import { handedOn } from './operations/handed-on.ts'
import { leases } from './operations/leases.ts'
import { life } from './operations/life.ts'
import { locks } from './operations/locks.ts'
import { memory } from './operations/memory.ts'
import { streams } from './operations/streams.ts'

const everything: readonly Action[] = [
  ...calls,
  ...streams,
  ...callbacks,
  ...handedOn,
  ...endpoints,
  ...leases,
  ...locks,
  ...life,
  ...memory,
  ...anotherCoordinator,
  ...badValues,
  ...crashes,
  ...endlessLoops,
  ...clocks,
  ...mainThread,
  ...disk,
]

/** Switched off: what these do does not end well yet. */
const off: ReadonlySet<string> = new Set([])

/** Those that are switched on; all of them, or those of the names in `only`, for the search for a cause. */
export function catalogue(
  choice: { readonly only?: readonly string[] | undefined; readonly all?: boolean } = {},
): Action[] {
  const { only, all = false } = choice
  return everything.filter(({ name }) => (only ? only.includes(name) : all || !off.has(name)))
}
