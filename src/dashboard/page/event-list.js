/** @import { RefObject } from 'preact' */
/** @import { FeedEvent } from '../../live/feed-event.ts' */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { age, clock } from './format.js'
import { componentLink } from './fragment.js'
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
  const list = useRef(/** @type {HTMLElement | null} */ (null))
  const width = useWidth(list)
  const newest = events.slice(-shown).toReversed()
  if (newest.length === 0) return html`<p class="empty">Nothing has happened yet.</p>`
  return html`<ol class="event-list scroll" tabindex="0" aria-label="Events, newest first" ref=${list}>
    ${newest.map((event) => html`<${Event} key=${event.id} event=${event} bare=${bare} width=${width} />`)}
  </ol>`
}

/**
 * What is longer than two lines is folded.
 *
 * @param {{ event: FeedEvent, bare: boolean, width: number }} props width: of the list, pixels
 */
function Event({ event, bare, width }) {
  const { kind, severity, component, time } = event
  const text = useRef(/** @type {HTMLElement | null} */ (null))
  const [open, setOpen] = useState(false)
  const [long, setLong] = useState(false)
  useLayoutEffect(() => {
    const { current } = text
    if (current && !open) setLong(current.scrollHeight > current.clientHeight + 1)
  }, [width, event])
  return html`
    <li class=${`event event-${severity} kind-${kind}`}>
      <p class="of">
        <span class="kind">${kindName(kind)}</span>${' '}
        ${component && !bare && html`<a href=${componentLink(component)}>${component}</a>`}
      </p>
      <${Ago} time=${time} />
      <p class=${open ? 'words' : 'words folded'} ref=${text}>${eventWords(event)}</p>
      ${
        long &&
        html`<button class="link" aria-expanded=${open} onClick=${() => setOpen(!open)}>
          ${open ? 'less' : 'more'}
        </button>`
      }
    </li>
  `
}

/**
 * Pixels.
 *
 * @param {RefObject<HTMLElement | null>} element
 */
function useWidth(element) {
  const [width, setWidth] = useState(0)
  useEffect(() => {
    if (!element.current) return undefined
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.round(entry.contentRect.width)))
    observer.observe(element.current)
    return () => observer.disconnect()
  }, [element.current])
  return width
}

/** @param {{ time: number }} props */
export function Ago({ time }) {
  const passed = useNow() - time
  // Made once: the words of a time take longer than all else here.
  const [said, exact] = useMemo(() => [clock(time), new Date(time).toISOString()], [time])
  return html`<time dateTime=${exact} title=${said}>${passed < 1_500 ? 'now' : age(passed)}</time>`
}
