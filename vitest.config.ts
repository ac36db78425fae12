import { defineConfig } from 'vitest/config'
import { BaseSequencer } from 'vitest/node'
import type { TestSpecification } from 'vitest/node'

/** Files that take half a minute and more. They begin first: one that began last would run on alone. */
const slow = [
  'nemesis/nemesis',
  'memory/limit',
  'component/stuck',
  'memory/reclaim',
  'dashboard/page',
  'memory/containment',
  'component/leftover-lease',
]

class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = slow.findIndex((name) => moduleId.endsWith(`test/${name}.test.ts`))
      return index === -1 ? slow.length : index
    }
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => rank(a) - rank(b))
  }
}

/** What says the same whichever Node it runs on, or takes a browser: once is enough, and SPILLWAY_TEST_ALL=1 runs it on the other as well. */
const firstNodeOnly = [
  'test/{bench,cli,dashboard,demo,docs,examples,metrics,nemesis,observability}/**',
  'test/services/{connection-pool,connectors,historical-data}/**',
  'test/services/{construction,facades,historical-data-connector,unknown-options}.test.ts',
  'test/component/{disk-turns,hibernation-*,names}.test.ts',
  'test/memory/policy*.test.ts',
]
const isFirstNode = process.versions.node.startsWith('26.')
const isAllWanted = isFirstNode || process.env['SPILLWAY_TEST_ALL'] === '1'
// A line for whoever reads the log of the second one.
if (!isAllWanted) process.stdout.write(`Node ${process.version}: NOT RUN here: ${firstNodeOnly.join(', ')}\n`)

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // What users install is tested by vitest.package.config.ts.
    exclude: ['test/package/**', 'node_modules/**', 'dist/**', ...(isAllWanted ? [] : firstNodeOnly)],
    // A process for each file: tests start workers, watch memory and die of it on purpose.
    pool: 'forks',
    isolate: true,
    // Twice the processors of a small machine: many wait, for a deadline or for a process of their own.
    maxWorkers: 4,
    sequence: { sequencer: SlowFirst },
    setupFiles: ['test/support/compile-cache.ts'],
    // A worker's start can take a second on a busy machine, so nothing may depend on less.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    expect: { poll: { timeout: 10_000 } },
    // One line for each file, what failed, and the totals as the last lines.
    reporters: ['default'],
  },
})
