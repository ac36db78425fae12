/** @import { ComponentView } from '../../live/schemas.ts' */

import { idOf } from './cluster-data.js'
import { columnOf, nextOrder, stateOrder } from './table-columns.js'
import { kindWords, wrongWith } from './urgent.js'
import { hostWords, nextWords, stateNames } from './words.js'

/** The rows of the table: families and copies folded into one, unless they are opened. Pure. */

/** @typedef {'all' | 'loaded' | 'unloaded' | 'problems'} Filter */
/**
 * `open`: keys of the families and components whose rows are shown one by one.
 *
 * @typedef {{ sort: { id: string, down: boolean }, search: string, filter: Filter, open: ReadonlySet<string> }} View
 */
/**
 * `view` of a family is a component made of its members: sums, and what is worst.
 *
 * @typedef {{ readonly key: string, readonly level: number, readonly view: ComponentView } & (
 *   { readonly kind: 'family', readonly open: boolean, readonly members: readonly ComponentView[] }
 *   | { readonly kind: 'component', readonly open: boolean | undefined }
 *   | { readonly kind: 'copy' })} Row open: undefined where there is nothing to open
 */
/** @typedef {ReadonlyMap<string, readonly string[]>} Troubles what is wrong with each component */

/** @param {string} family */
export const familyKey = (family) => `family ${family}`
/** @param {Pick<ComponentView, 'host' | 'name'>} component */
export const copiesKey = (component) => `copies ${idOf(component)}`

/** @type {Readonly<Record<Filter, (component: ComponentView, troubles: Troubles) => boolean>>} */
const filters = {
  all: () => true,
  loaded: ({ state }) => state !== 'unloaded' && state !== 'failed',
  unloaded: ({ state }) => state === 'unloaded',
  problems: (component, troubles) =>
    component.state === 'failed' ||
    component.state === 'zombie' ||
    component.crashes > 0 ||
    (component.errorShare ?? 0) > 0 ||
    (component.host === undefined && troubles.has(component.name)),
}

/**
 * @param {Iterable<ComponentView>} components
 * @param {View} view
 * @param {Troubles} troubles
 * @param {number} now epoch ms
 * @returns {{ rows: Row[], found: number }} found: components, folded or not
 */
export function tableRows(components, { sort, search, filter, open }, troubles, now) {
  const wanted = search.trim().toLowerCase()
  /** A family stands where its first member would. */
  /** @type {ComponentView[][]} */
  const groups = []
  /** @type {Map<string, ComponentView[]>} */
  const families = new Map()
  let found = 0
  for (const component of components) {
    if (!filters[filter](component, troubles) || !isFound(component, wanted, troubles)) continue
    found++
    const { family } = component
    const group = (family !== null && families.get(family)) || []
    if (group.push(component) > 1) continue
    groups.push(group)
    if (family !== null) families.set(family, group)
  }
  /** @type {Map<ComponentView, readonly ComponentView[]>} */
  const membersOf = new Map()
  const tops = groups.map((members) => {
    const top = together(members)
    // Of one there is nothing to fold.
    if (members.length > 1) membersOf.set(top, members)
    return top
  })
  /** @type {Row[]} */
  const rows = []
  /**
   * @param {ComponentView} component
   * @param {number} level
   */
  const add = (component, level) => {
    const { instances } = component
    const many = instances.length > 1
    const isOpen = many ? open.has(copiesKey(component)) : undefined
    rows.push({ kind: 'component', key: `component ${idOf(component)}`, level, view: component, open: isOpen })
    if (!isOpen) return
    for (const copy of instances) {
      const view = { ...component, ...copy, ...unknownOfCopies }
      rows.push({ kind: 'copy', key: `${copiesKey(component)} ${copy.name}`, level: level + 1, view })
    }
  }
  for (const top of sorted(tops, sort, now)) {
    const members = membersOf.get(top)
    if (!members) {
      add(top, 1)
      continue
    }
    const key = familyKey(top.name)
    // What was searched for is to be seen.
    const isOpen = open.has(key) || wanted !== ''
    rows.push({ kind: 'family', key, level: 1, view: top, open: isOpen, members })
    if (isOpen) for (const member of sorted(members, sort, now)) add(member, 2)
  }
  return { rows, found }
}

/** What is measured of a component as a whole only. */
const unknownOfCopies = {
  instances: [],
  lastAccess: null,
  lastLoadTime: null,
  callRate: 0,
  learnedPeak: null,
  p50: null,
  p99: null,
  load: null,
  growth: 0,
  errorShare: null,
  regrets: 0,
}

/**
 * @param {ComponentView} component
 * @param {string} wanted
 * @param {Troubles} troubles
 */
