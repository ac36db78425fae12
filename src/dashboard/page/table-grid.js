/** @import { PlanView } from '../../live/schemas.ts' */
/** @import { Column } from './table-columns.js' */
/** @import { Row, Troubles, View } from './table-rows.js' */

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { ComponentRow } from './component-row.js'
import { componentLink } from './fragment.js'
import { html } from './html.js'
import { moreColumns, usualColumns } from './table-columns.js'
import { copiesKey, familyKey } from './table-rows.js'
import { toggle } from './table-view.js'
import { trendVersion } from './trends.js'

/** Up to so many rows are all there. */
const few = 60
/** Rows beyond what is visible, above and below; the part that is there moves in such steps. */
const beyond = 10

/** @typedef {{ first: number, end: number }} Part */

/**
 * The table itself: a tree of rows of which only those near what is visible are in the document. They scroll with the page. One row can be reached with
 * Tab; from there arrows, Page Up, Page Down, Home and End go to others, Enter opens them.
 *
 * @param {object} props
 * @param {readonly Row[]} props.rows
 * @param {View['sort']} props.sort
 * @param {(id: string) => void} props.sortBy
 * @param {boolean} props.more whether all columns are shown
 * @param {Troubles} props.troubles
 * @param {string | undefined} props.host name of this host, where a cluster is joined
 * @param {PlanView} props.plan
 * @param {string} props.what the last column says
 */
export function TableGrid({ rows, sort, sortBy, more, troubles, host, plan, what }) {
  const body = useRef(/** @type {HTMLElement | null} */ (null))
  const head = useRef(/** @type {HTMLElement | null} */ (null))
  const [rowHeight, setRowHeight] = useState(46)
  const [part, setPart] = useState({ first: 0, end: few })
  const [active, setActive] = useState(/** @type {string | undefined} */ (undefined))
  /** Row that is to have the focus once it is there. */
  const wanted = useRef(/** @type {string | undefined} */ (undefined))

  // A row that moves in the document, because others are sorted before it, would lose the focus.
  const focused = body.current?.contains(document.activeElement) ? document.activeElement : null
  const focusedIndex = focused ? Number(focused.closest('tr')?.ariaRowIndex ?? 0) - 2 : -1

  const measure = () => {
    const element = body.current
    if (!element) return
    const height = Number.parseFloat(getComputedStyle(element).getPropertyValue('--row')) || rowHeight
    setRowHeight(height)
    setPart((before) => {
      const after = visible(element.getBoundingClientRect().top, height, rows.length)
      return before.first === after.first && before.end === after.end ? before : after
    })
  }
  const latest = useRef(measure)
  latest.current = measure
  useEffect(() => {
    let asked = 0
    const soon = () => {
      if (!asked)
        asked = requestAnimationFrame(() => {
          asked = 0
          latest.current()
        })
    }
    addEventListener('scroll', soon, { passive: true })
    addEventListener('resize', soon)
    return () => {
      cancelAnimationFrame(asked)
      removeEventListener('scroll', soon)
      removeEventListener('resize', soon)
    }
  }, [])
  useLayoutEffect(measure, [rows.length, more])

  const activeIndex = rows.findIndex(({ key }) => key === active)
  const first = Math.min(part.first, Math.max(0, rows.length - 1))
  const end = Math.min(part.end, rows.length)
  const reachable = activeIndex === -1 ? first : activeIndex
  useLayoutEffect(() => {
    const key = wanted.current
    wanted.current = undefined
    if (key !== undefined) rowAt(body.current, activeIndex)?.focus({ preventScroll: true })
    else if (focused?.isConnected && document.activeElement !== focused && focused instanceof HTMLElement)
      focused.focus({ preventScroll: true })
    // It was unregistered, or its family was closed.
    else if (focused && !focused.isConnected)
      rowAt(body.current, Math.min(focusedIndex, rows.length - 1))?.focus({ preventScroll: true })
  })

  /** @param {number} index */
  const move = (index) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))]
    const element = body.current
    if (!row || !element) return
    wanted.current = row.key
    setActive(row.key)
    const top = element.getBoundingClientRect().top + rows.indexOf(row) * rowHeight
    const above = head.current?.offsetHeight ?? 0
    if (top < above) scrollBy(0, top - above)
    else if (top + rowHeight > innerHeight) scrollBy(0, top + rowHeight - innerHeight)
    measure()
  }
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !(event.target instanceof Element)) return
    const index = Number(event.target.closest('tr')?.ariaRowIndex ?? 0) - 2
    const row = rows[index]
    if (!row) return
    const page = Math.max(1, Math.floor((innerHeight - (head.current?.offsetHeight ?? 0)) / rowHeight) - 1)
    const isOpen = row.kind === 'copy' ? undefined : row.open
    /** @type {Readonly<Record<string, () => void>>} */
    const does = {
      ArrowDown: () => move(index + 1),
      ArrowUp: () => move(index - 1),
      PageDown: () => move(index + page),
      PageUp: () => move(index - page),
      Home: () => move(0),
      End: () => move(rows.length - 1),
      ArrowRight: () => (isOpen === false ? toggle(toggleKey(row)) : isOpen && move(index + 1)),
      ArrowLeft: () =>
        isOpen ? toggle(toggleKey(row)) : move(rows.findLastIndex((each, i) => i < index && each.level < row.level)),
      Enter: () => open(row),
    }
    const own = event.target.closest('a, button')
    if ((event.key === 'Enter' && own) || !Object.hasOwn(does, event.key)) return
    event.preventDefault()
    does[event.key]?.()
  }

  const largest = Math.max(1, ...rows.map(({ level, view }) => (level === 1 ? (view.memory?.total ?? 0) : 0)))
  const shown = rows.map((row, index) => ({ row, index })).slice(first, end)
  if (activeIndex !== -1 && (activeIndex < first || activeIndex >= end)) {
    const row = rows[activeIndex]
    if (row) shown.splice(activeIndex < first ? 0 : shown.length, 0, { row, index: activeIndex })
  }
  const trend = trendVersion()
  return html`
    <table
      role="treegrid"
      class=${`${more ? 'more' : ''} ${host === undefined ? '' : 'hosts'}`}
      aria-labelledby="components-title"
      aria-describedby="components-what"
      aria-rowcount=${rows.length + 1}
    >
      <caption class="sr" id="components-what">
        Components with state, memory and calls. “Next unload” says ${what}. Arrow keys go from row to row, Enter opens
        one.
      </caption>
      <thead role="rowgroup" ref=${head}>
        <tr role="row" aria-rowindex="1">
          ${[...usualColumns(host !== undefined), ...(more ? moreColumns : [])].map(
            (column) =>
              html`<${Header}
                key=${column.id}
                column=${column}
                sort=${sort}
                sortBy=${sortBy}
                label=${column.id === 'next' && !plan.actual ? `If ${plan.level}` : column.label}
                title=${column.id === 'next' ? what : column.title}
              />`,
          )}
        </tr>
      </thead>
      <tbody
        role="rowgroup"
        ref=${body}
        style=${{ height: `${rows.length * rowHeight}px` }}
        onKeyDown=${onKeyDown}
        onFocusIn=${(/** @type {FocusEvent} */ { target }) =>
          target instanceof Element && setActive(rows[Number(target.closest('tr')?.ariaRowIndex) - 2]?.key)}
      >
        ${shown.map(
          ({ row, index }) =>
            html`<${ComponentRow}
              key=${row.key}
              row=${row}
              index=${index}
              top=${index * rowHeight}
              reachable=${index === reachable}
              largest=${largest}
              more=${more}
              trend=${trend}
              troubles=${troubles}
              host=${host}
            />`,
        )}
      </tbody>
    </table>
  `
}

