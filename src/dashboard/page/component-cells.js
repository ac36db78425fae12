/** @import { ComponentView } from '../../live/schemas.ts' */

import { age, bytes, shortAge } from './format.js'
import { html } from './html.js'
import { useNow } from './store.js'
import { idleTime } from './table-columns.js'
import { stateNames } from './words.js'

/**
 * @param {object} props
 * @param {ComponentView['state']} props.state
 * @param {boolean} [props.troubled] something is wrong with it: then the state alone is no good news.
 */
export function State({ state, troubled = false }) {
  return html`<span class=${`state state-${troubled && state === 'ready' ? 'troubled' : state}`}
    >${stateNames[state]}</span
  >`
}

/** @param {{ component: ComponentView, short?: boolean }} props */
export function Idle({ component, short = false }) {
  const idle = idleTime(component, useNow())
  if (idle === null) return '–'
  if (idle === 0) return 'in use'
  return short ? html`<span title=${age(idle)}>${shortAge(idle)}</span>` : age(idle)
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
