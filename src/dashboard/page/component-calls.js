/** @import { Detail } from './component-detail.js' */

import { age, clock, count, percent } from './format.js'
import { componentLink } from './fragment.js'
import { html } from './html.js'
import { useNow, useStore } from './store.js'

/**
 * Who calls it, most first.
 *
 * @param {{ callers: Detail['callers'] | undefined }} props
 */
export function CallersCard({ callers }) {
  const rows = callers?.toSorted((a, b) => b.calls - a.calls) ?? []
  return html`
    <section class="card" aria-labelledby="callers-title">
      <header><h2 id="callers-title">Who calls it</h2></header>
      ${rows.length === 0 && html`<p class="empty">${callers ? 'Nobody has called it yet.' : '…'}</p>`}
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
 * What its calls failed with last, newest first.
 *
 * @param {{ errors: Detail['lastErrors'] | undefined, crashes: number }} props
 */
export function LastErrorsCard({ errors, crashes }) {
  const rows = errors?.toSorted((a, b) => b.time - a.time) ?? []
  return html`
    <section class="card" aria-labelledby="errors-title">
      <header><h2 id="errors-title">Its last errors</h2></header>
      ${rows.length === 0 && html`<p class="empty">${!errors ? '…' : crashes > 0 ? 'None that is known: what a crashed worker had not told is missing.' : 'No call has failed.'}</p>`}
      ${
        rows.length > 0 &&
        html`<ol class="error-list scroll" tabindex="0" aria-label="Errors, newest first">
          ${rows.map(
            ({ time, from, method, name, code, message, count: times }) =>
              html`<li>
                <p>
                  <b class="bad">${code ?? name}</b> in <code>${method}</code>, called by <${Caller} name=${from} />
                  ${times > 1 && html`<span class="muted">${`, ${count(times)} times`}</span>`}
                </p>
                <p class="message">${code !== null && name !== 'Error' ? `${name}: ` : ''}${message}</p>
                <${Ago} time=${time} />
              </li>`,
          )}
        </ol>`
      }
    </section>
  `
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
