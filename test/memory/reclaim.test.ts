import { describe, expect, it } from 'vitest'
import { shapes } from '../../bench/reclaim/holder.ts'
import type { Shape } from '../../bench/reclaim/holder.ts'
import { returnedShare, runCycle } from '../../bench/reclaim/run-cycle.ts'
import type { Runtime } from '../../bench/reclaim/run-cycle.ts'
import { isAllWanted } from '../support/all-wanted.ts'

const bytes = 300e6

const enough = 0.95
/**
 * Each runtime, and the seconds within which at least 95% of what loading added is back with the operating system. Without the flag V8's page pool is drained, which begins a second after
 * the unload and takes as long as the machine has other things to do; V8 itself lets go of it after 8 to 16 s (memory.md). On each, one shape of V8's own heap and one of the allocator's.
 */
const promises: readonly [Runtime, number, readonly Shape[]][] = [
  ['Node 26, with the flag', 1, ['objects', '16 KB buffers']],
  ['Node 26, without the flag', 17, ['string map', 'typed arrays']],
  ['Node 24', 17, ['objects', '16 KB buffers']],
]

// The processes are started here on the runtimes of the matrix themselves: once is enough.
describe.runIf(process.versions.node.startsWith('26.')).each(promises)(
  '%s, within %i s of an unload',
  (runtime, seconds, some) => {
    it.concurrent.each(isAllWanted ? shapes : some)(
      'gives back what a component held as %s',
      async (shape) => {
        const result = await runCycle(runtime, shape, bytes, seconds, enough)
        const { base, loaded, before, after, report } = result
        const slack = 0.1 * (loaded - base)

        expect(loaded - base).toBeGreaterThan(0.9 * bytes)
        expect(returnedShare(result)).toBeGreaterThanOrEqual(enough)

        // The report says what is true at its time: what was measured before, and what the resident set has lost since. It may go on losing
        // just then, so that the report lies between two looks.
        expect(report.predicted).toBeGreaterThan(0.9 * (loaded - base))
        expect(report.predicted).toBeLessThan(1.2 * (loaded - base))
        expect(report.released).toBeGreaterThan(loaded - before - slack)
        expect(report.released).toBeLessThan(loaded - (after[0] ?? Number.NaN) + slack)
        expect(report.retained).toBe(Math.max(0, report.predicted - report.released))
      },
      200_000,
    )
  },
)
