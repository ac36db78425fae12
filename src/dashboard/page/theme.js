const key = 'spillway-theme'
const themes = ['auto', 'light', 'dark']

export function currentTheme() {
  const theme = localStorage.getItem(key)
  return themes.includes(theme) ? theme : 'auto'
}

export function applyTheme(theme = currentTheme()) {
  if (theme === 'auto') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
  localStorage.setItem(key, theme)
  for (const listener of listeners) listener()
}

export function nextTheme(theme) {
  return themes[(themes.indexOf(theme) + 1) % themes.length]
}

const listeners = new Set()
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  for (const listener of listeners) listener()
})

/** Calls back when the colours change. */
export function onTheme(listener) {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

const probe = document.createElement('i')
probe.hidden = true

/** A colour of the style sheet as it is now, for what is drawn on a canvas. */
export function colour(name) {
  // The variable itself still says light-dark(...), which a canvas does not know.
  probe.style.color = `var(--${name})`
  if (!probe.isConnected) document.body.append(probe)
  return getComputedStyle(probe).color
}

const places = new Map()
const series = 12

/** The name of a component's colour; it keeps it as long as the page is open. */
export function colourOf(name) {
  if (!places.has(name)) places.set(name, (places.size % series) + 1)
  return `series-${places.get(name)}`
}
