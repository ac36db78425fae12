/** @import { ComponentView } from '../../live/schemas.ts' */
/** @import { HeapGrowth } from './heap-diff.js' */
/** @import { HeapFile } from './heap-snapshots-store.js' */

import { useEffect, useRef, useState } from 'preact/hooks'
import { bytes, count, percent } from './format.js'
import { addHeapFile, compareHeaps, removeHeapFile, useHeapFiles } from './heap-snapshots-store.js'
import { html } from './html.js'
import { save } from './save.js'

/**
 * @typedef {{ readonly status: 'idle' } | { readonly status: 'working', readonly share: number } | { readonly status: 'failed', readonly why: string }
 *   | { readonly status: 'done', readonly before: string, readonly after: string, readonly rows: readonly HeapGrowth[] }} Comparing
 */

/**
 * The heap snapshots of a component that this tab has, and what grew from one to another.
 *
 * @param {{ component: ComponentView }} props
 */
export function HeapSnapshots({ component: { name } }) {
  const files = useHeapFiles(name)
  const [picked, setPicked] = useState(/** @type {{ before?: number, after?: number }} */ ({}))
  const [comparing, setComparing] = useState(/** @type {Comparing} */ ({ status: 'idle' }))
  const end = useRef(() => {})
  useEffect(() => () => end.current(), [])

  const before = files.find(({ id }) => id === picked.before) ?? files.at(-2)
  const after = files.find(({ id }) => id === picked.after) ?? files.at(-1)
  /** @param {Event & { currentTarget: HTMLInputElement }} event */
  const choose = ({ currentTarget }) => {
    for (const file of currentTarget.files ?? [])
      addHeapFile({ component: name, from: 'chosen', name: file.name, blob: file })
    currentTarget.value = ''
  }
  const compare = () => {
    if (!before || !after) return
    end.current()
    setComparing({ status: 'working', share: 0 })
    end.current = compareHeaps(before, after, (message) => {
      if (message.kind === 'progress') setComparing({ status: 'working', share: message.share })
      else if (message.kind === 'failed') setComparing({ status: 'failed', why: message.why })
      else setComparing({ status: 'done', before: before.name, after: after.name, rows: message.rows })
    })
  }
  const cancel = () => {
    end.current()
    setComparing({ status: 'idle' })
  }
  return html`
    <section class="card heaps" aria-labelledby="heaps-title">
      <header>
        <h2 id="heaps-title">Heap snapshots</h2>
        <label class="button">
          <input class="sr" type="file" multiple accept=".heapsnapshot" onChange=${choose} />Add files…
        </label>
      </header>
      ${
        files.length === 0
          ? html`<p class="empty">
              None in this tab. Take one, let it work, take another, and compare: what grew in between is listed by
              constructor. Nothing leaves this browser.
            </p>`
          : html`<div class="plain-table scroll" tabindex="0" role="region" aria-label="Table of heap snapshots">
              <table>
                <thead>
                  <tr>
                    <th class="text" scope="col">File</th>
                    <th scope="col">Size</th>
                    <th scope="col">Before</th>
                    <th scope="col">After</th>
                    <th scope="col"><span class="sr">What to do with it</span></th>
                  </tr>
                </thead>
                <tbody>
                  ${files.map(
                    (file) =>
                      html`<${Row}
                        key=${file.id}
                        file=${file}
                        isBefore=${file === before}
                        isAfter=${file === after}
                        onPick=${(/** @type {'before' | 'after'} */ side) => setPicked({ ...picked, [side]: file.id })}
                      />`,
                  )}
                </tbody>
              </table>
            </div>`
      }
      ${
        files.length > 0 &&
        html`<div class="actions">
          <button
            class="primary"
            disabled=${!before || !after || before === after || comparing.status === 'working'}
            onClick=${compare}
          >
            Compare
          </button>
          ${files.length === 1 && html`<span class="muted">A second one is needed.</span>`}
          ${
            comparing.status === 'working' &&
            html`<progress aria-label="Read of both files" value=${comparing.share} max="1"></progress>
              <span class="muted">${percent(comparing.share)}</span>
              <button onClick=${cancel}>Cancel</button>`
          }
        </div>`
      }
      <div role="status">
        ${comparing.status === 'failed' && html`<p class="note error">${comparing.why}</p>`}
        ${comparing.status === 'done' && html`<${Growth} ...${comparing} />`}
      </div>
    </section>
  `
}

/** @param {{ file: HeapFile, isBefore: boolean, isAfter: boolean, onPick: (side: 'before' | 'after') => void }} props */
function Row({ file, isBefore, isAfter, onPick }) {
  const { name, blob } = file
  return html`<tr>
    <th class="text" scope="row">${name}</th>
    <td>${bytes(blob.size)}</td>
    <td>
      <input
        type="radio"
        name="before"
        aria-label=${`${name} before`}
        checked=${isBefore}
        onChange=${() => onPick('before')}
      />
    </td>
    <td>
      <input
        type="radio"
        name="after"
        aria-label=${`${name} after`}
        checked=${isAfter}
        onChange=${() => onPick('after')}
      />
    </td>
    <td>
      <button onClick=${() => save(blob, name)} aria-label=${`Download ${name}`}>Download</button>
      <button onClick=${() => removeHeapFile(file)} aria-label=${`Remove ${name}`}>Remove</button>
    </td>
  </tr>`
}

/** @param {{ before: string, after: string, rows: readonly HeapGrowth[] }} props */
function Growth({ before, after, rows }) {
  if (rows.length === 0) return html`<p class="note">Nothing differs.</p>`
  return html`
    <h3>What grew from ${before} to ${after}</h3>
    <div class="plain-table scroll" tabindex="0" role="region" aria-label="Table of what grew">
      <table>
        <thead>
          <tr>
            <th class="text" scope="col">Constructor</th>
            <th scope="col" title="How many more of them there are">Objects</th>
            <th scope="col" title="What these themselves take">Bytes</th>
            <th scope="col" title="These, and what nothing but they leads to">Held</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) =>
              html`<tr key=${row.name}>
                <th class="text" scope="row"><code>${row.name}</code></th>
                <td>${signed(row.count, count)}</td>
                <td>${signed(row.bytes, bytes)}</td>
                <td class="strong">${signed(row.held, bytes)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  `
}

/**
 * @param {number} value
 * @param {(value: number) => string} words
 */
const signed = (value, words) => (value > 0 ? `+${words(value)}` : value < 0 ? words(value).replace('-', '−') : '0')
