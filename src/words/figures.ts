/** Figures as sentences have them. */

/** Whole percent, cut off: what has not reached a threshold does not read as if it had. */
export const share = (part: number, whole: number): string =>
  whole > 0 ? `${Math.floor((part / whole) * 100 + 1e-9)}%` : 'all'

/** A threshold, as it was set. */
export const threshold = (value: number): string => `${Number((value * 100).toFixed(1))}%`

/** The time of the day where the program runs. @param time epoch ms. */
export const timeOfDay = (time: number): string => new Date(time).toTimeString().slice(0, 8)

/** ms, in the unit that fits. */
export function time(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  const seconds = ms / 1_000
  if (seconds < 120) return `${seconds < 10 ? Number(seconds.toFixed(1)) : Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`
}

/** Bytes. */
export function size(bytes: number): string {
  const mib = bytes / 1024 ** 2
  return Math.abs(mib) < 1_000 ? `${mib.toFixed(1)} MiB` : `${(mib / 1024).toFixed(1)} GiB`
}

/** Names of components, the first few of them. */
export function names(all: readonly string[], most = 3): string {
  const shown = all.slice(0, most).map((name) => `"${name}"`)
  const rest = all.length - shown.length
  if (rest > 0) return `${shown.join(', ')} and ${rest} more`
  return shown.length > 1 ? `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}` : (shown[0] ?? '')
}
