const key = 'spillway-theme'
/** @typedef {'auto' | 'light' | 'dark'} Theme */

/** @type {readonly Theme[]} */
const themes = ['auto', 'light', 'dark']

export function currentTheme() {
  return themes.find((theme) => theme === localStorage.getItem(key)) ?? 'auto'
}

export function applyTheme(theme = currentTheme()) {
  if (theme === 'auto') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
  localStorage.setItem(key, theme)
  for (const listener of listeners) listener()
}

/** @param {Theme} theme */
export function nextTheme(theme) {
  return themes[themes.indexOf(theme) + 1] ?? 'auto'
}

/** @type {Set<() => void>} */
const listeners = new Set()
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  for (const listener of listeners) listener()
})

/**
 * Calls back when the colours change.
 *
 * @param {() => void} listener
 */
export function onTheme(listener) {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

const probe = document.createElement('i')
probe.hidden = true

/**
 * A colour of the style sheet as it is now, for what is drawn on a canvas.
 *
 * @param {string} name
 */
export function colour(name) {
  // The variable itself still says light-dark(...), which a canvas does not know.
  probe.style.color = `var(--${name})`
  if (!probe.isConnected) document.body.append(probe)
  return getComputedStyle(probe).color
}

/** @type {Map<string, number>} */
const places = new Map()
const series = 12

/**
 * The name of a component's colour; it keeps it as long as the page is open.
 *
 * @param {string} name of the component
 */
export function colourOf(name) {
  if (!places.has(name)) places.set(name, (places.size % series) + 1)
  return `series-${places.get(name)}`
}
