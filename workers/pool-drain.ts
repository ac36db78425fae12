import { readFileSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { collectGarbage } from '../src/host/collect-garbage.ts'

/**
 * A helper thread that gives back the pages V8 keeps of isolates that have ended. It fills its own heap, for which V8 takes kept pages first, and has all of it collected
 * as a last resort, which returns the pages to the operating system. One step after the other, each holds V8's lock on those pages for a few milliseconds only, where V8 itself
 * may hold it, or stop a thread, until everything is unmapped.
 */

/** Bytes that a step fills: some 16 MB come back with it, room for new objects included. Twice as much is no cheaper, half of it costs a third more (docs/facts.md, An unload does not show at once). */
const step = 8 * 1024 ** 2
/** Elements of 8 bytes: more than half of a page of V8's, not so many that it gets a page of its own, which is none of those that are kept. */
const elements = 15_000
const page = 4_096
/** Bytes: what a new isolate has room for without asking for pages, but they were taken from where all are. */
const probe = 1024 ** 2

/** Page faults of this thread; of the process where a thread cannot tell its own. */
function faults(): number {
  try {
    // Field 10 of proc_pid_stat(5); what comes before the last parenthesis is the name.
    return Number(readFileSync('/proc/thread-self/stat', 'latin1').split(') ').at(-1)?.split(' ')[7])
  } catch {
    return process.resourceUsage().minorPageFault
  }
}

const row = Array.from({ length: elements })

/** Garbage when it returns. */
function fill(bytes: number): void {
  const rows: unknown[][] = []
  for (let filled = 0; filled < bytes; filled += 8 * elements) rows.push(row.slice())
}

/** Pages that were kept are there already: one that has to be faulted in is new. @returns whether most were new: then none are kept any more. */
function fillsNewPages(bytes: number): boolean {
  const before = faults()
  fill(bytes)
  return (faults() - before) * page > bytes / 2
}

function takeStep(): boolean {
  const isNew = fillsNewPages(step)
  collectGarbage()
  return isNew
}

let left = workerData as number
// Most of what a drain costs is its collections: where there is nothing to drain, it has none.
if (!fillsNewPages(probe)) while (left > 0 && !takeStep()) left -= step
parentPort?.postMessage('done')
