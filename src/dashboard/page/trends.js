/** @import { State } from './store.js' */

import { idOf } from './cluster-data.js'
import { html } from './html.js'
import { store } from './store.js'

/** How the memory and the errors of every component went lately, for the small lines in the table. */

/** ms between two points. */
const spacing = 3_000
/** Three minutes. */
const points = 60
/** Points that are added up to one bar of errors. */
const barPoints = 4
/** Pixels. */
const size = { width: 42, height: 20 }
/** What varies by less than this share of itself is drawn nearly flat: it is noise. */
const leastRange = 0.25

/** @typedef {{ readonly memory: Float64Array, readonly errors: Float64Array }} Trend bytes, and errors ever; NaN: not known */

/** By the ids of components. @type {Map<string, Trend>} */
const trends = new Map()
/** Epoch ms of the last point, by the server's clock. */
let last = 0
/** Points ever taken. */
let taken = 0
/** What the points before this page was opened were taken from. */
let source = store.timeline.components
/** Changes with every point. */
let version = 0

store.subscribe(sample)

/** @param {State} state */
function sample({ memory, components, cluster }) {
  if (taken > 0 && store.timeline.components !== source) fill()
  if (!memory || memory.time - last < spacing) return
  // While there was no connection, nothing is known.
  const missed = taken === 0 ? 0 : Math.min(points, Math.round((memory.time - last) / spacing) - 1)
  for (let i = 0; i < missed; i++) {
    for (const trend of trends.values()) trend.memory[taken % points] = trend.errors[taken % points] = NaN
    taken++
  }
  const at = taken % points
  const others = cluster?.components
  for (const component of [...components.values(), ...(others?.values() ?? [])]) {
    const trend = trendOf(idOf(component))
    trend.memory[at] = component.memory?.total ?? 0
    trend.errors[at] = component.errors
  }
  if (at === 0) for (const id of trends.keys()) if (!components.has(id) && !others?.has(id)) trends.delete(id)
  taken++
  version++
  last = memory.time
}

/** What the timeline knows of the largest components from before, in the points that are not known. */
function fill() {
  const { times, components } = store.timeline
  source = components
  version++
  for (let back = 1; back < points; back++) {
    const time = last - back * spacing
    const index = times.findLastIndex((each) => each <= time)
    if (index === -1) return
    const at = (taken - 1 - back + points * 2) % points
    for (const { name, values } of components) {
      const { memory } = trendOf(name)
      if (Number.isNaN(memory[at])) memory[at] = values[index] ?? NaN
    }
  }
}

/** @param {string} name */
function trendOf(name) {
  let trend = trends.get(name)
  if (!trend) {
    trend = { memory: new Float64Array(points).fill(NaN), errors: new Float64Array(points).fill(NaN) }
    trends.set(name, trend)
  }
  return trend
}

/** What is drawn is still right while this does not change. */
export function trendVersion() {
  return version
}

/**
 * The points of several components added up, oldest first.
 *
 * @param {readonly string[]} names
 * @param {keyof Trend} what
 */
function column(names, what) {
  /** @type {number[]} */
  const sums = Array.from({ length: points }, () => NaN)
  for (const name of names) {
    const values = trends.get(name)?.[what]
    if (!values) continue
    for (let i = 0; i < points; i++) {
      const value = values[(taken + i) % points] ?? NaN
      if (!Number.isNaN(value)) sums[i] = (Number.isNaN(sums[i]) ? 0 : (sums[i] ?? 0)) + value
    }
  }
  return sums
}

/** @param {number} index */
const across = (index) => ((index / (points - 1)) * size.width).toFixed(1)

/**
 * The memory of components as a line.
 *
 * @param {{ names: readonly string[] }} props
 */
export function MemoryLine({ names }) {
  const values = column(names, 'memory')
  const known = values.filter((value) => !Number.isNaN(value))
  const most = Math.max(...known)
  if (known.length < 2 || most === 0) return html`<svg class="spark" aria-hidden="true"></svg>`
  const least = Math.min(...known)
  const range = Math.max(most - least, most * leastRange)
  let path = ''
  for (const [index, value] of values.entries()) {
    if (Number.isNaN(value)) continue
    const y = size.height - 2 - ((value - Math.min(least, most - range)) / range) * (size.height - 4)
    path += `${path === '' || Number.isNaN(values[index - 1]) ? 'M' : 'L'}${across(index)} ${y.toFixed(1)}`
  }
  return html`<svg class="spark" viewBox="0 0 ${size.width} ${size.height}" aria-hidden="true">
    <path d=${path} />
  </svg>`
}

/**
 * When components failed, as bars.
 *
 * @param {{ names: readonly string[] }} props
 */
export function ErrorBars({ names }) {
  const values = column(names, 'errors')
  /** @type {number[]} */
  const bars = []
  for (let i = 0; i < points; i += barPoints) {
    let failed = 0
    for (let j = Math.max(1, i); j < i + barPoints; j++) {
      const more = (values[j] ?? NaN) - (values[j - 1] ?? NaN)
      // Registered anew, it counts from 0 again.
      if (more > 0) failed += more
    }
    bars.push(failed)
  }
  const most = Math.max(...bars)
  if (most === 0) return html`<svg class="spark" aria-hidden="true"></svg>`
  const wide = size.width / bars.length
  const path = bars
    .map((failed, index) => {
      const tall = failed === 0 ? 0 : Math.max(2, (failed / most) * (size.height - 4))
      return failed === 0
        ? ''
        : `M${(index * wide).toFixed(1)} ${size.height - 2}v-${tall.toFixed(1)}h${(wide - 1).toFixed(1)}v${tall.toFixed(1)}z`
    })
    .join('')
  return html`<svg class="spark bars" viewBox="0 0 ${size.width} ${size.height}" aria-hidden="true">
    <path d=${path} />
  </svg>`
}
