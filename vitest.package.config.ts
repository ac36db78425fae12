import { defineConfig } from 'vitest/config'

/** What users install: packs the package and tries it in a project of its own. */
export default defineConfig({
  test: {
    include: ['test/package/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 180_000,
    reporters: ['default'],
  },
})
