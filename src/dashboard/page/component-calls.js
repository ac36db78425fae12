/** @import { Detail, Mark } from './component-detail.js' */

import { age, clock, count, percent } from './format.js'
import { componentLink } from './fragment.js'
import { html } from './html.js'
import { useNow, useStore } from './store.js'

/**
 * Who calls it, most first.
 *
 * @param {{ callers: Detail['callers'] | undefined, unreached: boolean }} props `unreached`: some calls failed before they came to it.
 */
export function CallersCard({ callers, unreached }) {
  const rows = callers?.toSorted((a, b) => b.calls - a.calls) ?? []
  return html`
    <section class="card" aria-labelledby="callers-title">
      <header><h2 id="callers-title">Who calls it</h2></header>
      ${rows.length === 0 && html`<p class="empty">${!callers ? '…' : unreached ? 'No call has reached it.' : 'Nobody has called it yet.'}</p>`}
      ${
        rows.length > 0 &&
        html`<div class="plain-table scroll" tabindex="0" role="region" aria-label="Table of callers">
          <table>
            <thead>
              <tr>
                <th class="text" scope="col">Caller</th>
                <th scope="col">Calls</th>
                <th scope="col">Errors</th>
                <th scope="col">Last call</th>
              </tr>
            </thead>
            <tbody>
              ${rows.map(
                ({ name, calls, errors, lastCall }) =>
                  html`<tr key=${name}>
                    <th class="text" scope="row"><${Caller} name=${name} /></th>
                    <td>${count(calls)}</td>
                    <td class=${errors > 0 ? 'bad' : ''}>
                      ${errors > 0 ? `${count(errors)} (${percent(errors / Math.max(calls, 1))})` : '0'}
                    </td>
                    <td>${lastCall === null ? '–' : html`<${Ago} time=${lastCall} />`}</td>
                  </tr>`,
              )}
            </tbody>
          </table>
        </div>`
      }
    </section>
  `
}

/**
 * What its calls and its loads failed with last, newest first.
 *
 * @param {{ errors: Detail['lastErrors'] | undefined, marks: readonly Mark[], crashes: number, unreached: boolean }} props
 */
export function LastErrorsCard({ errors, marks, crashes, unreached }) {
  const rows = [...(errors ?? []), ...failedLoads(marks)].sort((a, b) => b.time - a.time)
  const none =
    crashes > 0
      ? 'None that is known: what a crashed worker had not told is missing.'
      : unreached
        ? 'No call that reached it has failed; others did, before they came to it.'
        : 'No call has failed.'
  return html`
    <section class="card" aria-labelledby="errors-title">
      <header><h2 id="errors-title">Its last errors</h2></header>
      ${rows.length === 0 && html`<p class="empty">${errors ? none : '…'}</p>`}
      ${
        rows.length > 0 &&
        html`<ol class="error-list scroll" tabindex="0" aria-label="Errors, newest first">
          ${rows.map(
            (row) =>
              html`<li>
                <p>
                  ${'method' in row ? html`<b class="bad">${row.code ?? row.name}</b> in <code>${row.method}</code>, called by <${Caller} name=${row.from} />` : html`<b class="bad">Load failed</b>`}
                  ${row.count > 1 && html`<span class="muted">${`, ${count(row.count)} times`}</span>`}
                </p>
                <p class="message">
                  ${'method' in row && row.code !== null && row.name !== 'Error' ? `${row.name}: ` : ''}${row.message}
                </p>
                <${Ago} time=${row.time} />
              </li>`,
          )}
        </ol>`
      }
    </section>
  `
}

/**
 * Those that failed alike are one.
 *
 * @param {readonly Mark[]} marks oldest first
 */
function failedLoads(marks) {
  /** @type {Map<string, { time: number, message: string, count: number }>} */
  const found = new Map()
  for (const { kind, time, why } of marks) {
    if (kind !== 'load-error' || why === null) continue
    found.set(why, { time, message: why, count: (found.get(why)?.count ?? 0) + 1 })
  }
  return [...found.values()]
}

/** @param {{ name: string | null }} props */
function Caller({ name }) {
  const { components } = useStore()
  if (name === null) return 'the main thread'
  return components.has(name) ? html`<a href=${componentLink(name)}>${name}</a>` : name
}

/** @param {{ time: number }} props */
function Ago({ time }) {
  return html`<time dateTime=${new Date(time).toISOString()} title=${clock(time)}>${age(useNow() - time)} ago</time>`
}
