// What all libraries have called: plain JavaScript, as some load nothing else.

/** Never over by itself. */
const forever = () => new Promise(() => setInterval(() => {}, 1_000))

class OrderError extends Error {
  name = 'OrderError'
  code = 'E_TOO_LARGE'
  limit = 5
}

export const pid = () => process.pid

export const wait = forever

export const exitZero = () => process.exit(0)

export const exitOne = () => process.exit(1)

export function throwLater() {
  setTimeout(() => {
    throw new Error('in a timer')
  }, 10)
  return forever()
}

export function rejectUnhandled() {
  setTimeout(() => void Promise.reject(new Error('handled by nobody')), 10)
  return forever()
}

export function fillObjects() {
  const all = []
  for (let i = 0; ; i++) all.push({ id: i, symbol: 'BTC-USD', price: i / 3, tags: ['spot', i] })
}

export function fillMap() {
  const all = new Map()
  for (let i = 0; ; i++) all.set(i, i + 0.5)
}

export function loop() {
  for (;;);
}

export function throwOrderError() {
  throw new OrderError('too large', { cause: new TypeError('what was wrong') })
}

const growth = {
  buffers: () => Buffer.alloc(8 * 1024 ** 2, 1),
  wasm: () => new Uint8Array(new WebAssembly.Memory({ initial: 128 }).buffer).fill(1),
  shared: () => new Uint8Array(new SharedArrayBuffer(8 * 1024 ** 2)).fill(1),
}

/** Grows to 256 MiB, 8 at a time, and holds them for 3 s: long enough to be noticed. @param {keyof growth} kind */
export async function grow(kind) {
  const held = []
  for (let i = 0; i < 32; i++) {
    held.push(growth[kind]())
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  return held.length
}

let held = []

/** Keeps small objects. @param {number} megabytes */
export function hold(megabytes) {
  held = Array.from({ length: (megabytes * 1e6) / 120 }, (_, id) => ({ id, price: id * 1.1, tags: [id, id + 1] }))
  return held.length
}

export default {
  pid,
  wait,
  exitZero,
  exitOne,
  throwLater,
  rejectUnhandled,
  fillObjects,
  fillMap,
  loop,
  throwOrderError,
  grow,
  hold,
}
