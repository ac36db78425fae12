import { constructing } from './constructing.ts'

/**
 * Bytes from which on a buffer is counted: one that two threads use to signal to each other is not worth an entry. What thousands of them hold is
 * native memory that nobody reported.
 */
const worthAnEntry = 4_096

/** A buffer that lives, as far as is known. */
interface Entry {
  bytes: number
}

/**
 * Tells how much the SharedArrayBuffers hold that this thread has made, whenever that changes: V8 counts them in no isolate. They are counted by the
 * thread that made them, until it has let go of them; one that was only received is another's.
 *
 * @param report gets the bytes of all together.
 */
export function watchSharedBuffers(report: (bytes: number) => void): void {
  let sum = 0
  const known = new WeakMap<SharedArrayBuffer, Entry>()
  const change = (by: number): void => {
    sum += by
    report(sum)
  }
  const gone = new FinalizationRegistry<Entry>(({ bytes }) => change(-bytes))
  const note = (buffer: SharedArrayBuffer): void => {
    const { byteLength } = buffer
    const entry = known.get(buffer)
    if (entry) {
      change(byteLength - entry.bytes)
      entry.bytes = byteLength
    } else if (byteLength >= worthAnEntry || buffer.growable) {
      const made = { bytes: byteLength }
      known.set(buffer, made)
      gone.register(buffer, made)
      change(byteLength)
    }
  }
  const original = SharedArrayBuffer
  const { prototype } = original
  // With --frozen-intrinsics nobody can watch it.
  if (Object.isFrozen(prototype)) return
  const watched = constructing(original, note)
  // A slice is made by the constructor that its buffer names.
  Reflect.defineProperty(prototype, 'constructor', { value: watched, writable: true, configurable: true })
  globalThis.SharedArrayBuffer = watched
  const grow = Reflect.get(prototype, 'grow')
  prototype.grow = function (this: SharedArrayBuffer, size?: number): void {
    Reflect.apply(grow, this, [size])
    // One of another thread that has grown here is still that one's.
    if (known.has(this)) note(this)
  }
}
