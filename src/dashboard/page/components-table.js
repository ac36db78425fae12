/** @import { RefObject } from 'preact' */

import { useEffect, useMemo, useRef } from 'preact/hooks'
import { componentsOf } from './cluster-data.js'
import { html, withValue } from './html.js'
import { useLive, useNow } from './store.js'
import { moreColumns, usualColumns } from './table-columns.js'
import { TableGrid } from './table-grid.js'
import { tableRows } from './table-rows.js'
import { toggle, useChoices, useOpen } from './table-view.js'
import { troubles } from './urgent.js'

const moreKey = 'more columns'

/** All components with their figures; sorted, searched, filtered and folded here. */
export function ComponentsCard() {
  const { components: own, cluster, plan, advice } = useLive()
  const now = useNow()
  const { order, sort, sortBy, search, setSearch, filter, setFilter, host, setHost } = useChoices()
  const open = useOpen()
  // What is sorted by is to be seen.
  const forced = moreColumns.some(({ id }) => id === sort.id)
  const more = forced || open.has(moreKey)
  const changeMore = () => {
    if (forced) sortBy('memory')
    if (!forced || open.has(moreKey)) toggle(moreKey)
  }
  const field = useRef(/** @type {HTMLInputElement | null} */ (null))
  useSlashKey(field)

  const troubled = useMemo(() => troubles(advice), [advice])
  const others = cluster?.components
  const components = useMemo(() => componentsOf(own, cluster, host), [own, others, cluster?.name, host])
  const { rows, found } = useMemo(
    () => tableRows(components, { sort, search, filter, open }, troubled, now),
    [components, order, search, filter, open, troubled, sort.id === 'idle' ? now : 0],
  )
  const what = plan.actual
    ? 'what the next round of unloading would do'
    : `what a round would do if pressure were ${plan.level}`
  const shown = [...usualColumns(cluster !== undefined), ...moreColumns]

  return html`
    <section class="card components" aria-labelledby="components-title">
      <header>
        <h2 id="components-title">
          Components
          <span class="muted" role="status"
            >${found === components.length ? `${found}` : `${found} of ${components.length}`}${cluster && cluster.hidden > 0 ? `, ${cluster.hidden} of other hosts are not shown` : ''}</span
          >
        </h2>
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
          ${cluster && html`<${HostFilter} hosts=${cluster.hosts} host=${host} setHost=${setHost} />`}
          <label class="field only-narrow">
            <span class="sr">Sort by</span>
            <select value=${sort.id} onChange=${withValue(sortBy)}>
              ${shown.map(({ id, label }) => html`<option value=${id}>Sort: ${label}</option>`)}
            </select>
          </label>
          <button aria-pressed=${more} onClick=${changeMore}>More columns</button>
        </div>
      </header>
      <${TableGrid}
        rows=${rows}
        sort=${sort}
        sortBy=${sortBy}
        more=${more}
        troubles=${troubled}
        host=${cluster?.name}
        what=${what}
        plan=${plan}
      />
      ${
        rows.length === 0 &&
        html`<p class="empty">${components.length === 0 ? 'No component is registered.' : 'No component matches.'}</p>`
      }
    </section>
  `
}

/**
 * Which host's components are shown.
 *
 * @param {{ hosts: ReadonlyMap<string, unknown>, host: string, setHost: (host: string) => void }} props
 */
function HostFilter({ hosts, host, setHost }) {
  const names = [...new Set([...hosts.keys(), ...(host === '' ? [] : [host])])].sort()
  // Made again only when there are others: there may be a thousand.
  const options = useMemo(
    () => names.map((name) => html`<option key=${name} value=${name}>${name}</option>`),
    [names.join(' ')],
  )
  return html`<label class="field">
    <span class="sr">Show the host</span>
    <select value=${host} onChange=${withValue(setHost)}>
      <option value="">All hosts</option>
      ${options}
    </select>
  </label>`
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
