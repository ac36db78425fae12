/*
 * Most of the time goes into starting workers; with the types of their code stripped before, that takes a third of it. Not where memory is measured:
 * code from the cache takes less of it.
 */
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'

const cached =
  /[\\/]test[\\/](?:bench|channel|cli|component|coordinator|dashboard|demo|examples|host|integrations|locks|memory|metrics|nemesis|observability|services)[\\/]/

if (cached.test(expect.getState().testPath ?? '')) {
  process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(
    new URL('../../node_modules/.cache/node-compile', import.meta.url),
  )
}
