import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (options?: { readonly type: 'minor' | 'major' }) => void
let collect: Collect | undefined

/** Collects the garbage of this thread's isolate now: all of it, or ('minor') the young generation only. */
export function collectGarbage(type: 'minor' | 'major' = 'major'): void {
  if (!collect) {
    // A context made while the flag is on has `gc`; the flag need not have been given at start.
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as Collect
    setFlagsFromString('--no-expose-gc')
  }
  collect({ type })
}
