// A component that holds what it is told to: plain JavaScript, so that no types are stripped in its load.
const held = []

/** As many small objects as take about that many bytes. @param {number} bytes */
export function hold(bytes) {
  held.push(Array.from({ length: bytes / 72 }, (_, i) => ({ id: i, price: i + 0.5, next: null })))
  return held.length
}

/**
 * Fills buffers of a MiB as fast as it can, without a turn for anybody. The time at which there were more than `mark` bytes, epoch ms.
 * @param {number} bytes @param {number} mark
 */
export function burst(bytes, mark) {
  const mib = 1024 ** 2
  let crossed = 0
  for (let made = 0; made < bytes; made += mib) {
    if (made >= mark && crossed === 0) crossed = performance.timeOrigin + performance.now()
    held.push(Buffer.alloc(mib, 1))
  }
  return crossed
}

export default { hold, burst }
