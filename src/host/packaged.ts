import { createRequire } from 'node:module'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The sources run as they are; in the package, all that a worker needs is in one file (docs/decisions/few-files.md). */
const isPackage = extname(import.meta.url) === '.js'

/** Path of the file that a worker starts with. */
export function entryFile(name: 'bootstrap' | 'process-bootstrap'): string {
  return fileURLToPath(new URL(`../../workers/${name}.cjs`, import.meta.url))
}

/** What has been compiled, and of what source, in memory that all threads share. */
export interface Compiled {
  readonly source: Uint8Array<SharedArrayBuffer>
  readonly code: Uint8Array<SharedArrayBuffer>
}

let compiled: Compiled | undefined

/** What this thread has compiled of what a worker needs; made once. */
export function compiledForWorkers(): Compiled | undefined {
  if (!isPackage) return undefined
  const load = createRequire(import.meta.url)('../runtime/load.cjs') as { compiledCore: () => Compiled }
  return (compiled ??= load.compiledCore())
}
