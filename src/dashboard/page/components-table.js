/** @import { ComponentChildren, RefObject } from 'preact' */
/** @import { ComponentView } from '../../live/schemas.ts' */

import { Component } from 'preact'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { age, bytes, count, duration, percent, rate } from './format.js'
import { html, withValue } from './html.js'
import { useOption } from './route.js'
import { useLive, useNow } from './store.js'
import { hostWords, nextWords, stateNames } from './words.js'

/**
 * ms without use, by the server's clock; 0 while it is in use, null while it is not loaded.
 *
 * @param {ComponentView} component
 * @param {number} now
 */
export function idleTime({ state, inUse, lastAccess, since }, now) {
  if (state !== 'ready') return null
  return inUse > 0 ? 0 : Math.max(0, now - Math.max(lastAccess ?? 0, since))
}

/** @type {readonly ComponentView['state'][]} */
const stateOrder = ['failed', 'zombie', 'loading', 'draining', 'unloading', 'ready', 'unloaded']
/** @param {ComponentView} component */
const nextOrder = ({ next }) => (next.verdict === 'goes' ? next.rank : next.verdict === 'stays' ? 1e6 : 1e7)

/**
 * Text columns sort upwards first, figures downwards. `of` gives what is sorted by.
 *
 * @typedef {{ id: string, label: string, text?: boolean, title?: string, of: (component: ComponentView, now: number) => string | number }} Column
 */
/** @type {readonly Column[]} */
const columns = [
  { id: 'name', label: 'Component', text: true, of: ({ name }) => name.toLowerCase() },
  { id: 'state', label: 'State', text: true, of: ({ state }) => stateOrder.indexOf(state) },
  { id: 'next', label: 'Next unload', text: true, of: nextOrder },
  { id: 'memory', label: 'Memory', of: ({ memory }) => memory?.total ?? -1, title: 'Heap, external and native memory' },
  {
    id: 'heap',
    label: 'Heap',
    of: ({ memory }) => memory?.physical ?? -1,
    title: 'Pages of the heap that are really there',
  },
  { id: 'external', label: 'External', of: ({ memory }) => memory?.external ?? -1, title: 'ArrayBuffers and Buffers' },
  { id: 'peak', label: 'Peak', of: ({ learnedPeak }) => learnedPeak ?? -1, title: 'Of its last generations' },
  {
    id: 'inUse',
    label: 'In use',
    of: ({ inUse }) => inUse,
    title: 'Calls under way and waiting, streams, subscriptions, leases',
  },
  { id: 'idle', label: 'Idle', of: (component, now) => idleTime(component, now) ?? -1 },
  { id: 'rate', label: 'Calls/s', of: ({ callRate }) => callRate },
  { id: 'p50', label: 'p50', of: ({ p50 }) => p50 ?? -1, title: 'Half of the calls of the last minute were faster' },
  { id: 'p99', label: 'p99', of: ({ p99 }) => p99 ?? -1, title: '99% of the calls of the last minute were faster' },
  { id: 'cpu', label: 'CPU', of: ({ load }) => load?.cpu ?? -1, title: 'Of one processor' },
  { id: 'loads', label: 'Loads', of: ({ loads }) => loads },
  { id: 'unloads', label: 'Unloads', of: ({ unloads }) => unloads },
  { id: 'crashes', label: 'Crashes', of: ({ crashes }) => crashes },
  { id: 'loadTime', label: 'Last load', of: ({ lastLoadTime }) => lastLoadTime ?? -1 },
  { id: 'generation', label: 'Gen.', of: ({ generation }) => generation, title: 'Generation: loads begun' },
  { id: 'priority', label: 'Prio.', of: ({ priority }) => priority, title: 'Lower is more important' },
]

/** @typedef {'all' | 'loaded' | 'unloaded' | 'problems'} Filter */
/** @type {Readonly<Record<Filter, (component: ComponentView) => boolean>>} */
const filters = {
  all: () => true,
  loaded: ({ state }) => state !== 'unloaded' && state !== 'failed',
  unloaded: ({ state }) => state === 'unloaded',
  problems: ({ state, crashes }) => state === 'failed' || state === 'zombie' || crashes > 0,
}

const filterNames = /** @type {Filter[]} */ (Object.keys(filters))

/**
 * What the address says of the order: the column, with a minus before it downwards.
 *
 * @param {string} order
 */
