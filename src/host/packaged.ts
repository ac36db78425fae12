import { createRequire } from 'node:module'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The sources run as they are; in the package, all that a worker needs is in one file (docs/decisions/one-file-for-workers.md). */
const isPackage = extname(import.meta.filename) === '.js'

/** Path of the file that a worker starts with. */
export function entryFile(name: 'bootstrap' | 'process-bootstrap'): string {
  return fileURLToPath(new URL(`../../workers/${name}${isPackage ? '.cjs' : '.ts'}`, import.meta.url))
}

let compiled: Uint8Array<SharedArrayBuffer> | undefined

/** What this thread has compiled of what a worker needs, in memory that all threads share; made once. */
export function compiledForWorkers(): Uint8Array<SharedArrayBuffer> | undefined {
  if (!isPackage) return undefined
  const load = createRequire(import.meta.url)('../runtime/load.cjs') as { compiledCore: () => typeof compiled }
  return (compiled ??= load.compiledCore())
}
