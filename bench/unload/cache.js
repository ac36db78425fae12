// A cache of many small objects, as services have them: plain JavaScript, for a component and for the main thread.

/** @param {number} megabytes */
const make = (megabytes) =>
  Array.from({ length: (megabytes * 1e6) / 120 }, (_, id) => ({ id, price: id * 1.1, tags: [id, id + 1] }))

let cache

/** @param {number} megabytes */
export function fill(megabytes) {
  cache = make(megabytes)
  return cache.length
}

export function drop() {
  cache = undefined
}

export default { fill }
