/** @import { ComponentChildren } from 'preact' */
/** @import { Row, Troubles } from './table-rows.js' */

import { Component } from 'preact'
import { Idle, MemoryBar, State } from './component-cells.js'
import { bytes, count, failedShare, percent, rate, shortDuration } from './format.js'
import { componentLink } from './fragment.js'
import { html } from './html.js'
import { Badge } from './badge.js'
import { idOf } from './cluster-data.js'
import { copiesKey, familyKey } from './table-rows.js'
import { toggle } from './table-view.js'
import { ErrorBars, MemoryLine } from './trends.js'
import { wrongWith } from './urgent.js'
import { hostWords, nextWords } from './words.js'

/**
 * @typedef {{ row: Row, index: number, top: number, reachable: boolean, largest: number, more: boolean, trend: number, troubles: Troubles,
 *   host: string | undefined }} RowProps top: pixels; host: the name of this one, where a cluster is joined
 */

/**
 * One row. Rendered again only when something of it changed; the server sends components that did as new objects.
 *
 * @extends {Component<RowProps>}
 */
export class ComponentRow extends Component {
  /**
   * @override
   * @param {RowProps} next
   */
  shouldComponentUpdate(next) {
    const { row, ...rest } = this.props
    return (
      row.view !== next.row.view ||
      openOf(row) !== openOf(next.row) ||
      Object.entries(rest).some(([key, value]) => value !== next[/** @type {keyof RowProps} */ (key)])
    )
  }

  /**
   * @override
   * @param {RowProps} props
   */
  render({ row, index, top, reachable, largest, more, trend, troubles, host }) {
    const { view } = row
    const { state, memory, next } = view
    const names = row.kind === 'family' ? row.members.map(idOf) : row.kind === 'copy' ? [] : [idOf(view)]
    const wrong = countedTroubles(row, troubles)
    const growth = view.growth
    const share = view.errorShare
    /**
     * @param {string} id
     * @param {string} label
     * @param {ComponentChildren} value
     */
    const cell = (id, label, value, extra = '') =>
      html`<td role="gridcell" data-label=${label} class=${`col-${id} ${extra}`}>${value}</td>`
    return html`
      <tr
        role="row"
        class=${`row-${state} level-row-${row.level} row-${row.kind}`}
        style=${{ top: `${top}px` }}
        tabindex=${reachable ? 0 : -1}
        aria-rowindex=${index + 2}
        aria-level=${row.level}
        aria-expanded=${openOf(row)}
      >
        <th role="rowheader" scope="row" class="col-name text"><${Name} row=${row} /></th>
        <td role="gridcell" data-label="State" class="col-state text">
          <${State} state=${state} troubled=${wrong.length > 0} />
          ${wrong.map(({ kind, times }) => html`<${Badge} kind=${kind} times=${times} />`)}
        </td>
        <td role="gridcell" data-label="Memory" class="col-memory">
          <span
            >${bytes(memory?.total)}${memory?.stale ? html` <abbr title="It did not answer in time: the last known figure">stale</abbr>` : ''}</span
          >
          <${MemoryBar} memory=${memory} largest=${largest} />
        </td>
        <td role="gridcell" data-label="Growth" class="col-growth">
          <${MemoryLine} names=${names} key=${trend} />
          <span class=${growth > 0 ? 'warn' : ''}>${growth > 0 ? `+${bytes(growth)}` : '–'}</span>
        </td>
        <td role="gridcell" data-label="Errors" class="col-errors">
          <${ErrorBars} names=${names} />
          <span class=${view.errors > 0 ? 'pair' : ''}>
            <span class=${share ? 'bad' : ''}>${share === null && view.errors > 0 ? '–' : failedShare(share)}</span>
            ${view.errors > 0 && html`<small title=${`${count(view.errors)} of ${count(view.calls)} calls failed`}>${short(view.errors)}</small>`}
          </span>
        </td>
        ${cell('inUse', 'In use', view.inUse > 0 ? count(view.inUse) : '–', view.inUse > 0 ? 'strong' : '')}
        ${cell('idle', 'Idle', row.kind === 'copy' ? '–' : html`<${Idle} component=${view} short=${true} />`)}
        ${cell('rate', 'Calls/s', view.callRate > 0 ? rate(view.callRate) : '–')}
        ${cell('p99', 'p99', shortDuration(view.p99))}
        ${host !== undefined && cell('host', 'Host', html`<${Host} row=${row} self=${host} />`, 'text')}
        ${cell('next', 'Next', html`<span title=${nextWords(next)}>${nextWords(next)}</span>`, `text next next-${next.verdict}`)}
        ${
          more &&
          html`
            ${cell('priority', 'Priority', view.priority)} ${cell('generation', 'Generation', count(view.generation))}
            ${cell('loads', 'Loads', count(view.loads))} ${cell('unloads', 'Unloads', count(view.unloads))}
            ${cell('heap', 'Heap', bytes(memory?.physical))} ${cell('external', 'External', bytes(memory?.external))}
            ${cell('peak', 'Peak', bytes(view.learnedPeak))}
            ${cell('crashes', 'Crashes', count(view.crashes), view.crashes > 0 ? 'bad' : '')}
            ${cell('regrets', 'Regrets', count(view.regrets))}
            ${cell('loadTime', 'Last load', shortDuration(view.lastLoadTime))}
            ${cell('cpu', 'CPU', view.load ? percent(view.load.cpu) : '–')}
            ${cell('p50', 'p50', shortDuration(view.p50))}
          `
        }
      </tr>
    `
  }
}

