/** @import { Filter } from './table-rows.js' */

import { useEffect, useState } from 'preact/hooks'
import { useOption } from './route.js'
import { columnOf } from './table-columns.js'

/** How the table of components is looked at: what is sorted by and searched for stands in the address; what is opened, in the browser. */

/** @type {readonly Filter[]} */
const filters = ['all', 'loaded', 'unloaded', 'problems']

/**
 * What the address says of the order: the column, with a minus before it downwards.
 *
 * @param {string} order
 */
function sortOf(order) {
  const down = order.startsWith('-')
  const id = down ? order.slice(1) : order
  return columnOf(id) ? { id, down } : { id: 'memory', down: true }
}

/** What is chosen, and what chooses something else. */
export function useChoices() {
  const [order, setOrder] = useOption('sort', '-memory')
  const [search, setSearch] = useOption('q', '', { inPlace: true })
  const [shown, setFilter] = useOption('show', 'all')
  const [host, setHost] = useOption('host', '')
  const sort = sortOf(order)
  /** @param {string} id */
  const sortBy = (id) => setOrder((sort.id === id ? !sort.down : !columnOf(id)?.text) ? `-${id}` : id)
  const filter = filters.find((name) => name === shown) ?? 'all'
  return { order, sort, sortBy, search, setSearch, filter, setFilter, host, setHost }
}

/**
 * The address of the components with problems, those that are the worst by a column on top.
 *
 * @param {string} search
 * @param {string} column
 */
export function problemsLink(search, column) {
  const options = new URLSearchParams({ show: 'problems', sort: columnOf(column)?.text ? column : `-${column}` })
  if (search !== '') options.set('q', search)
  return `#/?${options}`
}

const key = 'spillway-open'
/** @type {ReadonlySet<string>} */
let open = new Set(localStorage.getItem(key)?.split('\n'))
/** @type {Set<(keys: typeof open) => void>} */
const listeners = new Set()

/**
 * Opens what is closed, and closes what is open.
 *
 * @param {string} what
 */
export function toggle(what) {
  const next = new Set(open)
  if (!next.delete(what)) next.add(what)
  open = next
  localStorage.setItem(key, [...open].join('\n'))
  for (const listener of listeners) listener(open)
}

/** What is open, with the component rendered again when that changes. */
export function useOpen() {
  const [keys, setKeys] = useState(open)
  useEffect(() => {
    listeners.add(setKeys)
    setKeys(open)
    return () => void listeners.delete(setKeys)
  }, [])
  return keys
}
