// Works a little, or grows past a limit: plain JavaScript, so that no types are stripped in its load.
import { getHeapStatistics } from 'node:v8'

const held = []

/** Some 20 µs of work. */
export function work() {
  let sum = 0
  for (let i = 0; i < 20_000; i++) sum += i % 7
  return sum
}

const steps = {
  objects: () => Array.from({ length: 7_000 }, (_, i) => ({ id: i, price: i + 0.5, next: null })),
  arrays: () => Array.from({ length: 65_536 }, (_, i) => i + 0.5),
  buffers: () => Buffer.alloc(512 * 1024, 1),
}

/**
 * Grows by half a MiB every 5 ms, until it is ended, and tells how large it is: `shared` gets its bytes, the time at which they were more than `limit` (epoch
 * ms), and the bytes it began with.
 * @param {keyof typeof steps} kind @param {number} limit @param {Float64Array} shared
 */
export async function grow(kind, limit, shared) {
  shared[2] = sizeNow()
  for (;;) {
    held.push(steps[kind]())
    const size = sizeNow()
    shared[0] = size
    if (size > limit && shared[1] === 0) shared[1] = performance.timeOrigin + performance.now()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** What counts against the limit, of this isolate. */
function sizeNow() {
  const { total_physical_size, malloced_memory, external_memory } = getHeapStatistics()
  return total_physical_size + malloced_memory + external_memory
}

export default { work, grow }
