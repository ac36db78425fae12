/** How long the end of a large worker holds up the calls of another, with V8's flag that returns its pages at once and without. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { reclaimFlag } from '../src/memory/act/reclaimer.ts'

const run = fileURLToPath(new URL('unload-stall/run.ts', import.meta.url))
for (const flags of [[], [reclaimFlag]]) {
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, run])
  console.log(flags[0] ?? 'without flags', stdout.trim())
}
