/** @import { FeedEvent } from '../../live/feed-event.ts' */

import { useState } from 'preact/hooks'
import { age, clock } from './format.js'
import { html, withValue } from './html.js'
import { useNow, useStore } from './store.js'
import { eventWords, kindName } from './words.js'

const shown = 60
/** @typedef {'all' | 'unloads' | 'problems'} Filter */
/** @type {Readonly<Record<Filter, (event: FeedEvent) => boolean>>} */
const filters = {
  all: () => true,
  unloads: ({ kind }) => kind === 'unload' || kind === 'pressure' || kind === 'exhausted',
  problems: ({ severity }) => severity !== 'info',
}

/** What happened, newest first. */
export function EventsCard() {
  const { events } = useStore()
  const [filter, setFilter] = useState(/** @type {Filter} */ ('all'))
  return html`
    <section class="card events" aria-labelledby="events-title">
      <header>
        <h2 id="events-title">Events</h2>
        <label class="field">
          <span class="sr">Show events</span>
          <select value=${filter} onChange=${withValue((value) => setFilter(/** @type {Filter} */ (value)))}>
            <option value="all">All</option>
            <option value="unloads">Unloads and pressure</option>
            <option value="problems">Problems</option>
          </select>
        </label>
      </header>
      <${EventList} events=${events.filter(filters[filter])} />
    </section>
  `
}

/**
 * @param {object} props
 * @param {readonly FeedEvent[]} props.events
 * @param {boolean} [props.bare] leaves the components out: all are the same.
 */
export function EventList({ events, bare = false }) {
  const newest = events.slice(-shown).toReversed()
  if (newest.length === 0) return html`<p class="empty">Nothing has happened yet.</p>`
  return html`<ol class="event-list scroll" tabindex="0" aria-label="Events, newest first">
    ${newest.map((event) => html`<${Event} key=${event.id} event=${event} bare=${bare} />`)}
  </ol>`
}

/** @param {{ event: FeedEvent, bare: boolean }} props */
function Event({ event, bare }) {
  const { kind, severity, component, time } = event
  return html`
    <li class=${`event event-${severity} kind-${kind}`}>
      <span class="kind">${kindName(kind)}</span>
      <p>
        ${component && !bare && html`<a href=${`#/component/${encodeURIComponent(component)}`}>${component}</a> `}
        ${eventWords(event)}
      </p>
      <${Ago} time=${time} />
    </li>
  `
}

/** @param {{ time: number }} props */
function Ago({ time }) {
  const passed = useNow() - time
  return html`<time dateTime=${new Date(time).toISOString()} title=${clock(time)}
    >${passed < 1_500 ? 'now' : age(passed)}</time
  >`
}