/** @param {{ row: Row }} props */
function Name({ row }) {
  const { view } = row
  const { name, type, pinned } = view
  if (row.kind === 'family') {
    return html`<${Opener} open=${row.open} of=${familyKey(name)} label=${`Members of ${name}`} />
      <span class="name"><b>${name}</b><small>${`${type}, ${loadedOf(row.members)}`}</small></span>`
  }
  const small = [type, hostWords(view), ...(pinned ? ['pinned'] : [])].join(', ')
  if (row.kind === 'copy') return html`<span class="name">${name}<small>${hostWords(view)}</small></span>`
  const copies = view.instances.length
  return html`
    ${row.open !== undefined && html`<${Opener} open=${row.open} of=${copiesKey(view)} label=${`Copies of ${name}`} />`}
    <span class="name">
      ${view.host === undefined ? html`<a href=${componentLink(name)} tabindex="-1" title=${name}>${name}</a>` : html`<b title=${name}>${name}</b>`}
      <small>${copies > 1 ? `${copies} copies, ${small}` : small}</small>
    </span>
  `
}

/**
 * Whose it is; of a family, of how many hosts its members are.
 *
 * @param {{ row: Row, self: string }} props
 */
function Host({ row, self }) {
  const hosts = new Set((row.kind === 'family' ? row.members : [row.view]).map((view) => view.host ?? self))
  const [first, ...others] = hosts
  if (others.length > 0) return `${hosts.size} hosts`
  return html`<span title=${first}>${first}</span>
    ${row.view.stale && html` <abbr title="It does not answer: the last known figures">stale</abbr>`}`
}

/** @param {{ open: boolean, of: string, label: string }} props */
function Opener({ open, of, label }) {
  return html`<button
    class="opener"
    tabindex="-1"
    aria-expanded=${open}
    aria-label=${label}
    onClick=${() => toggle(of)}
  ></button>`
}

/** @param {Row} row */
function openOf(row) {
  return row.kind === 'copy' ? undefined : row.open
}

/**
 * @param {Row} row
 * @param {Troubles} troubles
 * @returns {{ kind: string, times: number }[]}
 */
function countedTroubles(row, troubles) {
  /** @type {Map<string, number>} */
  const counts = new Map()
  for (const member of row.kind === 'family' ? row.members : [row.view]) {
    for (const kind of wrongWith(member, troubles)) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  return [...counts].map(([kind, times]) => ({ kind, times: row.kind === 'family' ? times : 1 }))
}

/** @param {readonly Row['view'][]} members */
function loadedOf(members) {
  return `${members.filter(({ state }) => state === 'ready').length} of ${members.length} loaded`
}

/** @param {number} value */
function short(value) {
  return value < 10_000 ? count(value) : value < 1e6 ? `${Math.round(value / 1e3)}k` : `${(value / 1e6).toFixed(1)}M`
}
