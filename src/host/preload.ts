import { isMainThread } from 'node:worker_threads'
import { startFile } from '../base/package-files.ts'
import { hasWorkerBegun } from './worker-begins.ts'

/**
 * What a component's worker preloads is run before it begins; what makes a coordinator there would do so in each of its workers again, without end.
 *
 * @throws Error in such a preload.
 */
export function expectNoPreload(): void {
  if (hasWorkerBegun() || !isStartedAsWorker()) return
  throw new Error(
    "A coordinator is being made by a module that a component's worker preloads (--import or --require: of the program, of NODE_OPTIONS, or in `execArgv`), " +
      'which would start workers without end. Make it in the file that the program is started with; or give the components an `execArgv` of their own, without that module',
  )
}

function isStartedAsWorker(): boolean {
  const [, file] = process.argv
  if (file === undefined) return false
  try {
    return file === startFile(isMainThread ? 'workers/process-bootstrap.cjs' : 'workers/bootstrap.cjs')
  } catch {
    // Those files are not there: nobody is started with them.
    return false
  }
}
