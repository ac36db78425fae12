import { beforeAll, describe, expect, test } from 'vitest'
import { contain } from '../../bench/containment/contain.ts'
import type { Outcome } from '../../bench/containment/contain.ts'
import { sideBySide } from '../../bench/side-by-side.ts'
import { isAllWanted } from '../support/all-wanted.ts'
import { patternNames } from '../fixtures/allocation-patterns.ts'
import type { Pattern } from '../fixtures/allocation-patterns.ts'

/** One of each way in which memory is taken: small objects, one that doubles, large ones, loops and native calls that hear nothing, tables, what comes from outside, and what V8's heap has not. */
const chosen: readonly Pattern[] = [
  'objects',
  'doubles pushed',
  'huge arrays filled',
  'arrays mapped',
  'Map',
  'JSON.parse',
  'clones received',
  'SQLite rows',
  'big file read',
  'typed arrays',
  'a WebAssembly memory grown',
]
/** `npm run bench:containment` runs them all, ten times over. */
const tried = isAllWanted ? patternNames : chosen
const outcomes = new Map<Pattern, Outcome>()

// Each in a process of its own, which it might take with it.
beforeAll(async () => {
  await sideBySide(tried, 2, async (pattern) => {
    outcomes.set(pattern, await contain('spillway', pattern))
  })
}, 240_000)

describe('a component with a memory limit of 64 MiB neither kills nor stalls its host', () => {
  test.for(tried)('when it allocates without end: %s', (pattern) => {
    const outcome = outcomes.get(pattern)
    // Told whole, with what a host died of.
    expect(outcome).toEqual(
      expect.objectContaining({
        host: 'alive',
        end: expect.stringMatching(/^(memory-limit|out-of-memory)$/) as string,
      }),
    )
    if (outcome?.host !== 'alive') return
    // A single allocation can be that large; nothing goes on beyond it.
    expect(outcome.peak).toBeLessThan(1024 ** 3)
    // The main thread itself never waits for the component; what there is comes from other processes.
    expect(outcome.busyStall).toBeLessThan(250)
  })
})
