/** @import { ComponentView } from '../../live/schemas.ts' */
/** @import { Components } from './store.js' */

import { useMemo, useState } from 'preact/hooks'
import { componentLink } from './fragment.js'
import { html } from './html.js'
import { useStore } from './store.js'
import { stateNames } from './words.js'

/** @typedef {{ name: string, state: ComponentView['state'] | 'missing', dependencies: readonly string[] }} Known */
/** @typedef {Known & { x: number, y: number }} Placed pixels */

const box = { width: 168, height: 30, gapX: 56, gapY: 12 }

/** More nodes than this are drawn only when they are asked for. */
const few = 40
const openKey = 'spillway-graph'

/** Who needs whom: what is needed stands right of what needs it. Drawn while it is open. */
export function DependencyCard() {
  const { components } = useStore()
  const connected = useMemo(
    () =>
      [...components.values()].filter(({ dependencies, dependents }) => dependencies.length + dependents.length > 0),
    [components],
  )
  const [chosen, setChosen] = useState(() => localStorage.getItem(openKey))
  const open = chosen === null ? connected.length <= few : chosen === 'open'
  // Each tick brings new components; what is drawn here seldom changes.
  const identity = connected
    .map(({ name, state, dependencies }) => [name, state, ...dependencies].join('\t'))
    .join('\n')
  const graph = useMemo(() => (open ? html`<${Graph} components=${components} />` : undefined), [open, identity])
  if (connected.length === 0) return null
  /** @param {Event & { currentTarget: HTMLDetailsElement }} event */
  const onToggle = ({ currentTarget }) => {
    if (currentTarget.open === open) return
    const next = currentTarget.open ? 'open' : 'closed'
    localStorage.setItem(openKey, next)
    setChosen(next)
  }
  return html`
    <details class="card graph" open=${open} onToggle=${onToggle}>
      <summary>
        <h2>Dependencies</h2>
        <span class="muted">${connected.length} components</span>
      </summary>
      ${graph}
    </details>
  `
}

/** @param {{ components: Components }} props */
function Graph({ components }) {
  const { nodes, edges, width, height } = layout(components)
  return html`<div class="scroll" role="region" aria-label="Dependency graph" tabindex="0">
    <svg
      width=${width}
      height=${height}
      viewBox=${`0 0 ${width} ${height}`}
      role="group"
      aria-label="Components and their dependencies"
    >
      <g aria-hidden="true">${edges.map(({ key, path }) => html`<path key=${key} class="edge" d=${path} />`)}</g>
      ${nodes.map((node) => html`<${Node} key=${node.name} node=${node} />`)}
    </svg>
  </div>`
}

/** @param {{ node: Placed }} props */
function Node({ node: { name, state, x, y, dependencies } }) {
  const needs = dependencies.length > 0 ? `, needs ${dependencies.join(', ')}` : ''
  const said = state === 'missing' ? 'not registered' : stateNames[state]
  const short = name.length > 21 ? `${name.slice(0, 20)}…` : name
  return html`
    <a href=${componentLink(name)} aria-label=${`${name}, ${said}${needs}`}>
      <title>${name}: ${said}</title>
      <rect class=${`node node-${state}`} x=${x} y=${y} width=${box.width} height=${box.height} rx="7" />
      <circle class=${`dot dot-${state}`} cx=${x + 14} cy=${y + box.height / 2} r="4" />
      <text x=${x + 25} y=${y + box.height / 2 + 4}>${short}</text>
    </a>
  `
}

/**
 * Columns by the longest way to a component that needs nothing; within a column, near what one is connected with.
 *
 * @param {Components} components
 */
function layout(components) {
  /** @type {Map<string, Known>} */
  const known = new Map()
  for (const { name, state, dependencies, dependents } of components.values()) {
    if (dependencies.length === 0 && dependents.length === 0) continue
    known.set(name, { name, state, dependencies })
    for (const dependency of dependencies) {
      if (!components.has(dependency)) known.set(dependency, { name: dependency, state: 'missing', dependencies: [] })
    }
  }
  /** @type {Map<string, number>} */
  const depths = new Map()
  /**
   * @param {string} name
   * @returns {number}
   */
  const depthOf = (name) => {
    const found = depths.get(name)
    if (found !== undefined) return found
    depths.set(name, 0)
    const { dependencies = [] } = known.get(name) ?? {}
    const depth = Math.max(-1, ...dependencies.map((dependency) => depthOf(dependency))) + 1
    depths.set(name, depth)
    return depth
  }
  /** @type {Known[][]} */
  const columns = []
  for (const node of known.values()) (columns[depthOf(node.name)] ??= []).push(node)
  const deepest = columns.length - 1
  /** @type {Map<string, number>} */
  const rows = new Map()
  for (const column of columns) {
    /** @param {Known} node */
    const wish = (node) => {
      const places = node.dependencies.map((dependency) => rows.get(dependency) ?? 0)
      return places.length > 0 ? places.reduce((sum, place) => sum + place, 0) / places.length : 0
    }
    column.sort((a, b) => wish(a) - wish(b))
    for (const [row, node] of column.entries()) rows.set(node.name, row)
  }
  const nodes = [...known.values()].map((node) => ({
    ...node,
    x: 1 + (deepest - depthOf(node.name)) * (box.width + box.gapX),
    y: 1 + (rows.get(node.name) ?? 0) * (box.height + box.gapY),
  }))
  const placed = new Map(nodes.map((node) => [node.name, node]))
  const edges = nodes.flatMap((from) =>
    from.dependencies.flatMap((dependency) => {
      const to = placed.get(dependency)
      if (!to) return []
      const [x1, y1] = [from.x + box.width, from.y + box.height / 2]
      const [x2, y2] = [to.x, to.y + box.height / 2]
      const bend = Math.max(24, (x2 - x1) / 2)
      return {
        key: `${from.name}\n${dependency}`,
        path: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`,
      }
    }),
  )
  const tallest = Math.max(0, ...columns.map((column) => column.length))
  return {
    nodes,
    edges,
    width: columns.length * (box.width + box.gapX) - box.gapX + 2,
    height: tallest * (box.height + box.gapY) - box.gapY + 2,
  }
}
