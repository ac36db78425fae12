import { useEffect, useState } from 'preact/hooks'
import { routeOf, withoutToken } from './fragment.js'

/** The overview as it was left, with what was searched for and chosen there. */
let overview = '#/'
export const overviewLink = () => overview
/** How far it was scrolled down, in pixels. */
let overviewTop = 0
export const overviewPlace = () => overviewTop
let here = location.hash

/** @type {Set<() => void>} */
const movers = new Set()
/** @type {(token: string) => void} */
let givenToken = () => {}

/**
 * The token that the address brings now, undefined without one; those of later links are handed on.
 *
 * @param {(token: string) => void} later
 */
export function takeTokens(later) {
  givenToken = later
  return takeToken()
}

function takeToken() {
  const { fragment, token } = withoutToken(location.hash)
  if (token !== undefined) history.replaceState(null, '', fragment)
  return token || undefined
}

function moved() {
  if (routeOf(here).component === undefined) overviewTop = scrollY
  here = location.hash
  if (routeOf(location.hash).component === undefined) overview = location.hash || '#/'
  for (const mover of movers) mover()
}

// A link, an address that was typed, and back and forward all come by here.
addEventListener('popstate', () => {
  const token = takeToken()
  if (token !== undefined) givenToken(token)
  moved()
})

/**
 * @param {string} name
 * @param {string | undefined} value undefined: as it usually is, which needs no words.
 * @param {boolean} inPlace takes the place of what the address was, so that Back does not stop there.
 */
function choose(name, value, inPlace) {
  const [path = ''] = (location.hash || '#/').split('?')
  const { options } = routeOf(location.hash)
  if (value === undefined) options.delete(name)
  else options.set(name, value)
  const query = options.toString()
  const fragment = query ? `${path}?${query}` : path
  if (fragment === location.hash) return
  if (inPlace) history.replaceState(null, '', fragment)
  else history.pushState(null, '', fragment)
  moved()
}

/** The route, with the component rendered again when it changes. */
export function useRoute() {
  const [fragment, setFragment] = useState(location.hash)
  useEffect(() => {
    const mover = () => setFragment(location.hash)
    movers.add(mover)
    mover()
    return () => void movers.delete(mover)
  }, [])
  return routeOf(fragment)
}

/**
 * Like useState, with its value in the address: it can be kept as a bookmark, and Back undoes a choice.
 *
 * @param {string} name
 * @param {string} usual what it is without a word in the address.
 * @param {{ inPlace?: boolean }} [how] of what changes with each key, Back undoes all at once.
 * @returns {[string, (value: string) => void]}
 */
export function useOption(name, usual, { inPlace = false } = {}) {
  const value = useRoute().options.get(name) ?? usual
  return [value, (next) => choose(name, next === usual ? undefined : next, inPlace && value !== usual)]
}
