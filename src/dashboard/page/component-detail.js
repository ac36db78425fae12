/** @import { Answer } from '../../live/schemas.ts' */

import { useEffect, useRef, useState } from 'preact/hooks'
import { get } from './connection.js'
import { store, useStore } from './store.js'

/** @typedef {Answer<'/api/components/:name'>} Detail */
/** @typedef {Detail['marks'][number]} Mark */

/** ms between two looks, and at least between them when much happens: its workers are asked who called them. */
const interval = { usual: 5_000, least: 1_000 }

/**
 * What the stream does not tell of a component: its callers, its last errors, its marks. Looked up again every few seconds and after each of its events,
 * while the page is seen and connected.
 *
 * @param {string} name the same for as long as it is shown
 * @returns {Detail | undefined} undefined: not yet
 */
export function useDetail(name) {
  const [detail, setDetail] = useState(/** @type {Detail | undefined} */ (undefined))
  const { connection, events } = useStore()
  const lookedAt = useRef(-Infinity)
  const live = connection.status === 'live'
  const lastEvent = events.findLast(({ component }) => component === name)?.id
  useEffect(() => {
    if (!live) return undefined
    const look = async () => {
      if (document.hidden) return
      lookedAt.current = performance.now()
      try {
        // Its history is the plot's to load.
        setDetail(await get(`api/components/${encodeURIComponent(name)}?points=1`, store.token))
      } catch {
        // What is known stays until the next look.
      }
    }
    const lookNow = () => void look()
    const soon = setTimeout(lookNow, lookedAt.current + interval.least - performance.now())
    const timer = setInterval(lookNow, interval.usual)
    document.addEventListener('visibilitychange', lookNow)
    return () => {
      clearTimeout(soon)
      clearInterval(timer)
      document.removeEventListener('visibilitychange', lookNow)
    }
  }, [name, live, lastEvent])
  return detail
}
