import { startFile } from '../base/package-files.ts'
import { compiledCore } from './compiled-core.ts'
import type { Compiled } from './compiled-core.ts'

/** Path of the file that a worker starts with. @throws WorkerFileError */
export function entryFile(name: 'bootstrap' | 'process-bootstrap'): string {
  return startFile(`workers/${name}.cjs`)
}

let compiled: Compiled | undefined

/** Made once; undefined where nothing was built. */
export function compiledForWorkers(): Compiled | undefined {
  return (compiled ??= compiledCore?.())
}