function isFound(component, wanted, troubles) {
  if (wanted === '' || textOf(component).includes(wanted)) return true
  return wrongWith(component, troubles).some((kind) => kindWords(kind).includes(wanted))
}

/** @type {WeakMap<ComponentView, string>} */
const texts = new WeakMap()

/** What a component is searched by. @param {ComponentView} component */
function textOf(component) {
  let text = texts.get(component)
  if (text === undefined) {
    const { name, type, state, pinned, next } = component
    text =
      `${name} ${component.host ?? ''} ${type} ${state} ${stateNames[state]} ${pinned ? 'pinned' : ''} ${nextWords(next)} ${hostWords(component)}`.toLowerCase()
    texts.set(component, text)
  }
  return text
}

/**
 * @param {readonly ComponentView[]} components
 * @param {View['sort']} sort
 * @param {number} now
 */
function sorted(components, { id, down }, now) {
  const of = columnOf(id)?.of ?? (() => 0)
  const sign = down ? -1 : 1
  return components
    .map((component, index) => ({ component, index, value: of(component, now) }))
    .sort((a, b) => (a.value < b.value ? -sign : a.value > b.value ? sign : a.index - b.index))
    .map(({ component }) => component)
}

/**
 * A family as if it were one component.
 *
 * @param {readonly ComponentView[]} members at least one; of one it is that
 * @returns {ComponentView}
 */
function together(members) {
  const [first] = members
  if (!first) throw new Error('A family without members has no row')
  if (members.length === 1) return first
  /** @param {(component: ComponentView) => number | null | undefined} of */
  const sum = (of) => members.reduce((total, member) => total + (of(member) ?? 0), 0)
  /** @param {(component: ComponentView) => number | null} of */
  const most = (of) =>
    members.reduce((/** @type {number | null} */ all, member) => {
      const each = of(member)
      return each === null || (all !== null && all >= each) ? all : each
    }, null)
  const measured = members.filter(({ memory }) => memory !== null)
  const processes = new Set(members.map(({ isolation }) => isolation))
  return {
    ...first,
    name: first.family ?? first.name,
    family: null,
    isolation: processes.size === 1 ? first.isolation : 'thread',
    pid: null,
    pinned: members.every(({ pinned }) => pinned),
    state: members.reduce(
      (/** @type {ComponentView['state']} */ worst, { state }) =>
        stateOrder.indexOf(state) < stateOrder.indexOf(worst) ? state : worst,
      first.state,
    ),
    since: Math.max(...members.map(({ since }) => since)),
    lastAccess: most(({ lastAccess }) => lastAccess),
    memory:
      measured.length === 0
        ? null
        : {
            used: sum(({ memory }) => memory?.used),
            physical: sum(({ memory }) => memory?.physical),
            external: sum(({ memory }) => memory?.external),
            malloced: sum(({ memory }) => memory?.malloced),
            reported: sum(({ memory }) => memory?.reported),
            native: sum(({ memory }) => memory?.native),
            total: sum(({ memory }) => memory?.total),
            peak: sum(({ memory }) => memory?.peak),
            stale: measured.some(({ memory }) => memory?.stale),
          },
    growth: sum(({ growth }) => growth),
    errorShare: sharedErrors(members),
    errors: sum(({ errors }) => errors),
    calls: sum(({ calls }) => calls),
    inUse: sum(({ inUse }) => inUse),
    callRate: sum(({ callRate }) => callRate),
    p50: most(({ p50 }) => p50),
    p99: most(({ p99 }) => p99),
    load: members.some(({ load }) => load)
      ? { cpu: sum(({ load }) => load?.cpu), eventLoop: most(({ load }) => load?.eventLoop ?? null) ?? 0 }
      : null,
    loads: sum(({ loads }) => loads),
    unloads: sum(({ unloads }) => unloads),
    crashes: sum(({ crashes }) => crashes),
    regrets: sum(({ regrets }) => regrets),
    generation: sum(({ generation }) => generation),
    learnedPeak: most(({ learnedPeak }) => learnedPeak),
    lastLoadTime: most(({ lastLoadTime }) => lastLoadTime),
    next: members.reduce((soonest, member) => (nextOrder(member) < nextOrder(soonest) ? member : soonest), first).next,
    instances: [],
  }
}

/**
 * Who is called more counts for more.
 *
 * @param {readonly ComponentView[]} members
 */
function sharedErrors(members) {
  let failed = 0
  let weights = 0
  for (const member of members) {
    const { errorShare: share } = member
    if (share === null) continue
    const weight = Math.max(member.callRate, 0.01)
    failed += share * weight
    weights += weight
  }
  return weights === 0 ? null : failed / weights
}