/**
 * @param {object} props
 * @param {Column} props.column
 * @param {View['sort']} props.sort
 * @param {(id: string) => void} props.sortBy
 * @param {string} props.label
 * @param {string} [props.title]
 */
function Header({ column: { id, text }, sort, sortBy, label, title }) {
  return html`<th
    role="columnheader"
    scope="col"
    class=${`col-${id} ${text ? 'text' : ''}`}
    aria-sort=${sort.id === id ? (sort.down ? 'descending' : 'ascending') : 'none'}
  >
    <button onClick=${() => sortBy(id)} title=${title}>${label}<i aria-hidden="true"></i></button>
  </th>`
}

/**
 * The rows that are to be there.
 *
 * @param {number} top of the first row, pixels from the top of the window
 * @param {number} rowHeight pixels
 * @param {number} length
 * @returns {Part}
 */
function visible(top, rowHeight, length) {
  if (length <= few) return { first: 0, end: few }
  /** @param {number} index */
  const step = (index) => Math.max(0, Math.floor(index / beyond) * beyond)
  const first = step(Math.min(length, -top / rowHeight) - beyond)
  return { first, end: step((innerHeight - top) / rowHeight) + 2 * beyond }
}

/**
 * @param {HTMLElement | null} body
 * @param {number} index
 * @returns {HTMLElement | null | undefined}
 */
function rowAt(body, index) {
  return body?.querySelector(`tr[aria-rowindex="${index + 2}"]`)
}

/** @param {Row} row */
function toggleKey({ kind, view }) {
  return kind === 'family' ? familyKey(view.name) : copiesKey(view)
}

/** @param {Row} row */
function open(row) {
  if (row.kind === 'family') toggle(toggleKey(row))
  // Of those of other hosts the page has no more than the row.
  else if (row.kind === 'component' && row.view.host === undefined) location.hash = componentLink(row.view.name)
}
