/** @import { HeapSummary } from './heap-diff.js' */
/** @import { Compared, Comparison } from './heap-snapshots-store.js' */

import { difference, summarise } from './heap-diff.js'

/** Runs in a worker of the page's own: hundreds of MiB are read here, and the page stays responsive. It compares once, and is ended then. */

/** ms between two words of how far it is. */
const interval = 100

/** @param {Compared} message */
const tell = (message) => postMessage(message)

addEventListener('message', (/** @type {MessageEvent<Comparison>} */ { data }) => void compare(data))

/** @param {Comparison} comparison */
async function compare({ before, after }) {
  const total = [before, after].reduce((sum, each) => sum + ('size' in each ? each.size : 0), 0)
  let read = 0
  let told = 0
  /** @param {Blob} blob */
  async function* chunks(blob) {
    const reader = blob.stream().getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
      read += value.length
      const now = performance.now()
      if (now - told < interval) continue
      told = now
      tell({ kind: 'progress', share: read / total })
    }
  }
  /** @param {Blob | HeapSummary} each */
  const summaryOf = async (each) => (each instanceof Blob ? summarise(chunks(each)) : each)
  try {
    // One after the other: each takes much memory while it is read.
    const summaries = { before: await summaryOf(before), after: await summaryOf(after) }
    tell({ kind: 'done', ...summaries, rows: difference(summaries.before, summaries.after) })
  } catch (error) {
    tell({ kind: 'failed', why: error instanceof Error ? error.message : String(error) })
  }
}
