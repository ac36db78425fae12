/** @import { HeapGrowth, HeapSummary } from './heap-diff.js' */

import { useEffect, useState } from 'preact/hooks'

/**
 * A heap snapshot that this tab has: taken in it, or a file that was chosen. The browser keeps its bytes, on disk where it likes; here is what was found
 * in them, once it was looked for.
 *
 * @typedef {object} HeapFile
 * @property {number} id
 * @property {string} component whose page it belongs to
 * @property {'taken' | 'chosen'} from
 * @property {string} name
 * @property {Blob} blob
 * @property {HeapSummary | undefined} summary
 */
/** @typedef {{ readonly before: Blob | HeapSummary, readonly after: Blob | HeapSummary }} Comparison */
/**
 * @typedef {{ readonly kind: 'progress', readonly share: number }
 *   | { readonly kind: 'done', readonly before: HeapSummary, readonly after: HeapSummary, readonly rows: readonly HeapGrowth[] }
 *   | { readonly kind: 'failed', readonly why: string }} Compared
 */

/** @type {readonly HeapFile[]} */
let files = []
let lastId = 0
/** @type {Set<() => void>} */
const listeners = new Set()

/** @param {readonly HeapFile[]} next */
function change(next) {
  files = next
  for (const listener of listeners) listener()
}

/** @param {Pick<HeapFile, 'component' | 'from' | 'name' | 'blob'>} file */
export function addHeapFile(file) {
  change([...files, { ...file, id: ++lastId, summary: undefined }])
}

/** @param {HeapFile} file */
export function removeHeapFile(file) {
  change(files.filter(({ id }) => id !== file.id))
}

/** What was taken needed the token. */
export function forgetTaken() {
  change(files.filter(({ from }) => from !== 'taken'))
}

/**
 * Those of a component, in the order they came.
 *
 * @param {string} component
 */
export function useHeapFiles(component) {
  const [all, setAll] = useState(files)
  useEffect(() => {
    const listener = () => setAll(files)
    listeners.add(listener)
    listener()
    return () => void listeners.delete(listener)
  }, [])
  return all.filter((file) => file.component === component)
}

/**
 * Compares two in a worker, which ends with it.
 *
 * @param {HeapFile} before
 * @param {HeapFile} after
 * @param {(message: Compared) => void} told
 * @returns {() => void} ends it early
 */
export function compareHeaps(before, after, told) {
  const worker = new Worker('page/heap-worker.js', { type: 'module' })
  worker.addEventListener('message', (/** @type {MessageEvent<Compared>} */ { data }) => {
    if (data.kind !== 'progress') worker.terminate()
    if (data.kind === 'done') {
      const found = new Map([
        [before.id, data.before],
        [after.id, data.after],
      ])
      change(files.map((file) => ({ ...file, summary: found.get(file.id) ?? file.summary })))
    }
    told(data)
  })
  worker.addEventListener('error', () => {
    worker.terminate()
    told({ kind: 'failed', why: 'The worker that compares them has failed: there may be too little memory.' })
  })
  /** @type {Comparison} */
  const comparison = { before: before.summary ?? before.blob, after: after.summary ?? after.blob }
  worker.postMessage(comparison)
  return () => worker.terminate()
}
