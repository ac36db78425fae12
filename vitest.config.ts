import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // What users install is tested by vitest.package.config.ts.
    exclude: ['test/package/**', 'node_modules/**', 'dist/**'],
    // A process for each file: tests start workers, watch memory and die of it on purpose.
    pool: 'forks',
    isolate: true,
    // One more than the processors of a small machine: many wait, for a deadline or for a process of their own.
    maxWorkers: 3,
    setupFiles: ['test/support/compile-cache.ts'],
    // A worker's start can take a second on a busy machine, so nothing may depend on less.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    // One line for each file, what failed, and the totals as the last lines.
    reporters: ['default'],
  },
})
