// Market data as a service has it: what the contenders of the data suite have sent from somewhere else. Plain JavaScript, like work.js.
const minute = 60_000
let columns
let objects

/** Six columns of `count` values; the same ones again when they are asked for again. @param {number} count */
export function columnsOf(count) {
  if (columns?.time.length !== count) {
    const column = (valueAt) => Float64Array.from({ length: count }, (_, index) => valueAt(index))
    const close = column((index) => 100 + 10 * Math.sin(index / 50))
    columns = {
      time: column((index) => index * minute),
      open: column((index) => close[index] - 0.1),
      high: column((index) => close[index] + 0.5),
      low: column((index) => close[index] - 0.5),
      close,
      volume: column((index) => 1_000 + (index % 17)),
    }
  }
  return columns
}

/** The same as objects. @param {number} count */
export function objectsOf(count) {
  if (objects?.length !== count) objects = Array.from({ length: count }, (_, index) => candleAt(index))
  return objects
}

/** Columns to give away, and their buffers. @param {number} count */
export function ownColumns(count) {
  const own = Object.fromEntries(Object.entries(columnsOf(count)).map(([name, column]) => [name, column.slice()]))
  return { columns: own, buffers: Object.values(own).map(({ buffer }) => buffer) }
}

/** `count` candles made while they are read, `size` at a time. @param {number} count @param {number} size */
export function* batches(count, size) {
  for (let from = 0; from < count; from += size) {
    yield Array.from({ length: Math.min(size, count - from) }, (_, index) => candleAt(from + index))
  }
}

/** The same, one by one. @param {number} count */
export function* rows(count) {
  for (let index = 0; index < count; index++) yield candleAt(index)
}

/** @param {number} count @param {number} size 0: one by one */
export const source = (count, size) => (size === 0 ? rows(count) : batches(count, size))

function candleAt(index) {
  const close = 100 + 10 * Math.sin(index / 50)
  return {
    time: index * minute,
    open: close - 0.1,
    high: close + 0.5,
    low: close - 0.5,
    close,
    volume: 1_000 + (index % 17),
  }
}
