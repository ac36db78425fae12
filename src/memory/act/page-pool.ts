/** Makes V8 give an isolate's pages back before its thread is gone; every collection of every other thread waits meanwhile. Node 26. */
export const returnAtEndFlag = '--no-memory-pool-share-memory-on-teardown'
/** Makes V8 give back what it has kept for a second, in the background, when it is looking. Node 26. */
export const returnSoonFlag = '--memory-pool-timeout=1'

/** What becomes of the pages of an isolate that has ended: returned by the time its thread is gone, or kept for the next one. */
export type PagePool = 'returned' | 'kept'

/**
 * As this process was started. V8 takes one hyphen or two, underscores for hyphens, `--no-` and `--no`, and believes the last of what contradicts itself;
 * a time to keep pages (`returnSoonFlag`) says nothing about pages that are not kept.
 */
export function pagePool(execArgv: readonly string[], nodeMajor: number): PagePool {
  // Node 24 knows none of the flags and does not start with them.
  if (nodeMajor < 26) return 'kept'
  let kept = true
  for (const argument of execArgv) {
    const [, no, name] = /^--?(no-?)?(.*)$/.exec(argument.replaceAll('_', '-')) ?? []
    if (name === 'memory-pool-share-memory-on-teardown') kept = no === undefined
  }
  return kept ? 'kept' : 'returned'
}

/** Of this process. */
export function pagePoolOfProcess(): PagePool {
  return pagePool(process.execArgv, Number.parseInt(process.versions.node, 10))
}
