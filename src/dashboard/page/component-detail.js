/** @import { Answer } from '../../live/schemas.ts' */

import { useEffect, useState } from 'preact/hooks'
import { get } from './connection.js'
import { store, useStore } from './store.js'

/** @typedef {Answer<'/api/components/:name'>} Detail */
/** @typedef {Detail['marks'][number]} Mark */

/** ms between two looks: its workers are asked who called them. */
const interval = 5_000

/**
 * What the stream does not tell of a component: its callers, its last errors, its marks. Looked up again every few seconds and after each of its events,
 * while the page is seen and connected.
 *
 * @param {string} name
 * @returns {Detail | undefined} undefined: not yet
 */
export function useDetail(name) {
  const [detail, setDetail] = useState(/** @type {Detail | undefined} */ (undefined))
  const { connection, events } = useStore()
  const live = connection.status === 'live'
  const lastEvent = events.findLast(({ component }) => component === name)?.id
  useEffect(() => {
    if (!live) return undefined
    let gone = false
    const look = async () => {
      if (document.hidden) return
      try {
        // Its history is the plot's to load.
        const found = await get(`api/components/${encodeURIComponent(name)}?points=1`, store.token)
        if (!gone) setDetail(found)
      } catch {
        // What is known stays until the next look.
      }
    }
    const lookNow = () => void look()
    lookNow()
    const timer = setInterval(lookNow, interval)
    document.addEventListener('visibilitychange', lookNow)
    return () => {
      gone = true
      clearInterval(timer)
      document.removeEventListener('visibilitychange', lookNow)
    }
  }, [name, live, lastEvent])
  return detail
}
