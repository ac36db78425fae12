import { monotonicNow } from '../base/monotonic.ts'
import { nextTurn } from '../base/timers.ts'

type Collect = (options: { readonly type: 'minor' | 'major'; readonly flavor?: 'last-resort' }) => void
let collect: Collect | undefined

const attempts = 5

/**
 * Collects the garbage of this thread's isolate now, if it can be had: of the young generation ('minor'), all of it ('major'), or all of it as
 * thoroughly as V8 can, which takes several times as long.
 */
export function collectGarbage(how: 'minor' | 'major' | 'thorough' = 'thorough'): void {
  // Had when it is needed: reading these takes a starting worker longer than all of its own code.
  const { setFlagsFromString } = process.getBuiltinModule('node:v8')
  const { runInNewContext } = process.getBuiltinModule('node:vm')
  for (let attempt = 0; !collect && attempt < attempts; attempt++) {
    // A context made while the flag is on has `gc`; the flag need not have been given at start. Flags are the whole process's: another
    // thread that does the same may take it back before the context is made.
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('globalThis.gc') as Collect | undefined
    setFlagsFromString('--no-expose-gc')
  }
  // As a last resort V8 gives up the room it keeps for new objects as well: 17 MB of a worker that had been busy.
  collect?.(how === 'thorough' ? { type: 'major', flavor: 'last-resort' } : { type: how })
}

/** Collects all of it, and lets those who are told of what is gone count it off. Resolves with the ms that the collection took. */
export async function collectAndSettle(): Promise<number> {
  const begun = monotonicNow()
  collectGarbage('major')
  const took = monotonicNow() - begun
  await nextTurn()
  await nextTurn()
  return took
}