function sortOf(order) {
  const down = order.startsWith('-')
  const id = down ? order.slice(1) : order
  return columns.some((column) => column.id === id) ? { id, down } : { id: 'memory', down: true }
}

/** All components with their figures; sorted, searched and filtered here. */
export function ComponentsCard() {
  const { components, plan } = useLive()
  const now = useNow()
  const [order, setOrder] = useOption('sort', '-memory')
  const sort = useMemo(() => sortOf(order), [order])
  const [search, setSearch] = useOption('q', '', { inPlace: true })
  const [shown, setFilter] = useOption('show', 'all')
  const filter = filterNames.find((name) => name === shown) ?? 'all'
  const field = useRef(/** @type {HTMLInputElement | null} */ (null))
  useSlashKey(field)

  const all = [...components.values()]
  const largest = Math.max(1, ...all.map(({ memory }) => memory?.total ?? 0))
  const wanted = search.trim().toLowerCase()
  const found = all.filter(
    (component) => filters[filter](component) && (wanted === '' || textOf(component).includes(wanted)),
  )
  const rows = useMemo(() => sorted(found, sort, now), [components, sort, search, filter, sort.id === 'idle' ? now : 0])
  /** @param {string} id */
  const sortBy = (id) => {
    const text = columns.find((column) => column.id === id)?.text ?? false
    setOrder((sort.id === id ? !sort.down : !text) ? `-${id}` : id)
  }
  const what = plan.actual
    ? 'what the next round of unloading would do'
    : `what a round would do if pressure were ${plan.level}`

  return html`
    <section class="card components" aria-labelledby="components-title">
      <header>
        <h2 id="components-title">Components</h2>
        <div class="tools">
          <label class="field">
            <span class="sr">Search components</span>
            <input
              ref=${field}
              type="search"
              placeholder="Name, type or state"
              value=${search}
              onInput=${withValue(setSearch)}
            />
            <kbd aria-hidden="true">/</kbd>
          </label>
          <label class="field">
            <span class="sr">Show</span>
            <select value=${filter} onChange=${withValue(setFilter)}>
              <option value="all">All</option>
              <option value="loaded">Loaded</option>
              <option value="unloaded">Unloaded</option>
              <option value="problems">With problems</option>
            </select>
          </label>
          <label class="field only-narrow">
            <span class="sr">Sort by</span>
            <select value=${sort.id} onChange=${withValue(sortBy)}>
              ${columns.map(({ id, label }) => html`<option value=${id}>Sort: ${label}</option>`)}
            </select>
          </label>
          <span class="muted" role="status"
            >${rows.length === all.length ? `${all.length}` : `${rows.length} of ${all.length}`}</span
          >
        </div>
      </header>
      <div class="scroll" role="region" aria-label="Table of components" tabindex="0">
        <table role="table">
          <caption class="sr">
            Components with state, memory and calls. The third column says ${what}.
          </caption>
          <thead role="rowgroup">
            <tr role="row">
              ${columns.map(
                ({ id, label, text, title }) =>
                  html`<th
                    role="columnheader"
                    scope="col"
                    class=${text ? 'text' : ''}
                    aria-sort=${sort.id === id ? (sort.down ? 'descending' : 'ascending') : 'none'}
                  >
                    <button onClick=${() => sortBy(id)} title=${id === 'next' ? what : title}>
                      ${id === 'next' && !plan.actual ? `If ${plan.level}` : label}<i aria-hidden="true"></i>
                    </button>
                  </th>`,
              )}
            </tr>
          </thead>
          <tbody role="rowgroup">
            ${rows.map((component) => html`<${Row} key=${component.name} component=${component} largest=${largest} />`)}
          </tbody>
        </table>
        ${
          rows.length === 0 &&
          html`<p class="empty">${all.length === 0 ? 'No component is registered.' : 'No component matches.'}</p>`
        }
      </div>
    </section>
  `
}

/** @param {ComponentView} component */
function textOf({ name, type, state, next, isolation, pid }) {
  return `${name} ${type} ${state} ${stateNames[state]} ${nextWords(next)} ${hostWords({ isolation, pid })}`.toLowerCase()
}

/**
 * @param {readonly ComponentView[]} components
 * @param {{ id: string, down: boolean }} sort
 * @param {number} now
 */
function sorted(components, { id, down }, now) {
  const of = columns.find((column) => column.id === id)?.of ?? (() => 0)
  const sign = down ? -1 : 1
  return components
    .map((component, index) => ({ component, index, value: of(component, now) }))
    .sort((a, b) => (a.value < b.value ? -sign : a.value > b.value ? sign : a.index - b.index))
    .map(({ component }) => component)
}

