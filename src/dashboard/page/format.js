/** Figures as people read them. All functions take null for "not known" and give an en dash. */

/** @typedef {number | null | undefined} Figure */

const none = '–'
const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** @param {Figure} value */
export function bytes(value) {
  if (value === null || value === undefined) return none
  const sign = value < 0 ? '−' : ''
  let size = Math.abs(value)
  let unit = 0
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1024
    unit++
  }
  const digits = unit === 0 || size >= 100 ? 0 : 1
  return `${sign}${size.toFixed(digits)} ${units[unit]}`
}

/**
 * ms, as short as can be told apart: 0.4 ms, 12 ms, 3.4 s.
 *
 * @param {Figure} ms
 * @returns {string}
 */
export function duration(ms) {
  if (ms === null || ms === undefined) return none
  if (ms < 1) return ms === 0 ? '0 ms' : `${ms.toPrecision(1)} ms`
  if (ms < 10) return `${ms.toFixed(1)} ms`
  if (ms < 1_000) return `${Math.round(ms)} ms`
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : age(ms)
}

/**
 * The same where there is little room.
 *
 * @param {Figure} ms
 */
export function shortDuration(ms) {
  return ms && ms >= 60_000 ? shortAge(ms) : duration(ms)
}

/**
 * ms, in the two largest units: 8 s, 3 m 20 s, 2 h 5 m.
 *
 * @param {Figure} ms
 */
export function age(ms) {
  if (ms === null || ms === undefined) return none
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} m ${seconds % 60} s`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} m` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/**
 * ms, in the largest unit: 8 s, 3 m, 2 h.
 *
 * @param {Figure} ms
 */
export function shortAge(ms) {
  return age(ms).split(' ', 2).join(' ')
}

/**
 * Whole percent, cut off like those in the server's sentences: what has not reached a threshold does not read as if it had.
 *
 * @param {Figure} share
 */
export function percent(share) {
  // 0.29 * 100 is a little less than 29.
  return share === null || share === undefined ? none : `${Math.floor(share * 100 + 1e-9)}%`
}

/**
 * A share of failures: one that is not nothing never looks like nothing, nor one that is not all like all.
 *
 * @param {number | null} share
 */
export function failedShare(share) {
  if (!share) return share === null ? none : '0%'
  return share < 0.01 ? '<1%' : share < 1 && share > 0.99 ? '>99%' : percent(share)
}

/** @param {Figure} value */
export function count(value) {
  return value === null || value === undefined ? none : value.toLocaleString('en-US')
}

/** @param {Figure} value */
export function rate(value) {
  if (value === null || value === undefined) return none
  return value >= 10 || value === 0 ? Math.round(value).toLocaleString('en-US') : value.toFixed(1)
}

/**
 * The time of the day here.
 *
 * @param {number} time epoch ms
 */
export function clock(time, withSeconds = true) {
  return new Date(time).toLocaleTimeString(undefined, {
    hourCycle: 'h23',
    hour: '2-digit',
    minute: '2-digit',
    ...(withSeconds && { second: '2-digit' }),
  })
}
