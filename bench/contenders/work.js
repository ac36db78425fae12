// What all contenders have called: plain JavaScript, so that nobody's cold start has types stripped in it.
const cache = new Map()

/** @param {unknown} value */
export const echo = (value) => value

/** @param {Float64Array} array */
export const lengthOf = (array) => array.length

/** Fills a cache of small strings, as a service has one. @param {number} megabytes */
export function hold(megabytes) {
  // 450 bytes each, keys and the map itself included.
  const entries = (megabytes * 1e6) / 450
  for (let id = 0; id < entries; id++) cache.set(`key-${id}`, `${id} `.padEnd(64, String(id)).repeat(4))
  return cache.size
}

export const pid = () => process.pid

export default { echo, lengthOf, hold, pid }