/**
 * "/" goes to the search, as on many pages.
 *
 * @param {RefObject<HTMLInputElement | null>} field
 */
function useSlashKey(field) {
  useEffect(() => {
    /** @param {KeyboardEvent} event */
    const listener = (event) => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return
      if (event.target instanceof Element && event.target.closest('input, select, textarea, dialog')) return
      event.preventDefault()
      field.current?.focus()
    }
    addEventListener('keydown', listener)
    return () => removeEventListener('keydown', listener)
  }, [])
}

/** @typedef {{ component: ComponentView, largest: number }} RowProps */

/**
 * One component. Rendered again only when its figures changed; the server sends those that did as new objects.
 *
 * @extends {Component<RowProps>}
 */
class Row extends Component {
  /**
   * @override
   * @param {RowProps} next
   */
  shouldComponentUpdate({ component, largest }) {
    return component !== this.props.component || largest !== this.props.largest
  }

  /**
   * @override
   * @param {RowProps} props
   */
  render({ component, largest }) {
    const { name, type, state, memory, next } = component
    /**
     * @param {string} label
     * @param {ComponentChildren} value
     */
    const cell = (label, value, extra = '') => html`<td role="cell" data-label=${label} class=${extra}>${value}</td>`
    return html`
      <tr role="row" class=${`row-${state}`}>
        <th role="rowheader" scope="row" class="text">
          <a href=${`#/component/${encodeURIComponent(name)}`}>${name}</a>
          <small
            >${type}${component.pinned ? ', pinned' : ''}${component.isolation === 'process' ? `, ${hostWords(component)}` : ''}</small
          >
        </th>
        <td role="cell" data-label="State" class="text"><${State} state=${state} /></td>
        ${cell('Next', nextWords(next), `text next next-${next.verdict}`)}
        <td role="cell" data-label="Memory" class="memory">
          <span
            >${bytes(memory?.total)}${memory?.stale ? html` <abbr title="It did not answer in time: the last known figure">stale</abbr>` : ''}</span
          >
          <${MemoryBar} memory=${memory} largest=${largest} />
        </td>
        ${cell('Heap', bytes(memory?.physical))} ${cell('External', bytes(memory?.external))}
        ${cell('Peak', bytes(component.learnedPeak))}
        ${cell('In use', component.inUse > 0 ? count(component.inUse) : '–', component.inUse > 0 ? 'strong' : '')}
        <td role="cell" data-label="Idle"><${Idle} component=${component} /></td>
        ${cell('Calls/s', component.callRate > 0 ? rate(component.callRate) : '–')}
        ${cell('p50', duration(component.p50))} ${cell('p99', duration(component.p99))}
        ${cell('CPU', component.load ? percent(component.load.cpu) : '–')} ${cell('Loads', count(component.loads))}
        ${cell('Unloads', count(component.unloads))}
        ${cell('Crashes', count(component.crashes), component.crashes > 0 ? 'bad' : '')}
        ${cell('Last load', duration(component.lastLoadTime))} ${cell('Generation', count(component.generation))}
        ${cell('Priority', component.priority)}
      </tr>
    `
  }
}

/** @param {{ state: ComponentView['state'] }} props */
export function State({ state }) {
  return html`<span class=${`state state-${state}`}>${stateNames[state]}</span>`
}

/** @param {{ component: ComponentView }} props */
export function Idle({ component }) {
  const idle = idleTime(component, useNow())
  if (idle === null) return '–'
  return idle === 0 ? 'in use' : age(idle)
}

/**
 * What its memory is made of, as long as it is large compared with the largest.
 *
 * @param {{ memory: ComponentView['memory'], largest: number }} props
 */
export function MemoryBar({ memory, largest }) {
  if (!memory) return html`<span class="bar"></span>`
  /** @type {[string, number][]} */
  const parts = [
    ['heap', memory.physical],
    ['external', memory.external],
    ['native', memory.malloced + memory.reported + memory.native],
  ]
  const title = parts.map(([name, part]) => `${name} ${bytes(part)}`).join(', ')
  return html`<span class="bar" title=${title}>
    ${parts.map(([name, part]) => html`<i class=${`bar-${name}`} style=${{ width: `${(100 * part) / largest}%` }}></i>`)}
  </span>`
}
