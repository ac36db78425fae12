import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import type { TestProjectInlineConfiguration, TestUserConfig } from 'vitest/config'
import { BaseSequencer } from 'vitest/node'
import type { TestSpecification } from 'vitest/node'
import { isAllWanted } from './test/support/all-wanted.ts'

// Most of the time goes into starting workers and processes; with the types of their code stripped before, that takes a third of it.
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(new URL('node_modules/.cache/node-compile', import.meta.url))

// What tests start runs what is built of the sources. SPILLWAY_TEST_SOURCES=1 leaves it at the sources: then stacks lead into them.
const builtCode = new URL('test/support/built-code.mjs', import.meta.url).href
if (process.env['SPILLWAY_TEST_SOURCES'] !== '1') {
  process.env['NODE_OPTIONS'] = `${process.env['NODE_OPTIONS'] ?? ''} --import ${builtCode}`
}

const globalTimers = fileURLToPath(new URL('test/support/global-timers.ts', import.meta.url))

/** Those that take half a minute and more begin first: one that began last would run on alone. */
const slow = [
  'test/package/bundled.test.ts',
  'test/package/package.test.ts',
  'test/package/typescript.test.ts',
  'test/nemesis/nemesis.test.ts',
  'test/nemesis/cluster.test.ts',
  'test/dashboard/overview.test.ts',
  'test/dashboard/page.test.ts',
  'test/memory/limit.test.ts',
  'test/component/stuck.test.ts',
  'test/memory/reclaim.test.ts',
  'test/memory/containment.test.ts',
  'test/component/leftover-lease.test.ts',
  'test/component/long-work.test.ts',
]

class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = slow.findIndex((name) => moduleId.endsWith(name))
      return index === -1 ? slow.length : index
    }
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => rank(a) - rank(b))
  }
}

/**
 * What threads, V8's memory and the file system of the second Node may make different: no simulation, browser, NATS or packaging. SPILLWAY_TEST_ALL=1
 * runs everything on it as well.
 */
const onBothNodes = [
  'test/channel/errors.test.ts',
  'test/channel/hostile-values.test.ts',
  'test/channel/moved.test.ts',
  'test/channel/references.test.ts',
  'test/channel/signals.test.ts',
  'test/channel/streams.test.ts',
  'test/channel/transfer-list.test.ts',
  'test/channel/values.test.ts',
  'test/transport/comlink-endpoint.test.ts',
  'test/transport/link-bytes.test.ts',
  'test/transport/link-ends.test.ts',
  'test/transport/link-values.test.ts',
  'test/host',
  'test/component/death.test.ts',
  'test/component/hibernation.test.ts',
  'test/component/process.test.ts',
  'test/component/stuck.test.ts',
  'test/component/unload.test.ts',
  'test/component/zombie.test.ts',
  'test/coordinator/stalled-main.test.ts',
  'test/memory/allocator-trim.test.ts',
  'test/memory/containment.test.ts',
  'test/memory/measurement.test.ts',
  'test/memory/own-limit.test.ts',
  'test/memory/pool-drain.test.ts',
  'test/services/historical-data/database.test.ts',
  'test/services/orders/order-kill.test.ts',
  'test/testing/fake-timers.test.ts',
]
// One that was moved would be left out, or begin last, and nobody would notice.
const missing = [...slow, ...onBothNodes].filter((path) => !existsSync(new URL(path, import.meta.url)))
if (missing.length > 0) throw new Error(`vitest.config.ts names what is not there: ${missing.join(', ')}`)

const isFirstNode = process.versions.node.startsWith('26.')
const isWhole = isFirstNode || isAllWanted
// A line for whoever reads the log of the second one.
if (!isWhole) {
  process.stdout.write(
    `Node ${process.version}: runs test/unit, ${onBothNodes.join(', ')}; everything else is NOT RUN here, unless SPILLWAY_TEST_ALL=1\n`,
  )
}

const testsOf = (path: string): string => (path.endsWith('.test.ts') ? path : `${path}/**/*.test.ts`)

/** A kind of tests: in folders of its own, or what no other kind has. */
function project(name: string, include: string[], options: TestUserConfig): TestProjectInlineConfiguration {
  return { extends: true, test: { name, include, ...options } }
}

export default defineConfig({
  test: {
    // A worker's start can take a second on a busy machine, so nothing may depend on less.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    expect: { poll: { timeout: 10_000 } },
    // One more than the processors of a small machine: many wait, for a deadline or for a process of their own. With four the same files took 8% longer than with
    // three (two processors, 16 files of components: 80, 74 and 83 s with 4, 3 and 2).
    maxWorkers: 3,
    sequence: { sequencer: SlowFirst },
    // One line for each file, what failed, and the totals as the last lines.
    reporters: ['default'],
    projects: [
      // They share threads and the modules in them: importing the code would take most of their time. What waits does so by timers that a test can fake.
      project('unit', ['test/unit/**/*.test.ts'], {
        pool: 'threads',
        isolate: false,
        alias: [{ find: /^.*\/base\/timers\.ts$|^\.\/timers\.ts$/, replacement: globalTimers }],
        setupFiles: ['test/support/nothing-outside.ts'],
      }),
      ...(isWhole
        ? [
            project('simulation', ['test/simulation/**/*.test.ts'], { pool: 'threads' }),
            // What users install: packs the package, which builds it, and tries it in projects of its own.
            project('package', ['test/package/**/*.test.ts'], {
              pool: 'forks',
              hookTimeout: 180_000,
              globalSetup: 'test/package/pack.ts',
              // They are users, and have what is packed.
              env: { NODE_OPTIONS: '' },
            }),
          ]
        : []),
      // A process for each file: they start workers, watch memory and die of it on purpose.
      project('integration', isWhole ? ['test/**/*.test.ts'] : onBothNodes.map(testsOf), {
        // What goes over NATS is the same code, and the same server, on both.
        exclude: ['test/{unit,simulation,package}/**', ...(isWhole ? [] : ['test/transport/nats/**'])],
        pool: 'forks',
        globalSetup: 'test/support/build.ts',
      }),
    ],
  },
})
